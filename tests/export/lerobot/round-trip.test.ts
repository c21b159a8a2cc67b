import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import type { DatasetDescription } from '../../../src/export/lerobot/features.ts'
import { type DatasetOptions, openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import type { EpisodeInput } from '../../../src/export/lerobot/prepare.ts'
import { runs } from '../../faults/tier.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { meaningOf, randomDescription, randomEpisode } from './datasets.ts'
import { fakeVideo } from './fake-video.ts'

const inMemory = (body: (dir: string) => Promise<void>) => withRunDirectory(body, memory)

const options: DatasetOptions = { video: fakeVideo }

/** The rows that an episode was handed in with, as they come out of the table. */
function expectedRows({ columns, rows }: EpisodeInput, { features }: DatasetDescription) {
  return Array.from({ length: rows }, (_, row) => {
    const values = Object.entries(columns).map(([name, given]) => {
      const feature = features[name]!
      const flat = Array.from(given as ArrayLike<unknown>)
      if (feature.dtype === 'image') {
        const path = `frame-${String(row).padStart(6, '0')}.png`
        return [name, { bytes: flat[row], path }]
      }
      const width = flat.length / rows
      return [name, width === 1 ? flat[row] : flat.slice(row * width, (row + 1) * width)]
    })
    return Object.fromEntries(values) as Record<string, unknown>
  })
}

const withoutBookkeeping = (row: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const names = new Set(['timestamp', 'frame_index', 'episode_index', 'index', 'task_index'])
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.has(name)))
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 })

test('any features and episodes are read back as they were, also when written in pieces', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async seed => {
      await inMemory(async dir => {
        const random = seededRandom(seed)
        const description = randomDescription(random)
        const episodes = Array.from({ length: 1 + random.below(8) }, (_, at) =>
          randomEpisode(random, description, dir, `run/${at}`),
        )
        const whole = join(dir, 'whole')
        const writer = await openDataset(whole, description, options)
        for (const { outcome } of await writer.addEpisodes(episodes)) expect(outcome).toBe('added')
        await writer.compact()
        writer.close()
        await writeInPieces(join(dir, 'pieces'), description, episodes, random.below)
        const meaning = await meaningOf(whole)
        expect(await meaningOf(join(dir, 'pieces'))).toEqual(meaning)
        const expected = episodes.flatMap(episode => expectedRows(episode, description))
        expect(meaning.rows.map(withoutBookkeeping)).toEqual(expected)
        const sources = episodes.map(({ source, rows }) =>
          Array.from({ length: rows }, (_, at) => `key ${source}/${at}`),
        )
        for (const pictures of Object.values(meaning.pictures)) expect(pictures).toEqual(sources)
        const tasks = meaning.tasks.map(row => (row as { task: string }).task)
        const given = episodes.flatMap(({ task, rows }) =>
          typeof task === 'string' ? Array<string>(rows).fill(task) : task,
        )
        expect(meaning.rows.map(row => tasks[Number(row['task_index'])])).toEqual(given)
        for (const root of [whole, join(dir, 'pieces')]) {
          expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
        }
      })()
    }),
    { numRuns: runs(25, 500) },
  )
})

test('a negative zero stays one, among values and as the bound of an episode', () =>
  inMemory(async dir => {
    const writer = await openDataset(dir, { fps: 10, features: { action: { dtype: 'float32' } } })
    const zeros = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 0 : -0))
    const episodes = zeros.map((zero, at): EpisodeInput => {
      return { source: `run/${at}`, rows: 2, task: 'none', columns: { action: [zero, 1] } }
    })
    await writer.addEpisodes(episodes)
    await writer.compact()
    writer.close()
    const { rows, episodes: found } = await meaningOf(dir)
    expect(rows.map(row => row['action'])).toEqual(zeros.flatMap(zero => [zero, 1]))
    expect(found.map(row => row['stats/action/min'])).toEqual(zeros.map(zero => [zero]))
  })())

/** One or a few at a time, with openings in between, and small files. */
async function writeInPieces(
  root: string,
  description: DatasetDescription,
  episodes: readonly EpisodeInput[],
  below: (bound: number) => number,
): Promise<void> {
  const small: DatasetOptions = { ...options, limits: { fileEpisodes: 3 } }
  let writer = await openDataset(root, description, small)
  for (let at = 0; at < episodes.length; ) {
    const count = 1 + below(2)
    // What is there already is offered again, as an export that begins anew does.
    const joining = below(2) === 0 ? 'later' : 'worthwhile'
    await writer.addEpisodes(episodes.slice(below(at + 1), at + count), joining)
    at += count
    if (below(3) === 0) await writer.tidy()
    if (below(3) === 0) await writer.compact()
    if (below(3) === 0) writer.close()
    if (below(2) === 0) {
      writer.close()
      writer = await openDataset(root, description, small)
    } else if (writer.episodes > 0) writer = await reopenIfEnded(writer, root, description, small)
  }
}

async function reopenIfEnded(
  writer: Awaited<ReturnType<typeof openDataset>>,
  ...opening: Parameters<typeof openDataset>
): Promise<typeof writer> {
  try {
    await writer.addEpisodes([])
    return writer
  } catch {
    return openDataset(...opening)
  }
}

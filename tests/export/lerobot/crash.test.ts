// V8: the writer dies before each of its steps on the disk, one after the other, and what had not
// been flushed is lost. Every episode that had been added is there after the next opening, nothing of
// another is, and going on gives the dataset that was never interrupted.
import { existsSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import type { BeforeStep } from '../../../src/export/lerobot/commit.ts'
import { openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { example, exampleEpisode, filesBelow, type Meaning, meaningOf } from './datasets.ts'
import { fakeVideo } from './fake-video.ts'

/** Five together, one, and three, which are left apart: the second file is joined later, and goes. */
const batches = [[3, 4, 5, 3, 3], [2], [4, 4, 4]]
const lengths = batches.flat()

class Crash extends Error {}

/** Dies before step number `at`. */
function dieBefore(root: string, at: number): { beforeStep: BeforeStep; steps: string[] } {
  const steps: string[] = []
  const beforeStep = (step: string): void => {
    if (steps.length === at) {
      losePending(root, steps)
      throw new Crash(step)
    }
    steps.push(step)
  }
  return { beforeStep, steps }
}

/** Power loss: files aside that were not flushed are empty. Those of a change that counts were. */
function losePending(root: string, steps: readonly string[]): void {
  const aside = join(root, '.rollcast/aside')
  if (!existsSync(aside) || existsSync(join(root, '.rollcast/commit.json'))) return
  const commit = steps.slice(steps.lastIndexOf('remove the list') + 1)
  if (commit.includes('flush what is new')) return
  for (const name of readdirSync(aside)) truncateSync(join(aside, name))
}

/** What adds all batches, and the sources that have been added by it. */
function work(root: string, dir: string, beforeStep: BeforeStep = () => {}) {
  const episodes = lengths.map((rows, number) => exampleEpisode(dir, number, rows))
  const added: string[] = []
  const run = async (): Promise<void> => {
    const writer = await openDataset(root, example, { video: fakeVideo, beforeStep })
    for (const [at, { length }] of batches.entries()) {
      const before = batches.slice(0, at).flat().length
      const batch = episodes.slice(before, before + length)
      await writer.addEpisodes(batch, at === 2 ? 'later' : 'worthwhile')
      added.push(...batch.map(({ source }) => source))
    }
    await writer.tidy()
    writer.close()
  }
  return { run, added }
}

const inMemory = (body: (dir: string) => Promise<void>) => withRunDirectory(body, memory)

/** The dataset that nothing interrupts, and the number of its steps. */
async function undisturbed(dir: string): Promise<{ meaning: Meaning; steps: string[] }> {
  const root = join(dir, 'whole')
  const { beforeStep, steps } = dieBefore(root, Number.POSITIVE_INFINITY)
  const { run } = work(root, dir, beforeStep)
  await run()
  return { meaning: await meaningOf(root), steps }
}

async function expectOnly(root: string, sources: readonly string[]): Promise<void> {
  const writer = await openDataset(root, example, { video: fakeVideo })
  // The batch that was on its way may be there, as a whole, or not.
  const known = lengths.map((_, number) => writer.episodeOf(`run/${number}`) !== undefined)
  for (const [number] of lengths.entries()) {
    if (sources.includes(`run/${number}`)) expect(known[number]).toBe(true)
  }
  expect(known[0]).toBe(known[4])
  expect(known[6]).toBe(known[8])
  const count = known.filter(Boolean).length
  expect(known.slice(0, count).every(Boolean)).toBe(true)
  expect(writer.episodes).toBe(count)
  const { findings } = await checkDataset(root, fakeVideo)
  expect(findings).toEqual([])
  const own = filesBelow(root, '.rollcast')
  expect(own).toEqual(['.rollcast/sources.jsonl'])
}

describe('V8: a crash before any step', () => {
  test(
    'leaves every saved episode and no trace of another',
    inMemory(async dir => {
      const { meaning, steps } = await undisturbed(dir)
      // Enough of each kind that the enumeration means something.
      for (const kind of ['make ', 'flush ', 'move ', 'remove data', 'remove videos', 'put the']) {
        expect(steps.some(step => step.startsWith(kind))).toBe(true)
      }
      for (const [at, step] of steps.entries()) {
        const root = join(dir, `crash-${at}`)
        const { run, added } = work(root, dir, dieBefore(root, at).beforeStep)
        await expect(run(), step).rejects.toThrow()
        await expectOnly(root, added)
        await work(root, dir).run()
        expect(await meaningOf(root), step).toEqual(meaning)
      }
    }),
    120_000,
  )

  test(
    'of the opening that cleans up after a crash is no worse',
    inMemory(async dir => {
      const { meaning, steps } = await undisturbed(dir)
      const last = steps.lastIndexOf('put the list in place')
      const middle = [last, last + 1, last + 2, steps.length - 2, steps.length - 1]
      for (const at of middle) {
        for (let again = 0; ; again++) {
          const root = join(dir, `twice-${at}-${again}`)
          const first = work(root, dir, dieBefore(root, at).beforeStep)
          await expect(first.run()).rejects.toThrow()
          const second = dieBefore(root, again)
          const opened = await openDataset(root, example, {
            ...{ video: fakeVideo, beforeStep: second.beforeStep },
          }).then(
            () => true,
            error => {
              expect(error).toBeInstanceOf(Crash)
              return false
            },
          )
          await expectOnly(root, first.added)
          await work(root, dir).run()
          expect(await meaningOf(root)).toEqual(meaning)
          if (opened) break
        }
      }
    }),
    120_000,
  )
})

test(
  'control: moves that no list finishes are noticed',
  inMemory(async dir => {
    const { steps } = await undisturbed(dir)
    const root = join(dir, 'torn')
    // Files have been joined, and the table still says that they stand apart.
    const at = steps.findLastIndex(step => step.startsWith('move meta/episodes/'))
    const { run, added } = work(root, dir, dieBefore(root, at).beforeStep)
    await expect(run()).rejects.toThrow()
    rmSync(join(root, '.rollcast/commit.json'))
    await expect(expectOnly(root, added)).rejects.toThrow()
  }),
)

test(
  'a change that is half done is a finding until the dataset is opened (16, 13)',
  inMemory(async dir => {
    const { steps } = await undisturbed(dir)
    const root = join(dir, 'half')
    const at = steps.indexOf('move meta/stats.json')
    await expect(work(root, dir, dieBefore(root, at).beforeStep).run()).rejects.toThrow()
    const { findings } = await checkDataset(root, fakeVideo)
    expect(findings.map(({ check }) => check)).toContain('13')
    await openDataset(root, example, { video: fakeVideo })
    expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
  }),
)

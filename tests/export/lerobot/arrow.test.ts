// The same tables read by Arrow and pandas, which LeRobot reads them with: an implementation of
// parquet that is not ours. Needs a Python that has pyarrow and pandas, ROLLCAST_PYTHON or `python3`;
// Debian has no pyarrow, so that this is skipped, and says so, where nobody installed it.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { meaningOf, randomDescription, randomEpisode } from './datasets.ts'
import { fakeVideo } from './fake-video.ts'

const python = process.env['ROLLCAST_PYTHON'] ?? 'python3'

function hasArrow(): boolean {
  try {
    execFileSync(python, ['-c', 'import pyarrow, pandas'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const arrow = hasArrow()
if (!arrow) {
  console.warn(`SKIPPED: ${python} has no pyarrow and pandas, so no second reader checks datasets`)
}

interface Found {
  readonly rows: readonly unknown[]
  readonly groups: readonly [number, number][]
  readonly first: number
  readonly episodes: readonly Readonly<Record<string, unknown>>[]
  readonly tasks: readonly string[]
}

/** As `plain` in arrow.py. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'number') return plainNumber(value)
  if (Array.isArray(value)) return value.map(plain)
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

function plainNumber(value: number): unknown {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0' : value
}

/** Integers of 32 bits and fewer are numbers here and texts there. */
const likeNumbers = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'number' ? String(each) : each)))

test.skipIf(!arrow)('Arrow reads the rows, episodes and tasks that we read (16.1)', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await withRunDirectory(async dir => {
      const random = seededRandom(seed)
      const description = randomDescription(random)
      const root = join(dir, 'dataset')
      const limits = { fileEpisodes: 3 }
      const writer = await openDataset(root, description, { video: fakeVideo, limits })
      for (let at = 0; at < 7; at++) {
        const episode = randomEpisode(random, description, dir, `run/${at}`)
        expect(await writer.addEpisode(episode)).toEqual({ outcome: 'added', episode: at })
      }
      await writer.compact()
      writer.close()
      const script = fileURLToPath(new URL('arrow.py', import.meta.url))
      const found = JSON.parse(execFileSync(python, [script, root], { encoding: 'utf8' })) as Found
      const meaning = await meaningOf(root)
      expect(likeNumbers(found.rows)).toEqual(likeNumbers(plain(meaning.rows)))
      expect(likeNumbers(found.episodes)).toMatchObject(
        likeNumbers(plain(meaning.episodes)) as object[],
      )
      expect(found.tasks).toEqual(meaning.tasks.map(row => (row as { task: string }).task))
      expect(found.groups).toEqual(Array.from({ length: 7 }, (_, at) => [at, at]))
      const length = meaning.episodes[0]?.['length']
      expect(String(found.first)).toBe(String(length))
    }, memory)()
  }
})

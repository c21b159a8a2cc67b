// How large the files of a dataset become.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import type { DatasetDescription } from '../../../src/export/lerobot/features.ts'
import { type DatasetOptions, openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { exampleEpisode, filesBelow, TOP } from './datasets.ts'
import { fakeVideo, picturesOf, writeFakeVideo } from './fake-video.ts'

const inMemory = (body: (dir: string) => Promise<void>) => withRunDirectory(body, memory)

const options: DatasetOptions = { video: fakeVideo }

test(
  'a video file stays shorter than 1000 s, whatever its size',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const description: DatasetDescription = {
      fps: 1,
      features: { [TOP]: { dtype: 'video', shape: [6, 8, 3] } },
    }
    const writer = await openDataset(root, description, options)
    for (const [number, rows] of [600, 399, 2].entries()) {
      const { videos: _, columns: __, ...episode } = exampleEpisode(dir, number, rows)
      const pictures = Array.from({ length: rows }, () => 'key')
      const path = join(dir, `long-${number}`)
      writeFakeVideo(path, { fps: 1 }, pictures)
      await writer.addEpisode({ ...episode, columns: {}, videos: { [TOP]: [path] } })
    }
    await writer.compact()
    writer.close()
    const lengths = filesBelow(root, 'videos').map(path => picturesOf(join(root, path)).length)
    expect(lengths).toEqual([999, 2])
    expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
  }),
)

test(
  'rows and videos go into the next file before one is too large',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const description: DatasetDescription = {
      fps: 10,
      features: {
        'observation.state': { dtype: 'float64', shape: [1000] },
        [TOP]: { dtype: 'video', shape: [6, 8, 3] },
      },
    }
    const limits = { dataMebibytes: 1, videoMebibytes: 1 }
    const writer = await openDataset(root, description, { ...options, limits })
    const random = seededRandom(1)
    for (let number = 0; number < 8; number++) {
      const rows = 40
      const path = join(dir, `large-${number}`)
      const pictures = Array.from({ length: rows }, () => `key ${'x'.repeat(9000)}`)
      writeFakeVideo(path, { fps: 10 }, pictures)
      const state = Float64Array.from({ length: rows * 1000 }, () => random.next())
      await writer.addEpisode({
        ...exampleEpisode(dir, number, rows),
        ...{ columns: { 'observation.state': state }, videos: { [TOP]: [path] } },
      })
    }
    await writer.compact()
    writer.close()
    for (const top of ['data', 'videos']) {
      const sizes = filesBelow(root, top).map(path => statSync(join(root, path)).size)
      expect(sizes.length).toBeGreaterThanOrEqual(3)
      for (const size of sizes) expect(size).toBeLessThan(2 ** 20)
    }
    expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
  }),
)

// Taking up a dataset: what is there is looked at, what is missing is told, what was half done goes.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import { type DatasetOptions, openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { example, exampleEpisode, makeExample, meaningOf, TOP } from './datasets.ts'
import { fakeVideo } from './fake-video.ts'

const inMemory = (body: (dir: string) => Promise<void>) => withRunDirectory(body, memory)

const options: DatasetOptions = { video: fakeVideo }

describe('what is there is looked at before anything is added', () => {
  const open = (root: string, description = example) => openDataset(root, description, options)

  test(
    'a directory with something else in it',
    inMemory(async dir => {
      writeFileSync(join(dir, 'thesis.tex'), '')
      await expect(open(dir)).rejects.toThrow(/expected an empty directory.*found thesis.tex/)
    }),
  )

  test(
    'a dataset that others made',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [3])
      rmSync(join(root, '.rollcast'), { recursive: true })
      await expect(open(root)).rejects.toThrow(/expected a dataset that Rollcast began/)
    }),
  )

  test(
    'another description',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [3])
      await expect(open(root, { ...example, fps: 20 })).rejects.toThrow(
        /fps.*expected 20, found 10/,
      )
      const { action: _, ...features } = example.features
      await expect(open(root, { ...example, features })).rejects.toThrow(/action of the dataset/)
    }),
  )

  test.each([
    ['meta/tasks.parquet', /tasks.parquet/],
    ['meta/episodes/chunk-000/file-000.parquet', /expected 2 episodes, found 0 episodes/],
    ['data/chunk-000/file-000.parquet', /file-000.parquet: expected a file, found none/],
    ['meta/stats.json', /stats.json: expected a file, found none/],
    [`videos/${TOP}/chunk-000/file-000.mp4`, /file-000.mp4: expected a file, found none/],
  ])('a gap: no %s', (path, message) =>
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [3, 4])
      rmSync(join(root, path))
      await expect(open(root)).rejects.toThrow(message)
    })(),
  )

  test.each([
    ['{', /stats.json, text: expected JSON/],
    ['{}', /stats.json, observation.state, min: expected 2 finite numbers, found undefined/],
    ['{"observation.state": {"min": [0, null]}}', /expected 2 finite numbers, found \[0,null\]/],
  ])('statistics that are none: %s', (text, message) =>
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [3])
      writeFileSync(join(root, 'meta/stats.json'), text)
      await expect(open(root)).rejects.toThrow(message)
    })(),
  )

  test(
    'what info.json does not count goes',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [3, 4])
      const meaning = await meaningOf(root)
      const strays = [
        ...['data/chunk-000/file-007.parquet', 'meta/episodes/chunk-001/file-000.parquet'],
        ...[`videos/${TOP}/chunk-000/file-001.mp4`, '.rollcast/aside/3'],
      ]
      for (const path of strays) {
        mkdirSync(join(root, path, '..'), { recursive: true })
        writeFileSync(join(root, path), 'half')
      }
      const sources = readFileSync(join(root, '.rollcast/sources.jsonl'), 'utf8')
      writeFileSync(join(root, '.rollcast/sources.jsonl'), `${sources}"run/9"\n"run/1`)
      const writer = await open(root)
      for (const path of strays) expect(existsSync(join(root, path))).toBe(false)
      expect(writer.episodeOf('run/9')).toBeUndefined()
      expect(await meaningOf(root)).toEqual(meaning)
    }),
  )
})

test(
  'a dataset that was taken up between any two commits means what it means written in one go',
  inMemory(async dir => {
    const input = (number: number) => exampleEpisode(dir, number, 2 + (number % 3))
    const batches = [1, 60, 55, 4].map((length, at, all) => {
      const first = all.slice(0, at).reduce((sum, before) => sum + before, 0)
      return Array.from({ length }, (_, index) => input(first + index))
    })
    const whole = await openDataset(join(dir, 'whole'), example, options)
    for (const batch of batches) await whole.addEpisodes(batch)
    whole.close()
    for (const batch of batches) {
      const writer = await openDataset(join(dir, 'parts'), example, options)
      await writer.addEpisodes(batch)
      writer.close()
    }
    expect(await meaningOf(join(dir, 'parts'))).toEqual(await meaningOf(join(dir, 'whole')))
    expect((await checkDataset(join(dir, 'parts'), fakeVideo)).findings).toEqual([])
  }),
)

test(
  'other work has its turn while many rows are read and written',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const rows = Array.from({ length: 200 }, (_, number) => exampleEpisode(dir, number, 2))
    const turnsDuring = async <T>(work: Promise<T>): Promise<number> => {
      let [turns, isOver] = [0, false]
      const over = work.finally(() => {
        isOver = true
      })
      while (!isOver) {
        await systemClock.turn()
        turns++
      }
      await over
      return turns
    }
    const writer = await openDataset(root, example, options)
    expect(await turnsDuring(writer.addEpisodes(rows))).toBeGreaterThan(2 * 200)
    writer.close()
    // Four row groups of the episode table.
    expect(await turnsDuring(openDataset(root, example, options))).toBeGreaterThanOrEqual(4)
  }),
)

import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import { type DatasetOptions, openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { readFooter } from '../../../src/export/lerobot/parquet-read.ts'
import type { EpisodeInput } from '../../../src/export/lerobot/prepare.ts'
import type { VideoTool } from '../../../src/export/lerobot/video.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { example, exampleEpisode, filesBelow, makeExample, meaningOf, TOP } from './datasets.ts'
import { fakeVideo, picturesOf, writeFakeVideo } from './fake-video.ts'

const inMemory = (body: (dir: string) => Promise<void>) => withRunDirectory(body, memory)

const options: DatasetOptions = { video: fakeVideo }

describe('the worked example of the format (its section 14)', () => {
  const float = Math.fround

  test(
    'rows, episodes, statistics and counts',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [5, 3])
      const { info, rows, episodes, pictures, tasks, statistics } = await meaningOf(root)
      expect(info).toMatchObject({
        ...{
          codebase_version: 'v3.0',
          fps: 10,
          total_episodes: 2,
          total_frames: 8,
          total_tasks: 1,
        },
        ...{ chunks_size: 1000, data_files_size_in_mb: 100, video_files_size_in_mb: 200 },
        ...{ robot_type: null, splits: { train: '0:2' } },
      })
      expect(rows).toHaveLength(8)
      expect(rows[7]).toEqual({
        ...{ 'observation.state': [float(0.2), float(0.3)], action: 0.5, 'next.reward': 1 },
        ...{ 'next.done': true, timestamp: float(0.2), frame_index: 2n, episode_index: 1n },
        ...{ index: 7n, task_index: 0n },
      })
      expect(episodes[1]).toMatchObject({
        ...{ episode_index: 1n, tasks: ['stay alive'], length: 3n },
        ...{ dataset_from_index: 5n, dataset_to_index: 8n },
        ...{ 'stats/action/mean': [0.25], 'stats/action/count': [3n] },
      })
      expect(pictures[TOP]?.map(all => all.length)).toEqual([5, 3])
      expect(tasks).toEqual([{ task_index: 0n, task: 'stay alive' }])
      const { action, frame_index: frames } = statistics as Record<string, Record<string, number[]>>
      expect(action?.['mean']).toEqual([0.40625])
      expect(action?.['std']?.[0]).toBeCloseTo(0.3292391713, 6)
      expect(action?.['q50']?.[0]).toBeCloseTo(0.2500499934, 6)
      expect(action?.['count']).toEqual([8])
      expect(frames?.['std']?.[0]).toBeCloseTo(1.3169567191, 6)
    }),
  )

  test(
    'files and tables are those of the format, and the checker finds nothing',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [5, 3])
      expect(filesBelow(root, '').filter(path => !path.startsWith('.rollcast/'))).toEqual([
        ...['data/chunk-000/file-000.parquet', 'meta/episodes/chunk-000/file-000.parquet'],
        ...['meta/info.json', 'meta/stats.json', 'meta/tasks.parquet'],
        `videos/${TOP}/chunk-000/file-000.mp4`,
      ])
      const data = readFooter(join(root, 'data/chunk-000/file-000.parquet'))
      expect(data.row_groups.map(group => Number(group.num_rows))).toEqual([5, 3])
      const codecs = data.row_groups.flatMap(group => group.columns.map(at => at.meta_data?.codec))
      expect(new Set(codecs)).toEqual(new Set(['SNAPPY']))
      expect(data.schema[1]).toMatchObject({
        ...{ name: 'observation.state', repetition_type: 'OPTIONAL', converted_type: 'LIST' },
      })
      expect(data.schema.slice(2, 4).map(({ name }) => name)).toEqual(['list', 'element'])
      const { huggingface } = Object.fromEntries(
        (data.key_value_metadata ?? []).map(({ key, value }) => [key, value]),
      )
      expect(JSON.parse(huggingface ?? '')).toMatchObject({
        info: {
          features: {
            'observation.state': { feature: { dtype: 'float32' }, length: 2, _type: 'List' },
            action: { dtype: 'float32', _type: 'Value' },
          },
        },
      })
      expect(await checkDataset(root, fakeVideo)).toEqual({
        ...{ findings: [], unchecked: [], episodes: 2, frames: 8 },
      })
    }),
  )
})

describe('V7: an episode that cannot be in a dataset is refused, and the others are taken', () => {
  const spoiled: [string, (episode: EpisodeInput, dir: string) => EpisodeInput, RegExp][] = [
    ['of one frame', (_, dir) => exampleEpisode(dir, 7, 1), /at least 2 frames, found 1/],
    [
      'with a frame of video too few',
      (episode, dir) => {
        writeFakeVideo(join(dir, 'short'), { fps: 10 }, ['key', 'key', 'key'])
        return { ...episode, videos: { [TOP]: [join(dir, 'short')] } }
      },
      /expected 4 frames of video, one for each row, found 3/,
    ],
    ['without its video', episode => ({ ...episode, videos: {} }), /expected video files/],
    [
      'with a video that cannot be read',
      (episode, dir) => ({ ...episode, videos: { [TOP]: [join(dir, 'nowhere')] } }),
      /expected a video in .*nowhere/,
    ],
    [
      'with video of another size',
      (episode, dir) => {
        const pictures = ['key', 'key', 'key', 'key']
        writeFakeVideo(join(dir, 'large'), { fps: 10, width: 16 }, pictures)
        return { ...episode, videos: { [TOP]: [join(dir, 'large')] } }
      },
      /size: expected 8x6, found 16x6/,
    ],
    [
      'with video of two codecs',
      (episode, dir) => {
        writeFakeVideo(join(dir, 'one'), { fps: 10, codec: 'h264' }, ['key', 'key'])
        writeFakeVideo(join(dir, 'other'), { fps: 10, codec: 'av1' }, ['key', 'key'])
        return { ...episode, videos: { [TOP]: [join(dir, 'one'), join(dir, 'other')] } }
      },
      /one codec in an episode: expected h264, yuv420p, found av1, yuv420p/,
    ],
    [
      'with video of another rate',
      (episode, dir) => {
        writeFakeVideo(join(dir, 'fast'), { fps: 10.01 }, ['key', 'key', 'key', 'key'])
        return { ...episode, videos: { [TOP]: [join(dir, 'fast')] } }
      },
      /frames a second: expected 10, found 10.01/,
    ],
    ['without statistics', episode => ({ ...episode, pictureStatistics: {} }), /statistics of its/],
    [
      'with a column too few',
      ({ columns: { action: _, ...columns }, ...episode }) => ({ ...episode, columns }),
      /action: expected its column/,
    ],
    [
      'with a column too many',
      episode => ({ ...episode, columns: { ...episode.columns, extra: [1, 2, 3, 4] } }),
      /extra: expected no column/,
    ],
    [
      'with a value too few',
      episode => ({ ...episode, columns: { ...episode.columns, action: [1, 2, 3] } }),
      /action: expected 4 rows, found 3 values/,
    ],
    [
      'with a value of another type',
      episode => ({ ...episode, columns: { ...episode.columns, action: ['a', 'b', 'c', 'd'] } }),
      /action, value 0: expected a number, found a/,
    ],
    [
      'with a video too many',
      episode => ({ ...episode, videos: { ...episode.videos, extra: ['nowhere'] } }),
      /extra: expected no video/,
    ],
    ['without a task', episode => ({ ...episode, task: '' }), /task: expected a text/],
    ['longer than 1000 s', episode => ({ ...episode, rows: 10_000 }), /shorter than 1000 s/],
  ]

  test.each(spoiled)('%s', (_, spoil, reason) =>
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      const writer = await openDataset(root, example, options)
      const [first, second, third] = await writer.addEpisodes([
        exampleEpisode(dir, 0, 3),
        spoil(exampleEpisode(dir, 1, 4), dir),
        exampleEpisode(dir, 2, 5),
      ])
      expect(first).toEqual({ outcome: 'added', episode: 0 })
      expect(second).toEqual({
        outcome: 'refused',
        reason: expect.stringMatching(reason) as string,
      })
      expect(third).toEqual({ outcome: 'added', episode: 1 })
      await writer.compact()
      writer.close()
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    })(),
  )
})

test(
  'the same source again does nothing, in a batch, later, and after a new opening (V8)',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const writer = await openDataset(root, example, options)
    const episode = exampleEpisode(dir, 0, 3)
    const outcomes = await writer.addEpisodes([episode, episode])
    expect(outcomes).toEqual([
      { outcome: 'added', episode: 0 },
      { outcome: 'known', episode: 0 },
    ])
    expect(await writer.addEpisode(episode)).toEqual({ outcome: 'known', episode: 0 })
    const again = await openDataset(root, example, options)
    expect(again.episodeOf('run/0')).toBe(0)
    expect(await again.addEpisode(episode)).toEqual({ outcome: 'known', episode: 0 })
    expect([again.episodes, again.frames]).toEqual([1, 3])
    again.close()
    await expect(again.addEpisode(episode)).rejects.toThrow(/ended by closed/)
  }),
)

test(
  'a writer that another one overtook ends, and overwrites nothing (P5)',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const [slow, quick] = [
      await openDataset(root, example, options),
      await openDataset(root, example, options),
    ]
    await quick.addEpisode(exampleEpisode(dir, 0, 3))
    const late = slow.addEpisode(exampleEpisode(dir, 1, 4))
    await expect(late).rejects.toThrow(/expected 0 episodes, found 1: another writer/)
    const again = await openDataset(root, example, options)
    expect([again.episodes, again.episodeOf('run/1')]).toEqual([1, undefined])
    expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
  }),
)

describe('V8: work on videos that fails leaves the dataset as it was', () => {
  const broken: [string, Partial<VideoTool>, RegExp][] = [
    [
      'by an error',
      {
        concatenate: () => {
          throw new Error('codec fails half-way')
        },
      },
      /^codec fails half-way$/,
    ],
    [
      'by a frame that is lost',
      {
        concatenate: (parts, path) =>
          writeFakeVideo(path, { fps: 10 }, parts.flatMap(picturesOf).slice(1)),
      },
      /expected 8 frames, 10 a second, found 7/,
    ],
  ]

  test.each(broken)('%s', (_, spoiled, message) =>
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      await makeExample(root, dir, [5])
      const before = await meaningOf(root)
      const video = { ...fakeVideo, ...spoiled }
      const writer = await openDataset(root, example, { video })
      const episode = exampleEpisode(dir, 1, 3)
      await expect(writer.addEpisode(episode)).rejects.toThrow(message)
      await expect(writer.addEpisode(episode)).rejects.toThrow(/ended by an error/)
      const again = await openDataset(root, example, options)
      expect(await meaningOf(root)).toEqual(before)
      expect(await again.addEpisode(episode)).toEqual({ outcome: 'added', episode: 1 })
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    })(),
  )
})

describe('X2: a video that nobody changes any more', () => {
  /** An example episode, with what the maker of its video has said of it. */
  function filmed(dir: string, number: number, rows: number): EpisodeInput {
    const path = join(dir, `segment-${number}`)
    const said = { width: 8, height: 6, fps: 10, codec: 'h264', pixelFormat: 'yuv420p' }
    const episode = exampleEpisode(dir, number, rows)
    return { ...episode, videos: { [TOP]: [{ ...said, path, frames: rows }] } }
  }

  const inode = (path: string): number => statSync(path).ino

  test(
    'gets a second name: it is neither read nor copied, and stays when its first name goes',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      const never = (): never => {
        throw new Error('a video was read')
      }
      const video = { concatenate: never, examineVideo: never }
      const writer = await openDataset(root, example, { video })
      const outcome = await writer.addEpisode(filmed(dir, 0, 5))
      expect(outcome).toEqual({ outcome: 'added', episode: 0 })
      writer.close()
      const [path = ''] = filesBelow(root, 'videos')
      expect(inode(join(root, path))).toBe(inode(join(dir, 'segment-0')))
      rmSync(join(dir, 'segment-0'))
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    }),
  )

  test(
    'is copied where it cannot have one',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      const writer = await openDataset(root, example, options)
      const episode = filmed(dir, 0, 5)
      renameSync(join(dir, 'segment-0'), join(dir, 'elsewhere'))
      symlinkSync('elsewhere', join(dir, 'segment-0'))
      expect(await writer.addEpisode(episode)).toEqual({ outcome: 'added', episode: 0 })
      writer.close()
      const [path = ''] = filesBelow(root, 'videos')
      expect(inode(join(root, path))).not.toBe(inode(join(dir, 'elsewhere')))
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    }),
  )

  test(
    'that holds another number of frames than there are rows is refused',
    inMemory(async dir => {
      const writer = await openDataset(join(dir, 'dataset'), example, options)
      const { videos } = filmed(dir, 0, 5)
      const reason = expect.stringContaining('expected 4 frames of video') as string
      const outcome = await writer.addEpisode({ ...exampleEpisode(dir, 1, 4), videos: videos! })
      expect(outcome).toEqual({ outcome: 'refused', reason })
    }),
  )
})

test(
  'files that are left for later are joined when there is time, and no sooner (V8)',
  inMemory(async dir => {
    const root = join(dir, 'dataset')
    const writer = await openDataset(root, example, options)
    for (const number of [0, 1, 2]) {
      await writer.addEpisodes([exampleEpisode(dir, number, 4)], 'later')
    }
    const files = (): string[] => filesBelow(root, '').filter(path => /file-\d/.test(path))
    expect(files()).toHaveLength(9)
    expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    await writer.tidy()
    expect(files()).toHaveLength(3)
    const before = files().map(path => statSync(join(root, path)).ino)
    await writer.tidy()
    writer.close()
    expect(files().map(path => statSync(join(root, path)).ino)).toEqual(before)
    expect(await checkDataset(root, fakeVideo)).toMatchObject({ findings: [], episodes: 3 })
  }),
)

describe('V7: videos of different makes, which cannot be joined', () => {
  /** An example episode whose video files are of these makes. */
  function madeBy(dir: string, number: number, ...makes: string[]): EpisodeInput {
    const files = makes.map((make, part) => {
      const path = join(dir, `made-${number}-${part}`)
      const codec = make === 'c' ? 'av1' : 'h264'
      writeFakeVideo(path, { fps: 10, make, codec }, [`key ${number}`, `key ${number}`])
      return path
    })
    return { ...exampleEpisode(dir, number, 2 * makes.length), videos: { [TOP]: files } }
  }

  test(
    'stand in files of their own, in one commit or in several, and are joined with their like',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      const writer = await openDataset(root, example, options)
      const makes = ['a', 'b', 'b', 'c']
      for (const [number, make] of makes.entries()) {
        const outcome = await writer.addEpisode(madeBy(dir, number, make))
        expect(outcome).toEqual({ outcome: 'added', episode: number })
      }
      await writer.compact()
      const videos = (): string[][] =>
        filesBelow(root, 'videos').map(path => picturesOf(join(root, path)))
      expect(videos().map(pictures => pictures.length)).toEqual([2, 4, 2])
      await writer.addEpisodes([madeBy(dir, 4, 'c'), madeBy(dir, 5, 'a')])
      expect(videos().flat()).toEqual([0, 1, 2, 3, 4, 5].flatMap(at => [`key ${at}`, `key ${at}`]))
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    }),
  )

  test(
    'within one episode refuse it, and the others are taken',
    inMemory(async dir => {
      const root = join(dir, 'dataset')
      const writer = await openDataset(root, example, options)
      const episodes = [madeBy(dir, 0, 'a'), madeBy(dir, 1, 'a', 'b'), madeBy(dir, 2, 'a', 'a')]
      expect(await writer.addEpisodes(episodes)).toEqual([
        { outcome: 'added', episode: 0 },
        {
          outcome: 'refused',
          reason: expect.stringMatching(/run\/1: .*different makes/) as string,
        },
        { outcome: 'added', episode: 1 },
      ])
      expect((await checkDataset(root, fakeVideo)).findings).toEqual([])
    }),
  )
})

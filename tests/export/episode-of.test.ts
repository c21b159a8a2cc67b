// What becomes of an episode, whatever the trainer did: with real videos, looked into picture by
// picture.
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { openStudio } from '../../src/export/camera-video.ts'
import { describeEpisode, type EpisodeSource, episodeOf } from '../../src/export/episode-of.ts'
import type { DatasetDescription } from '../../src/export/lerobot/features.ts'
import type { EpisodeInput, VideoFile } from '../../src/export/lerobot/prepare.ts'
import { RecordedVideos } from '../../src/export/recorded-videos.ts'
import { examineVideo } from '../../src/media/examine-video.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { picturesIn } from '../media/pictures.ts'
import {
  ffmpeg,
  type Shape,
  small,
  times,
  twoMakes,
  type WrittenRun,
  writeRun,
} from './written-run.ts'

const EYE = 'observation.images.eye'

interface Wish {
  readonly description?: DatasetDescription
  readonly fps?: number
}

/** What a dataset is given for the episode of `row`. */
function inputOf(run: WrittenRun, row: EpisodeRow, wish: Wish = {}): Promise<EpisodeInput> {
  const { reader, dir: runDir } = run
  const { fps = 30 } = wish
  const description = wish.description ?? { fps, features: describeEpisode(reader, row) }
  const source: EpisodeSource = {
    ...{ reader, description, task: 'live', run: 'written', aside: join(runDir, 'aside') },
    studio: openStudio({ ffmpeg: ffmpeg(), reader, runDir, profile: 'fast', clock: systemClock }),
  }
  return episodeOf(source, row, new RecordedVideos(reader).of(row.episode))
}

const pathOf = (file: VideoFile): string => (typeof file === 'string' ? file : file.path)

/** The numbers of the pictures that the video files show, one after the other. */
const shownBy = (files: readonly VideoFile[], shape: Shape): number[] =>
  files.flatMap(file => picturesIn(ffmpeg(), pathOf(file), shape))

describe('the rows of an episode (X1)', () => {
  test('are its steps: each field is a feature', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's'), {
      says: step => ({
        ...{ action: [step, 0.5], observation: [step], position: [1, 2], qValues: [3, 4, 5] },
        ...{ meters: { energy: 1 - step, mood: step }, logits: [step / 8], truncated: step === 2 },
      }),
    })
    expect(describeEpisode(run.reader, row)).toEqual({
      'observation.state': { dtype: 'float32', shape: [1] },
      'observation.position': { dtype: 'float32', shape: [2] },
      'observation.meters': { dtype: 'float32', shape: [2], names: ['energy', 'mood'] },
      action: { dtype: 'float32', shape: [2] },
      q_values: { dtype: 'float32', shape: [3] },
      logits: { dtype: 'float32', shape: [1] },
      'next.reward': { dtype: 'float32', shape: [1] },
      'next.intrinsic_reward': { dtype: 'float32', shape: [1] },
      'next.done': { dtype: 'bool', shape: [1] },
      'next.truncated': { dtype: 'bool', shape: [1] },
    })
    const { columns, rows, task, source } = await inputOf(run, row)
    const lists = Object.entries(columns).map(([name, values]) => [
      name,
      Array.from(values as ArrayLike<number>),
    ])
    expect({ rows, task, source }).toEqual({ rows: 3, task: 'live', source: 'written/1@1001' })
    expect(Object.fromEntries(lists)).toEqual({
      'observation.state': [0, 1, 2],
      'observation.position': [1, 2, 1, 2, 1, 2],
      'observation.meters': [1, 0, 0, 1, -1, 2],
      action: [0, 0.5, 1, 0.5, 2, 0.5],
      q_values: [3, 4, 5, 3, 4, 5, 3, 4, 5],
      logits: [0, 1 / 8, 2 / 8],
      'next.reward': [0, 0.5, 1],
      'next.intrinsic_reward': [-0, -1, -2],
      'next.done': [0, 0, 1],
      'next.truncated': [0, 0, 1],
    })
  })

  test('have the features that all steps have', async () => {
    const run = await writeRun()
    const says = (step: number) => ({ observation: [step], ...(step < 2 ? { action: step } : {}) })
    const row = await run.episode(times(3, 's'), { says })
    const names = Object.keys(describeEpisode(run.reader, row))
    expect(names).toContain('observation.state')
    expect(names).not.toContain('action')
    const features = { action: { dtype: 'float32' } } as const
    await expect(inputOf(run, row, { description: { fps: 30, features } })).rejects.toThrow(
      'action: expected 1 number at step 2, found none',
    )
  })

  test('are those of its own agent', async () => {
    const run = await writeRun()
    await run.episode(times(2, 's'))
    const says = (step: number) => ({ action: [step, step], observation: [1, 2] })
    const other = await run.episode(times(2, 's'), { agent: 'b', says })
    const features = { action: { dtype: 'float32' } } as const
    await expect(inputOf(run, other, { description: { fps: 30, features } })).rejects.toThrow(
      'action: expected 1 number at step 0, found 2',
    )
  })

  test('have each meter under its name, whatever the order, or the episode is refused', async () => {
    const run = await writeRun()
    const meters = (own: Record<string, number>) => ({ says: () => ({ meters: own }) })
    const first = await run.episode(times(2, 's'), meters({ energy: 1, health: 2 }))
    const description = { fps: 30, features: describeEpisode(run.reader, first) }
    const turned = await run.episode(times(2, 's'), meters({ health: 4, energy: 3 }))
    const { columns } = await inputOf(run, turned, { description })
    expect(Array.from(columns['observation.meters'] as ArrayLike<number>)).toEqual([3, 4, 3, 4])
    for (const own of [{ speed: 1, health: 2 }, { energy: 1 }, { energy: 1, health: 2, mood: 3 }]) {
      const row = await run.episode(times(2, 's'), meters(own))
      const refusal = inputOf(run, row, { description })
      await expect(refusal).rejects.toThrow(
        `expected energy, health, found ${Object.keys(own).join(', ')}`,
      )
    }
  })

  test('are at least two', async () => {
    const run = await writeRun()
    for (const [moments, found] of [['', 0] as const, ['s eye', 1] as const]) {
      const row = await run.episode(moments)
      await expect(inputOf(run, row)).rejects.toThrow(`expected at least 2 steps, found ${found}`)
    }
  })

  test('are all there, or the episode is refused', async () => {
    const run = await writeRun()
    const lose = (lost: number) => (event: { type: string; step?: number }) =>
      event.type === 'step_taken' && event.step === lost
    const middle = await run.episode(times(4, 's'), { isLost: lose(1) })
    await expect(inputOf(run, middle)).rejects.toThrow('expected step 1, found step 2')
    const last = await run.episode(times(4, 's'), { isLost: lose(3) })
    await expect(inputOf(run, last)).rejects.toThrow('expected 4 steps, found 3: steps were lost')
  })

  test('of an episode that a crash cut off are those that were recorded', async () => {
    const run = await writeRun()
    const cut = { terminated: false, reason: 'interrupted' }
    const row = await run.episode(times(5, 's eye'), {
      row: cut,
      says: () => ({ terminated: false }),
    })
    const { columns, rows, videos } = await inputOf(run, row)
    expect(rows).toBe(5)
    expect(Array.from(columns['next.done'] as ArrayLike<number>)).toEqual([0, 0, 0, 0, 0])
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('the video of an episode (X2)', () => {
  test('is what the encoder committed, as it is', async () => {
    const run = await writeRun()
    const row = await run.episode(times(7, 's eye'))
    await run.film(row, 'eye', { partFrames: 3 })
    await run.dropPixels()
    const { videos, pictureStatistics } = await inputOf(run, row)
    const names = ['00000001-00000000.mp4', '00000001-00000003.mp4', '00000001-00000006.mp4']
    const paths = names.map(name => join(run.dir, 'video/a~eye', name))
    expect(videos![EYE]!.map(pathOf)).toEqual(paths)
    // What its maker has said of it is what there is.
    for (const [at, path] of paths.entries()) {
      const { frames, width, height, codec, pixelFormat } = examineVideo(ffmpeg(), path)
      const said = { frames, width, height, codec, pixelFormat, fps: 30 }
      expect(videos![EYE]![at]).toMatchObject(said)
    }
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(pictureStatistics![EYE]!.count).toBe(7 * 32 * 24)
  })

  test('loses its last frame when there is one more than steps, without encoding', async () => {
    const run = await writeRun()
    const row = await run.episode(`eye ${times(7, 's eye')}`)
    await run.film(row, 'eye', { partFrames: 3 })
    await run.dropPixels()
    const { videos } = await inputOf(run, row)
    // The last part holds frames 6 and 7.
    expect(videos![EYE]!.slice(0, 2).map(pathOf)).toEqual([
      join(run.dir, 'video/a~eye/00000001-00000000.mp4'),
      join(run.dir, 'video/a~eye/00000001-00000003.mp4'),
    ])
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('is shown at another rate without encoding', async () => {
    const run = await writeRun()
    const row = await run.episode(`eye ${times(7, 's eye')}`)
    await run.film(row, 'eye', { partFrames: 3, fps: 10 })
    await run.dropPixels()
    const { videos } = await inputOf(run, row, { fps: 24 })
    expect(videos![EYE]).toHaveLength(1)
    expect(examineVideo(ffmpeg(), pathOf(videos![EYE]![0]!))).toMatchObject({ fps: 24, frames: 7 })
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('of an episode that was given up is refused', async () => {
    const run = await writeRun()
    const discarded = await run.episode(times(2, 's'), { row: { released: 'discarded' } })
    await expect(inputOf(run, discarded)).rejects.toThrow('the trainer discarded it')
    const row = await run.episode(times(2, 's eye'), { row: { released: 'not_kept' } })
    await expect(inputOf(run, row)).rejects.toThrow(
      'its frames and videos were given up (not_kept: the keep rule)',
    )
  })

  test('shows a frame again where a step has none, encoded out of the log', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's eye s'))
    await run.film(row, 'eye')
    const { videos, pictureStatistics } = await inputOf(run, row)
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 0, 1, 1, 2, 2])
    expect(pictureStatistics![EYE]!.count).toBe(6 * 32 * 24)
  })

  test.for([
    ['has no video at all', async () => {}, 'the run made no video of it'],
    [
      'has a video that failed',
      (run: WrittenRun, row: EpisodeRow) => run.failFilm(row, 'eye', 'the codec broke'),
      'its video failed (the codec broke)',
    ],
    [
      'has a video that was cut off',
      async (run: WrittenRun, row: EpisodeRow) => {
        await run.film(row, 'eye')
        truncateSync(join(run.dir, 'video/a~eye/00000001-00000000.mp4'), 900)
      },
      'video/a~eye/00000001-00000000.mp4 is gone or not what it was',
    ],
    [
      'has a video of two makes',
      (run: WrittenRun, row: EpisodeRow) => run.film(row, 'eye', twoMakes),
      'its parts are of different makes',
    ],
  ] as const)('is encoded out of the log when it %s, or refused', async ([, film, lack]) => {
    const run = await writeRun()
    const row = await run.episode(times(4, 's eye'))
    await film(run, row)
    const { videos } = await inputOf(run, row)
    expect(shownBy(videos![EYE]!, small)).toEqual([0, 1, 2, 3])
    expect(examineVideo(ffmpeg(), pathOf(videos![EYE]![0]!)).fps).toBe(30)
    await run.dropPixels()
    await expect(inputOf(run, row)).rejects.toThrow(
      `camera eye: ${lack}, and frame 0 is not in the log any more, or damaged`,
    )
  })

  test('is made also of a camera whose name is as long as any', async () => {
    const run = await writeRun()
    const camera = '目'.repeat(64)
    const row = await run.episode(times(3, `s ${camera}`))
    const { videos } = await inputOf(run, row)
    const made = videos![`observation.images.${camera}`]!
    expect(shownBy(made, small)).toEqual([0, 1, 2])
  })

  test('is refused when steps without a frame would have to be decoded and encoded', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's eye s'))
    await run.film(row, 'eye')
    await run.dropPixels()
    await expect(inputOf(run, row)).rejects.toThrow(
      'camera eye: its 3 frames are not one for each of 6 steps ' +
        '(a run like that needs video: { keepFrames: true }), and frame 0 is not in the log',
    )
  })

  test('is wanted of every episode when the dataset has it', async () => {
    const run = await writeRun()
    const first = await run.episode(times(2, 's eye'))
    const blind = await run.episode(times(2, 's'))
    const description = { fps: 30, features: describeEpisode(run.reader, first) }
    await expect(inputOf(run, blind, { description })).rejects.toThrow(
      `${EYE}: expected frames of its camera, found none`,
    )
  })

  test.for([
    ['grey', { width: 32, height: 24, format: 'gray8' }, 'video'],
    ['with transparency', { width: 32, height: 24, format: 'rgba8' }, 'video'],
    ['of another size', { width: 64, height: 48, format: 'rgb8' }, 'video'],
    ['of an odd size', { width: 33, height: 25, format: 'rgb8' }, 'image'],
    ['grey and of an odd size', { width: 33, height: 24, format: 'gray8' }, 'image'],
  ] as const)('of a camera that is %s has three channels', async ([, shape, dtype]) => {
    const run = await writeRun()
    const row = await run.episode(times(4, 's eye other'), {
      shape: camera => (camera === 'eye' ? shape : small),
    })
    for (const camera of ['eye', 'other']) await run.film(row, camera)
    const { [EYE]: feature } = describeEpisode(run.reader, row)
    expect(feature).toEqual({ dtype, shape: [shape.height, shape.width, 3] })
    const { videos, columns, pictureStatistics } = await inputOf(run, row)
    expect(pictureStatistics![EYE]!.mean).toHaveLength(3)
    if (dtype === 'video') return expect(shownBy(videos![EYE]!, shape)).toEqual([0, 1, 2, 3])
    expect(columns[EYE]).toHaveLength(4)
    // Width, height, and colour type 2: three channels.
    const [png] = columns[EYE] as readonly Uint8Array[]
    const head = new DataView(png!.buffer, png!.byteOffset)
    expect([head.getUint32(16), head.getUint32(20), head.getUint8(25)]).toEqual([
      shape.width,
      shape.height,
      2,
    ])
    // What is gone from the log is taken from the video: nothing is encoded twice for a table.
    await run.dropPixels()
    expect((await inputOf(run, row)).columns[EYE]).toHaveLength(4)
  })

  test('cameras whose names would be one feature are refused', async () => {
    const run = await writeRun()
    const row = await run.episode(times(2, 's a/b a:b'))
    expect(() => describeEpisode(run.reader, row)).toThrow(
      'cameras a/b and a:b would both be observation.images.a_b',
    )
  })

  test('that is whole is not made again when its file is there', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's eye'))
    await run.film(row, 'eye')
    const file = join(run.dir, 'video/a~eye/00000001-00000000.mp4')
    const before = readFileSync(file)
    await inputOf(run, row)
    expect(readFileSync(file)).toEqual(before)
  })
})

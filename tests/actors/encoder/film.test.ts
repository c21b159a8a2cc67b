// Which encoder makes a camera's video, from part to part, episode to episode and life to life.
import { describe, expect, test } from 'vitest'
import { Film } from '../../../src/actors/encoder/film.ts'
import type { FilmState } from '../../../src/actors/encoder/logic.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Ffmpeg } from '../../../src/media/ffmpeg.ts'
import type { VideoProfile } from '../../../src/media/profiles.ts'
import type { Envelope, FrameCaptured } from '../../../src/protocol/events.ts'
import type { EpisodeRow } from '../../../src/protocol/projection.ts'
import { ffmpeg, type Shape, times, type WrittenRun, writeRun } from '../../export/written-run.ts'
import { failingEncoder } from '../../media/failing-encoder.ts'
import { picture } from '../../media/pictures.ts'

const even: Shape = { width: 64, height: 64, format: 'rgb8' }
const odd: Shape = { width: 85, height: 85, format: 'rgb8' }

interface Life {
  readonly profile?: VideoProfile
  readonly fps?: number
  readonly load?: () => Ffmpeg
  /** What an earlier life had. */
  readonly state?: FilmState
}

function filmOf(run: WrittenRun, given: Life = {}): Film {
  const { profile = 'lerobot', fps = 30, load = ffmpeg, state } = given
  const film = new Film(
    {
      ...{ runDir: run.dir, reader: run.reader, clock: systemClock, load },
      settings: { profile, fps, keepFrames: false },
      onWaiting: () => {},
    },
    { agent: 'a', camera: 'eye' },
  )
  if (state) film.resume(state)
  return film
}

const episode = (run: WrittenRun, shape: Shape = even, steps = 4): Promise<EpisodeRow> =>
  run.episode(times(steps, 's eye'), { shape: () => shape })

const framesOf = (run: WrittenRun, { firstSeq, lastSeq }: EpisodeRow) =>
  [...run.reader.events({ fromSeq: firstSeq, toSeq: lastSeq })].filter(
    (envelope): envelope is Envelope<FrameCaptured> => envelope.event.type === 'frame_captured',
  )

/** Takes the frames of `row` from `from` up to `to`. */
async function takeAll(film: Film, run: WrittenRun, row: EpisodeRow, from = 0, to = 99) {
  for (const frame of framesOf(run, row).slice(from, to)) {
    await film.take(frame, picture(frame.event, frame.event.index))
  }
}

/** The whole episode; what became of its video. */
async function make(film: Film, run: WrittenRun, row: EpisodeRow) {
  await takeAll(film, run, row)
  return film.close()
}

describe('V4 what was asked for', () => {
  test.each<[string, Life, string]>([
    ['another profile', { profile: 'fast' }, 'profile fast'],
    ['an encoder', { profile: { codec: 'libx264', options: {} } }, 'asked for'],
  ])('is taken by the next run: %s', async (_, life, reason) => {
    const run = await writeRun()
    const before = filmOf(run)
    expect(await make(before, run, await episode(run))).toMatchObject({ encoder: 'libsvtav1' })
    const { state } = before
    const same = filmOf(run, { state })
    expect(await make(same, run, await episode(run))).toMatchObject({ encoder: 'libsvtav1' })
    const next = filmOf(run, { state, ...life })
    const made = await make(next, run, await episode(run))
    expect(made).toMatchObject({ encoder: 'libx264', reason })
  })

  test('is taken from the next episode on, where one has parts already', async () => {
    const run = await writeRun()
    const before = filmOf(run)
    const row = await episode(run)
    await takeAll(before, run, row, 0, 3)
    const { choice, part } = before.state
    const frames = framesOf(run, row)
    const later = { ...part!, fromSeq: frames[2]!.seq, fromIndex: 2, frames: 1 }
    before.discard()
    const state: FilmState = { ...before.state, choice: choice!, part: later }
    const next = filmOf(run, { state, profile: 'fast' })
    await takeAll(next, run, row, 3)
    const rest = await next.close()
    expect(rest).toMatchObject({ fromIndex: 2, frames: 2, encoder: 'libsvtav1' })
    expect(await make(next, run, await episode(run))).toMatchObject({ encoder: 'libx264' })
  })
})

describe('V3 V4 an encoder that fails', () => {
  test('is replaced by H.264 also for an odd size, and tried again in the next life', async () => {
    const run = await writeRun()
    const film = filmOf(run, { load: () => failingEncoder(ffmpeg(), 'libsvtav1', 1) })
    const first = await make(film, run, await episode(run, odd))
    expect(first).toMatchObject({
      ...{ type: 'video_committed', encoder: 'libx264', pixelFormat: 'yuv444p', frames: 4 },
      reason: expect.stringMatching(/libsvtav1 failed: .*picture 1.*; yuv444p, because 85x85 is/),
    })
    const { state } = film
    // What has failed is not tried again with every episode.
    const second = await make(film, run, await episode(run, odd))
    expect(second).toMatchObject({ type: 'video_committed', encoder: 'libx264' })
    const next = filmOf(run, { state })
    const third = await make(next, run, await episode(run, odd))
    expect(third).toMatchObject({ encoder: 'libsvtav1', reason: 'profile lerobot' })
  })

  test('is not blamed for frames that are gone from the log', async () => {
    const run = await writeRun()
    const film = filmOf(run)
    const row = await episode(run)
    await takeAll(film, run, row, 0, 2)
    // What it has in hand has to be made again, and cannot be.
    film.discard()
    await run.dropPixels()
    await takeAll(film, run, row, 2)
    expect(await film.close()).toMatchObject({
      ...{ type: 'video_failed', fromIndex: 0 },
      reason: 'LOG_CORRUPT: frame 0 is gone from the log',
    })
    const next = await make(film, run, await episode(run))
    expect(next).toMatchObject({ encoder: 'libsvtav1', reason: 'profile lerobot' })
  })
})

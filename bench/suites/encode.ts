// How fast the encoder is, beside the ffmpeg command line with the same settings; and what becomes of
// the frames, and of the process's memory, when it is three times too slow for them.
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { decodeFrames } from '../../src/media/examine-video.ts'
import { type Ffmpeg, loadMedia } from '../../src/media/ffmpeg.ts'
import { profiles } from '../../src/media/profiles.ts'
import { openLog } from '../../src/store/open-log.ts'
import { appendAll } from '../append-all.ts'
import { encodeAlone } from '../encoder-alone.ts'
import { encodingArguments, ffmpegCommand, NO_FFMPEG, runFfmpeg } from '../ffmpeg-command.ts'
import { framesLost, lookAtFrames } from '../filmed.ts'
import { interleave } from '../interleave.ts'
import { backlogMib, recordOutpaced, tooSlowBy } from '../outpaced.ts'
import { memoryGrowth } from '../process-memory.ts'
import { numberOf, SCENE, Scene } from '../scene.ts'
import { sceneEpisode } from '../scene-episode.ts'
import { inScratch } from '../scratch.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  type Figure,
  figure,
  heapFigure,
  type SuiteResult,
} from '../suite.ts'

export const FPS = 30

export async function encode(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 12)
  const frames = settings.small ? 24 : 300
  const ffmpeg = loadMedia()
  const figures: Figure[] = []
  const notes: string[] = []
  await inScratch(async dir => {
    const raw = join(dir, 'frames.rgb')
    await writeFrames(dir, raw, frames)
    for (const profile of ['fast', 'lerobot'] as const) {
      const rates = await measureRates(ffmpeg, dir, raw, { profile, frames, rounds, settings })
      const name = profile === 'fast' ? '' : `${profile}_`
      const own = figure(`encode.${name}frames_per_second`, 'frames/s', rates.encoder)
      const { command } = rates
      figures.push(command ? comparedFigure(own, 'ffmpeg', rates.encoder, command) : own)
      if (command)
        notes.push(describeRatios(`profile ${profile}`, 'ffmpeg', rates.encoder, command))
      notes.push(rates.sizes)
    }
  })
  if (ffmpegCommand === undefined) notes.push(NO_FFMPEG)
  const late = await inScratch(dir => outpace(ffmpeg, dir, settings))
  return {
    figures: [...figures, ...late.figures, heapFigure('encode')],
    notes: [
      `${frames} frames of ${SCENE.width}x${SCENE.height} of a moving scene a round, ${rounds} rounds;` +
        ' the encoder reads them from the log, ffmpeg from a file, both in the page cache',
      'the encoder: its thread as in a run, from its first read to the fact that the video is' +
        ' committed, on the disk; ffmpeg: its own account (-benchmark), without its start',
      'every video is decoded in every round, and every frame is known by the number in it',
      ...notes,
      ...late.notes,
    ],
  }
}

/** The same frames into a log and into a file. */
async function writeFrames(dir: string, raw: string, frames: number): Promise<void> {
  const scene = new Scene(48)
  const { writer } = await openLog(dir)
  await appendAll(writer, sceneEpisode(scene, frames, 1))
  await writer.close()
  const file = openSync(raw, 'w')
  for (let number = 0; number < frames; number++) writeSync(file, scene.frame(number))
  closeSync(file)
}

interface RateOptions {
  readonly profile: keyof typeof profiles
  readonly frames: number
  readonly rounds: number
  readonly settings: BenchSettings
}

/** Frames a second, by round. */
interface Rates {
  readonly encoder: readonly number[]
  readonly command: readonly number[] | undefined
  /** What the videos weigh, in words. */
  readonly sizes: string
}

async function measureRates(
  ffmpeg: Ffmpeg,
  dir: string,
  raw: string,
  { profile, frames, rounds, settings }: RateOptions,
): Promise<Rates> {
  const made = join(dir, `${profile}.mp4`)
  const { width, height } = SCENE
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`]
  const args = [...input, '-r', String(FPS), '-i', raw, ...encodingArguments(profiles[profile])]
  let bytes = 0
  const encoder = async (): Promise<number> => {
    const video = { profile, fps: FPS, keepFrames: true }
    const { seconds, videos } = await encodeAlone(dir, video, frames)
    for (const { file } of videos) checkVideo(ffmpeg, join(dir, file), frames)
    bytes = videos.reduce((sum, each) => sum + each.bytes, 0)
    return frames / seconds
  }
  const command = async (): Promise<number> => {
    const seconds = await runFfmpeg([...args, made])
    checkVideo(ffmpeg, made, frames)
    return frames / seconds
  }
  const onRound = (round: number): void =>
    settings.onProgress(`encode: ${profile}, round ${round} of ${rounds}`)
  const kib = (): string => `profile ${profile}: ${(bytes / frames / 1024).toFixed(1)} KiB a frame`
  if (ffmpegCommand === undefined) {
    const alone = await interleave({ encoder }, rounds, onRound)
    return { encoder: alone.encoder, command: undefined, sizes: kib() }
  }
  const rates = await interleave({ encoder, command }, rounds, onRound)
  const theirs = `, ffmpeg ${(statSync(made).size / frames / 1024).toFixed(1)}`
  return { ...rates, sizes: kib() + theirs }
}

/** Asserts that the video has all frames of the scene, in their order. */
export function checkVideo(ffmpeg: Ffmpeg, path: string, frames: number): void {
  let due = 0
  for (const { pixels } of decodeFrames(ffmpeg, path)) {
    assert(numberOf(pixels) === due, `${path}: frame ${due} shows ${numberOf(pixels)}`)
    due++
  }
  assert(due === frames, `${path}: expected ${frames} frames, found ${due}`)
}

async function outpace(ffmpeg: Ffmpeg, dir: string, settings: BenchSettings): Promise<SuiteResult> {
  const seconds = settings.small ? 1 : settings.seconds
  settings.onProgress(`encode: an encoder that is too slow, for ${seconds} s and what is owed then`)
  const told = await recordOutpaced(dir, seconds)
  const filmed = await lookAtFrames(ffmpeg, dir)
  const problems = [...told.problems, ...filmed.problems]
  assert(problems.length === 0, problems.join('; '))
  for (const { episode, captured, rows } of filmed.episodes) {
    assert(rows === captured, `episode ${episode}: ${captured} frames, ${rows} rows`)
  }
  const captured = filmed.episodes.reduce((sum, each) => sum + each.captured, 0)
  assert(captured === told.frames, `the log announces ${captured} of ${told.frames} frames`)
  const behind = tooSlowBy(told)
  // In a few seconds nothing adds up.
  assert(settings.small || behind > 2, `the encoder was only ${behind.toFixed(1)} times too slow`)
  return {
    figures: [
      figure('encode.frames_lost', 'frames', [framesLost(filmed)]),
      figure('encode.rss_growth_mib', 'MiB', [memoryGrowth(told.samples)]),
      figure('encode.backlog_mib', 'MiB', [backlogMib(told)]),
      figure('encode.too_slow_by', 'x', [behind]),
    ],
    notes: [
      `${(told.frames / told.seconds).toFixed(1)} frames/s for ${told.seconds.toFixed(0)} s; the` +
        ` encoder had them all ${told.catchUpSeconds.toFixed(0)} s later, and was started again` +
        ` ${told.restarts} times; ${filmed.episodes.length} episodes, with as many rows in the dataset`,
      'rss_growth: memory of the process but for mapped pages of the log, from a third of the' +
        ' recording to its end; backlog: pixels that waited in the log then',
    ],
  }
}

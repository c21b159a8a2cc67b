// What the end of an episode costs: 300 frames of 640x480 come in real time, as from a camera; from
// the call of end() until the episode is in the dataset, its video with it. Beside it the flow that
// this replaces: a PNG for each frame, encoded when the episode is over. And what the trainer's
// thread pays for each frame, and at worst for any call, beside bare copies of the same frames. The
// sweep: the same for longer episodes.
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { examineVideo } from '../../src/media/examine-video.ts'
import { type Ffmpeg, loadMedia } from '../../src/media/ffmpeg.ts'
import { profiles } from '../../src/media/profiles.ts'
import { ffmpegCommand, NO_FFMPEG } from '../ffmpeg-command.ts'
import { checkFilmed, FilmedRun, FPS, type Pace, paced, type Taken } from '../filmed-run.ts'
import { interleave } from '../interleave.ts'
import { PngFlow } from '../png-flow.ts'
import { SCENE, Scene } from '../scene.ts'
import { inScratch } from '../scratch.ts'
import { medianOf, quantileOf } from '../statistics.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'

/** Pictures of the scene. */
const PICTURES = 48
/** Of the sweep: frames an episode. */
const EPISODES = [25, 75, 225]

/** Of each round that counts. */
interface Saved {
  /** From the call of end() until the log says that the episode is saved. */
  readonly own: readonly number[]
  /** The PNG flow's; undefined where there is no ffmpeg command. */
  readonly png: readonly number[] | undefined
  readonly taken: readonly Taken[]
}

export async function save(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 8)
  const pace = settings.small ? { frames: 24, perSecond: 120 } : { frames: 300, perSecond: FPS }
  const times = await measure(new Scene(PICTURES), pace, rounds, round =>
    settings.onProgress(`save: round ${round} of ${rounds}`),
  )
  const { taken } = times
  const blocked = taken.map(each => each.blocked.millis)
  const copied = taken.map(each => each.copied.millis)
  const names = taken.map(each => each.blocked.name)
  const longest = figure('save.trainer_blocked_millis', 'ms', blocked)
  const own = figure('save.millis', 'ms', times.own)
  const micros = taken.map(({ frameMicros }) => medianOf(frameMicros))
  const slowest = taken.map(({ frameMicros }) => quantileOf(frameMicros, 0.99))
  return {
    figures: [
      times.png ? comparedFigure(own, 'png', times.own, times.png) : own,
      comparedFigure(longest, 'copy', blocked, copied),
      figure('save.frame_micros', 'us', micros),
      figure('save.frame_p99_micros', 'us', slowest),
      heapFigure('save'),
    ],
    notes: [
      `${pace.frames} frames of ${SCENE.width}x${SCENE.height} at ${pace.perSecond} frames/s an` +
        ` episode, ${rounds} rounds; profile fast`,
      'save.millis: from the call of end() until `episode_saved` is durable in the log; the episode' +
        ' is in the dataset then, and its video on the disk',
      times.png
        ? `${describeRatios('save', 'png', times.own, times.png)}: png encodes the PNGs of the` +
          ` episode with the ffmpeg command and the same settings, ${medianOf(times.png).toFixed(0)} ms`
        : NO_FFMPEG,
      'trainer_blocked: the longest of all calls of begin(), step(), frame() and end() in a round' +
        ` (${names.join(', ')}); copy is the longest of bare copies of the same frames into shared` +
        ` memory that nobody reads, in turns with them: ${medianOf(copied).toFixed(2)} ms`,
      'every frame is looked for on the videos, and the dataset is checked',
    ],
  }
}

/** Episodes of one length, and the PNG flow's in turns. */
function measure(
  scene: Scene,
  pace: Pace,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Saved> {
  const ffmpeg = loadMedia()
  return inScratch(async dir => {
    const taken: Taken[] = []
    const run = await FilmedRun.start(join(dir, 'run'))
    const own = async (): Promise<number> => {
      const episode = await run.episode(scene, pace)
      taken.push(episode)
      return episode.saveMillis
    }
    const times =
      ffmpegCommand === undefined
        ? { ...(await interleave({ own }, rounds, onRound)), png: undefined }
        : await besidePngs(ffmpeg, scene, { dir, pace, rounds, own, onRound })
    await run.close()
    await checkFilmed(ffmpeg, run.dir, pace.frames, rounds + 1)
    // The first round warms up.
    return { ...times, taken: taken.slice(1) }
  })
}

/** The samples of both, taken in turns. */
async function besidePngs(
  ffmpeg: Ffmpeg,
  scene: Scene,
  given: {
    readonly dir: string
    readonly pace: Pace
    readonly rounds: number
    readonly own: () => Promise<number>
    readonly onRound: (round: number) => void
  },
): Promise<Pick<Saved, 'own' | 'png'>> {
  const { dir, pace, rounds, own, onRound } = given
  const flow = new PngFlow(ffmpeg, dir, { shape: SCENE, setting: profiles.fast, fps: FPS })
  const png = async (): Promise<number> => {
    await paced(pace, number => flow.frame(scene.frame(number)))
    const startedAt = performance.now()
    await flow.end()
    return performance.now() - startedAt
  }
  const samples = await interleave({ own, png }, rounds, onRound)
  flow.close()
  const { frames } = examineVideo(ffmpeg, flow.video)
  assert(frames === pace.frames * (rounds + 1), `the PNG flow's video has ${frames} frames`)
  return samples
}

/** How the wait at the end of an episode goes with its length. */
export const saveSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 2)
  const perSecond = small ? 120 : FPS
  const scene = new Scene(PICTURES)
  const own = new Map<number, readonly number[]>()
  const png = new Map<number, readonly number[]>()
  for (const frames of small ? [12, 24] : EPISODES) {
    const times = await measure(scene, { frames, perSecond }, rounds, round =>
      onProgress(`save: episodes of ${frames} frames, round ${round} of ${rounds}`),
    )
    own.set(frames, times.own)
    if (times.png) png.set(frames, times.png)
  }
  const over = 'frames an episode'
  return {
    growth: [
      growthOf('save.millis', 'ms', over, own),
      ...(png.size > 0 ? [growthOf('png_millis', 'ms', over, png)] : []),
    ],
    notes: [
      `frames of ${SCENE.width}x${SCENE.height} at ${perSecond} frames/s; profile fast`,
      'png: the episode is written as PNGs, which are encoded when it is over',
    ],
  }
}

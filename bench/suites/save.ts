// What the end of an episode costs: 300 frames of 640x480 come in real time, as from a camera; from
// the call of end() until the episode is in the dataset, its video with it. Beside it the flow that
// this replaces: a PNG for each frame, encoded when the episode is over. And what the trainer's
// thread pays for each frame, and at worst for any call.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../../src/base/assert.ts'
import { checkDataset } from '../../src/export/lerobot/check.ts'
import { videoTool } from '../../src/export/video-tool.ts'
import { type Run, startRun } from '../../src/index.ts'
import { examineVideo } from '../../src/media/examine-video.ts'
import { type Ffmpeg, loadMedia } from '../../src/media/ffmpeg.ts'
import { profiles } from '../../src/media/profiles.ts'
import { ffmpegCommand, NO_FFMPEG } from '../ffmpeg-command.ts'
import { framesLost, lookAtFrames } from '../filmed.ts'
import { interleave } from '../interleave.ts'
import { PngFlow } from '../png-flow.ts'
import { SavedEpisodes } from '../saved-episodes.ts'
import { SCENE, Scene } from '../scene.ts'
import { inScratch } from '../scratch.ts'
import { medianOf, quantileOf } from '../statistics.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  figure,
  heapFigure,
  type SuiteResult,
} from '../suite.ts'

const FPS = 30
const PATIENCE_MILLIS = 60_000

interface Pace {
  readonly frames: number
  /** Frames a second as they come. */
  readonly perSecond: number
}

/** What recording one episode took. */
interface Taken {
  /** From the call of end() until the log says that the episode is saved. */
  readonly saveMillis: number
  /** Of frame(), each. */
  readonly frameMicros: readonly number[]
  /** The longest of all calls. */
  readonly blockedMillis: number
}

export async function save(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 8)
  const pace = settings.small ? { frames: 24, perSecond: 120 } : { frames: 300, perSecond: FPS }
  const ffmpeg = loadMedia()
  const scene = new Scene(48)
  const taken: Taken[] = []
  const times = await inScratch(async dir => {
    const recording = await Recording.start(join(dir, 'run'))
    const own = async (): Promise<number> => {
      const episode = await recording.episode(scene, pace)
      taken.push(episode)
      return episode.saveMillis
    }
    const onRound = (round: number): void =>
      settings.onProgress(`save: round ${round} of ${rounds}`)
    const [result, flows] =
      ffmpegCommand === undefined
        ? [await interleave({ own }, rounds, onRound), undefined]
        : await besidePngs(ffmpeg, scene, { dir, pace, rounds, own, onRound })
    await recording.close()
    await check(ffmpeg, recording.dir, pace.frames, rounds + 1)
    return { own: result.own, png: flows }
  })
  // The first round warms up.
  taken.shift()
  const of = (key: 'saveMillis' | 'blockedMillis'): number[] => taken.map(each => each[key])
  const own = figure('save.millis', 'ms', times.own)
  const micros = taken.map(({ frameMicros }) => medianOf(frameMicros))
  const slowest = taken.map(({ frameMicros }) => quantileOf(frameMicros, 0.99))
  return {
    figures: [
      times.png ? comparedFigure(own, 'png', times.own, times.png) : own,
      figure('save.trainer_blocked_millis', 'ms', of('blockedMillis')),
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
      'trainer_blocked: the longest of all calls of begin(), step(), frame() and end() in a round',
      'every frame is looked for on the videos, and the dataset is checked',
    ],
  }
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
): Promise<[{ own: readonly number[] }, readonly number[]]> {
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
  return [samples, samples.png]
}

async function paced({ frames, perSecond }: Pace, take: (index: number) => void): Promise<void> {
  const startedAt = performance.now()
  for (let index = 0; index < frames; index++) {
    await delay(Math.max(0, startedAt + (1000 * index) / perSecond - performance.now()))
    take(index)
  }
}

/** A run that makes video and a dataset. */
class Recording {
  readonly dir: string
  readonly #run: Run
  readonly #saved: SavedEpisodes
  readonly #problems: string[]
  #episodes = 0
  #frames = 0

  private constructor(dir: string, run: Run, problems: string[]) {
    this.dir = dir
    this.#run = run
    this.#problems = problems
    this.#saved = new SavedEpisodes(dir)
  }

  static async start(dir: string): Promise<Recording> {
    const problems: string[] = []
    const run = await startRun({
      ...{ dir, dataset: true, handleSignals: false, closeMillisMax: PATIENCE_MILLIS },
      video: { profile: 'fast', fps: FPS },
      onProblem: problem => problems.push(problem.message),
    })
    return new Recording(dir, run, problems)
  }

  async episode(scene: Scene, pace: Pace): Promise<Taken> {
    const recorder = this.#run.recorder('agent')
    const frameMicros: number[] = []
    let blockedMillis = 0
    const timed = (call: () => void): number => {
      const startedAt = performance.now()
      call()
      const millis = performance.now() - startedAt
      blockedMillis = Math.max(blockedMillis, millis)
      return millis
    }
    timed(() => recorder.begin())
    await paced(pace, index => {
      const data = scene.frame(this.#frames++)
      timed(() => recorder.step({ reward: 1, observation: [index], action: index % 4 }))
      frameMicros.push(1000 * timed(() => recorder.frame({ ...SCENE, data })))
    })
    const endedAt = performance.now()
    timed(() => recorder.end())
    await this.#saved.wait(++this.#episodes, PATIENCE_MILLIS)
    return { saveMillis: performance.now() - endedAt, frameMicros, blockedMillis }
  }

  async close(): Promise<void> {
    await this.#saved.close()
    await this.#run.close()
    assert(this.#problems.length === 0, this.#problems.join('; '))
  }
}

/** Asserts that each of the `episodes` has all its frames, on video and in the dataset. */
async function check(ffmpeg: Ffmpeg, dir: string, frames: number, episodes: number): Promise<void> {
  const filmed = await lookAtFrames(ffmpeg, dir)
  assert(filmed.problems.length === 0, filmed.problems.join('; '))
  assert(framesLost(filmed) === 0, `${framesLost(filmed)} frames are on no video`)
  const rows = filmed.episodes.map(each => each.rows)
  assert(rows.length === episodes && rows.every(each => each === frames), `rows: ${rows}`)
  const report = await checkDataset(join(dir, 'dataset'), videoTool(ffmpeg))
  assert(report.findings.length === 0, JSON.stringify(report.findings))
  assert(report.frames === episodes * frames, `the dataset has ${report.frames} frames`)
}

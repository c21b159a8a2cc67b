// Episodes of the scene as a camera gives them, recorded by a run that makes video and a dataset: what
// every call took, beside bare copies of the same frames, and how long after end() the episode was
// saved.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../src/base/assert.ts'
import { checkDataset } from '../src/export/lerobot/check.ts'
import { videoTool } from '../src/export/video-tool.ts'
import { type Run, startRun } from '../src/index.ts'
import type { Ffmpeg } from '../src/media/ffmpeg.ts'
import { framesLost, lookAtFrames } from './filmed.ts'
import { SavedEpisodes } from './saved-episodes.ts'
import { SCENE, SCENE_BYTES, type Scene } from './scene.ts'

/** Of the videos, whatever pace the frames come at. */
export const FPS = 30
const PATIENCE_MILLIS = 60_000
/** Frames in the memory that bare copies go into, one behind the other, as in a run's own ring. */
const COPIES = 32

export interface Pace {
  readonly frames: number
  /** Frames a second as they come. */
  readonly perSecond: number
}

/** What recording one episode took. */
export interface Taken {
  /** From the call of end() until the log says that the episode is saved. */
  readonly saveMillis: number
  /** Of frame(), each. */
  readonly frameMicros: readonly number[]
  /** The longest of all calls. */
  readonly blocked: Longest
  /** The longest of as many bare copies. */
  readonly copied: Longest
}

/** Times calls, and keeps the longest. */
class Longest {
  millis = 0
  name = ''

  time(name: string, call: () => void): number {
    const startedAt = performance.now()
    call()
    const millis = performance.now() - startedAt
    if (millis > this.millis) {
      this.millis = millis
      this.name = name
    }
    return millis
  }
}

export async function paced(
  { frames, perSecond }: Pace,
  take: (index: number) => void,
): Promise<void> {
  const startedAt = performance.now()
  for (let index = 0; index < frames; index++) {
    await delay(Math.max(0, startedAt + (1000 * index) / perSecond - performance.now()))
    take(index)
  }
}

/** A run that makes video and a dataset. */
export class FilmedRun {
  readonly dir: string
  readonly #run: Run
  readonly #saved: SavedEpisodes
  readonly #problems: string[]
  readonly #copies = new Uint8Array(new SharedArrayBuffer(COPIES * SCENE_BYTES))
  #episodes = 0
  #frames = 0

  private constructor(dir: string, run: Run, problems: string[]) {
    this.dir = dir
    this.#run = run
    this.#problems = problems
    this.#saved = new SavedEpisodes(dir)
  }

  static async start(dir: string): Promise<FilmedRun> {
    const problems: string[] = []
    const run = await startRun({
      ...{ dir, dataset: true, handleSignals: false, closeMillisMax: PATIENCE_MILLIS },
      video: { profile: 'fast', fps: FPS },
      onProblem: problem => problems.push(problem.message),
    })
    return new FilmedRun(dir, run, problems)
  }

  async episode(scene: Scene, pace: Pace): Promise<Taken> {
    const recorder = this.#run.recorder('agent')
    const frameMicros: number[] = []
    const blocked = new Longest()
    const copied = new Longest()
    blocked.time('begin', () => recorder.begin())
    await paced(pace, index => {
      const number = this.#frames++
      const data = scene.frame(number)
      const copy = (): void => this.#copies.set(data, SCENE_BYTES * (number % COPIES))
      // What comes first wakes the recorder, or finds the processor as the pause has left it.
      if (number % 2 === 0) copied.time('copy', copy)
      const action = index % 4
      blocked.time('step', () => recorder.step({ reward: 1, observation: [index], action }))
      frameMicros.push(1000 * blocked.time('frame', () => recorder.frame({ ...SCENE, data })))
      if (number % 2 === 1) copied.time('copy', copy)
    })
    // To read of 300 frames beside the recorder's work is no part of it.
    this.#saved.passOver()
    const endedAt = performance.now()
    blocked.time('end', () => recorder.end())
    await this.#saved.wait(++this.#episodes, PATIENCE_MILLIS)
    return { saveMillis: performance.now() - endedAt, frameMicros, blocked, copied }
  }

  async close(): Promise<void> {
    await this.#saved.close()
    await this.#run.close()
    assert(this.#problems.length === 0, this.#problems.join('; '))
  }
}

/** Asserts that each of the `episodes` has all its frames, on video and in the dataset. */
export async function checkFilmed(
  ffmpeg: Ffmpeg,
  dir: string,
  frames: number,
  episodes: number,
): Promise<void> {
  const filmed = await lookAtFrames(ffmpeg, dir)
  assert(filmed.problems.length === 0, filmed.problems.join('; '))
  assert(framesLost(filmed) === 0, `${framesLost(filmed)} frames are on no video`)
  const rows = filmed.episodes.map(each => each.rows)
  assert(rows.length === episodes && rows.every(each => each === frames), `rows: ${rows}`)
  const report = await checkDataset(join(dir, 'dataset'), videoTool(ffmpeg))
  assert(report.findings.length === 0, JSON.stringify(report.findings))
  assert(report.frames === episodes * frames, `the dataset has ${report.frames} frames`)
}

// Kills a program that makes video and a dataset, again and again in the same directory: one kill is
// aimed at the next moment of its work, a little later by chance. What is there is judged after each.
// In the end the program is let alone, and everything that is owed must have come in, once.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Random } from '../../../src/base/random.ts'
import type { VideoProfile } from '../../../src/media/profiles.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { type Program, readEvents, runCommand } from '../../runtime/harness.ts'
import { judgeVideos } from '../../supervision/judge-videos.ts'
import type { Places } from '../kills/places.ts'
import { judgeDataset } from './judge-dataset.ts'
import { type Fates, judgeEnd } from './judge-end.ts'
import { type Moment, tellingPlants, Watch } from './moments.ts'
import type { RecordingTask } from './recording.child.ts'
import { shadeOf } from './script.ts'

/**
 * Who was asked to end records on for a moment, and is told that nobody listens any more; and what a kill
 * took from an episode keeps it out of the dataset.
 */
const expected = /^(CLOSED|BAD_INPUT not in the dataset: )/

/** What is killed; its argument is a RecordingTask. */
export const recordingProgram = fileURLToPath(new URL('./recording.child.ts', import.meta.url))

/** Kills in one directory, one after the other, before the program is let alone. */
const LIVES = 5
/** A life that is to be killed plays so many at most; the last one of a directory plays a few. */
const EPISODES_MAX = 200
const LAST_EPISODES = 3
const STEP_MILLIS = 4
/** A life that lasts longer hangs. */
const LIFE_MILLIS_MAX = 200_000

/** What is aimed at, in turn: the short moments of a dataset's work as often as all others. */
const aims: readonly Moment[] = [
  ...(['finishing', 'tables', 'recording', 'remuxing', 'moving', 'starting'] as const),
  ...(['tables', 'flushing', 'finishing', 'moving', 'closing', 'remuxing'] as const),
]
/** Moments that last: the kill comes at any time in so many milliseconds. */
const LASTS_MILLIS: Partial<Record<Moment, number>> = {
  starting: 600,
  recording: 600,
  closing: 300,
}
const SOON_MILLIS = 2
/** Programs that may come to their end before what is aimed at, beside as many as are killed. */
const MISSED_MAX = 5
/** Of moments that come again and again, one of the first so many. */
const TURNS_MAX = 12

export interface Campaign {
  readonly kills: number
  /** Programs that came to their end before what was aimed at. */
  readonly missed: number
  /** Where the kills landed. */
  readonly landed: Partial<Record<Moment, number>>
  readonly fates: Fates
  readonly problems: readonly string[]
}

interface CampaignOptions {
  readonly kills: number
  /** With SIGINT the program closes its run and ends. Default SIGKILL. */
  readonly signal?: 'SIGKILL' | 'SIGINT'
  readonly random: Random
  readonly places: Places
  /** Default: all, in turn. */
  readonly aims?: readonly Moment[]
  readonly plants?: readonly Plant[]
  /** Ends with the first problem. Default false. */
  readonly untilProblem?: boolean
}

export async function killAndJudge(options: CampaignOptions): Promise<Campaign> {
  const { kills, signal = 'SIGKILL', random, places, untilProblem = false } = options
  const { aims: targets = aims, plants = [] } = options
  const landed: Partial<Record<Moment, number>> = {}
  const fates: Fates = { episodes: 0, saved: 0, interrupted: 0, recovered: 0, rows: 0 }
  const problems: string[] = []
  let missed = 0
  for (let done = 0; done < kills; ) {
    const place = new Place(taskOf(places.next(), Math.floor(done / LIVES)), plants)
    for (const end = Math.min(kills, done + LIVES); done < end; ) {
      const aim = targets[(done + missed) % targets.length]!
      const moment = await place.kill(aim, signal, random)
      if (moment === undefined) {
        missed++
        if (untilProblem && place.said !== '') {
          return { kills: done, missed, landed, fates, problems: [place.said] }
        }
        // A program that never comes to what is aimed at would be missed for ever.
        if (missed > MISSED_MAX + kills) throw new Error(`${missed} missed: ${place.said}`)
        continue
      }
      done++
      landed[moment] = (landed[moment] ?? 0) + 1
      const found = await place.judge()
      problems.push(...found.map(problem => `kill ${done}, ${moment}: ${problem}`))
      if (untilProblem && found.length > 0) return { kills: done, missed, landed, fates, problems }
    }
    problems.push(...(await place.end(fates)))
  }
  return { kills, missed, landed, fates, problems }
}

/** Directories differ in how video is encoded, and whether the log keeps the frames. */
export function taskOf(dir: string, number: number): Omit<RecordingTask, 'episodes'> {
  const profile: VideoProfile = number % 2 === 0 ? 'fast' : 'lerobot'
  const keepFrames = [false, true, true, false][number % 4]!
  return { dir, profile, keepFrames, stepMillis: STEP_MILLIS }
}

/** One run directory. */
export class Place {
  readonly #task: Omit<RecordingTask, 'episodes'>
  readonly #plants: readonly Plant[]
  /** Episodes of which the program was told that they are durable. */
  readonly #durable: Set<number>
  #said: string[] = []

  constructor(
    task: Omit<RecordingTask, 'episodes'>,
    plants: readonly Plant[],
    durable: Iterable<number> = [],
  ) {
    this.#task = task
    this.#plants = plants
    this.#durable = new Set(durable)
  }

  /** What programs here complained of, and nobody has judged yet. */
  get said(): string {
    return this.#said.join('; ')
  }

  /** Starts the program and ends it; at what, or undefined when it came to its end before. */
  async kill(aim: Moment, signal: NodeJS.Signals, random: Random): Promise<Moment | undefined> {
    const lasting = LASTS_MILLIS[aim]
    let turns = lasting === undefined ? 1 + random.below(TURNS_MAX) : 1
    const delayMillis = random.next() * (lasting ?? SOON_MILLIS)
    const child = this.#start(aim === 'closing' ? LAST_EPISODES : EPISODES_MAX)
    const watch = new Watch(child)
    let met: Moment | undefined
    watch.onMoment = moment => {
      if (moment !== aim || --turns !== 0) return
      setTimeout(() => {
        if (child.process.kill(signal)) met = watch.moment
      }, delayMillis)
    }
    const late = setTimeout(() => {
      this.#said.push(`still at ${watch.moment} after ${LIFE_MILLIS_MAX} ms`)
      child.process.kill('SIGKILL')
    }, LIFE_MILLIS_MAX)
    const end = await this.#over(child)
    clearTimeout(late)
    if (end.signal === 'SIGKILL') return watch.moment
    if (end.code !== 0) this.#said.push(`ended with ${end.signal ?? end.code} before ${aim}`)
    return signal === 'SIGKILL' ? undefined : met
  }

  /** After a kill, or a power cut. Nothing is changed. */
  async judge(asksOthers = true): Promise<string[]> {
    const { dir } = this.#task
    const problems = this.#said.splice(0)
    if (!existsSync(dataFile(dir))) return [...problems, ...this.#forgotten([])]
    const { ok, problems: damage } = await verifyLog(dir)
    if (!ok) problems.push(...damage.map(({ seq, message }) => `event ${seq}: ${message}`))
    problems.push(...(await this.#videos(false)))
    const events = (await readEvents(dir)).map(({ event }) => event)
    problems.push(...this.#forgotten(events))
    return [...problems, ...(await judgeDataset(dir, events, asksOthers)).problems]
  }

  #forgotten(events: readonly Event[]): string[] {
    const ended = new Set(events.map(event => event.type === 'episode_ended' && event.episode))
    const gone = [...this.#durable].filter(episode => !ended.has(episode))
    return gone.map(episode => `durable ${episode} has no end in the log`)
  }

  /** Lets the program come to its end; what is there then, and what became of all episodes. */
  async end(fates: Fates): Promise<string[]> {
    const { dir, keepFrames } = this.#task
    const { code } = await this.#over(this.#start(LAST_EPISODES))
    const problems = [...this.#said.splice(0), ...(code === 0 ? [] : [`ended with ${code}`])]
    if (!(await verifyLog(dir)).ok) problems.push('the log does not verify')
    problems.push(...(await this.#videos(true)))
    const events = (await readEvents(dir)).map(({ event }) => event)
    const { problems: strange, rows } = await judgeDataset(dir, events)
    problems.push(...strange)
    const witness = { durable: this.#durable, keepsFrames: keepFrames, rows }
    problems.push(...judgeEnd(events, witness, fates))
    return problems.map(problem => `at the end: ${problem}`)
  }

  #videos(isOver: boolean): Promise<string[]> {
    const { dir, keepFrames } = this.#task
    return judgeVideos(dir, {
      ...{ isOver, keepsFrames: keepFrames },
      shadeOf: ({ camera, episode, index }) => shadeOf(camera, episode, index),
    })
  }

  #start(episodes: number): Program {
    const task: RecordingTask = { ...this.#task, episodes }
    const plants = plantArgv([...tellingPlants, ...this.#plants])
    const argv = [...plants, recordingProgram, JSON.stringify(task)]
    return runCommand(
      'recording',
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      ...argv,
    )
  }

  async #over(child: Program) {
    const end = await child.exited
    for (const { durable, problem } of child.said) {
      if (typeof durable === 'number') this.#durable.add(durable)
      if (problem !== undefined && !expected.test(`${problem}`)) {
        this.#said.push(`told: ${problem}`)
      }
    }
    if (child.stderr() !== '') this.#said.push(child.stderr())
    return end
  }
}

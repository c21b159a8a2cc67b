// A run over long: it records, encodes and makes a dataset, while viewers come and go and its actors
// are killed in turn, a round every few seconds. At the end of each round, when all of it is at rest,
// it is looked at from outside what it holds; and in the end, whether all is there that was told.
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readMemory } from '../../bench/process-memory.ts'
import { MIB } from '../../src/base/bytes.ts'
import { describeError } from '../../src/base/errors.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { ActorName } from '../../src/runtime/topology.ts'
import { logStats } from '../../src/store/stats.ts'
import { type Connection, stayConnected } from '../supervision/stay-connected.ts'
import { judgeSoaked, tellDeaths } from './judge.ts'
import { growthOf, overgrown, type Sample } from './samples.ts'
import { Training, until } from './training.ts'

/** Four episodes a second, of a dozen steps each. */
const STEP_MILLIS = 20
/** More than five deaths in ten seconds end a run (P11); these are two. */
const ROUND_MILLIS = 5_000
const VIEWERS_MAX = 12
/** One of so many stops reading. */
const SLOW_EVERY = 5
const VIEWER_FPS = 30
const REST_MILLIS_MAX = 30_000
const END_MILLIS_MAX = 180_000
/** Of a soak that broke off. */
const DEATHS_TOLD = 5

/** Killed in turn; each dies now in one way, now in the other. */
export const allVictims: readonly ActorName[] = [
  ...(['encoder', 'broadcaster', 'recorder'] as const),
  ...(['dataset', 'aggregator', 'encoder-2'] as const),
]

export interface SoakOptions {
  /** An empty directory. */
  readonly dir: string
  readonly minutes: number
  readonly seed: number
  /** Who is killed in turn; nobody when it is empty. */
  readonly victims: readonly ActorName[]
  /** Told of each round. */
  readonly onRound: (round: SoakRound) => void
}

export interface SoakRound extends Sample {
  readonly rounds: number
  readonly kills: number
  readonly viewers: number
  readonly episodes: number
}

export interface SoakResult {
  /** Every promise that is broken, in words. */
  readonly problems: readonly string[]
  readonly samples: readonly Sample[]
  readonly figures: Readonly<Record<string, number>>
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const training = new Training({ dir: options.dir, stepMillis: STEP_MILLIS })
  try {
    return await conduct(training, options)
  } finally {
    await training.kill()
  }
}

async function conduct(
  training: Training,
  { dir, minutes, seed, victims, onRound }: SoakOptions,
): Promise<SoakResult> {
  const random = seededRandom(seed)
  const samples: Sample[] = []
  const kills: Record<string, number> = {}
  const sums = { rounds: 0, kills: 0, viewers: 0 }
  await training.started
  const startedAt = performance.now()
  const millis = (): number => performance.now() - startedAt
  try {
    while (millis() < minutes * 60_000) {
      const roundEndsAt = millis() + ROUND_MILLIS
      const actor = victims[sums.rounds % victims.length]
      const audience = new Audience(training.url, 1 + random.below(VIEWERS_MAX), random)
      try {
        await audience.seesFrames(REST_MILLIS_MAX)
        await sleep(random.below(500))
        if (actor !== undefined) {
          kills[actor] = (kills[actor] ?? 0) + 1
          const how = kills[actor] % 2 === 1 ? 'throw' : 'exit'
          training.order({ type: 'kill', actor, how })
          sums.kills++
        }
        await training.isAtRest(kills, REST_MILLIS_MAX)
        await audience.seesFrames(REST_MILLIS_MAX)
        // What still plays is what an audience sees; it leaves in the middle of it.
        await sleep(Math.max(0, roundEndsAt - millis() - 1_000))
      } finally {
        audience.leave()
      }
      await sleep(Math.max(500, roundEndsAt - millis()))
      const { spilledBytes, episodes } = await training.isAtRest(kills, REST_MILLIS_MAX)
      sums.rounds++
      sums.viewers += audience.size
      const held = await lookAt(training.pid, dir)
      const sample = { ...held, minutes: millis() / 60_000, spilledBytes }
      samples.push(sample)
      onRound({ ...sample, ...sums, episodes })
    }
    const { episodes } = await training.end(END_MILLIS_MAX)
    const { durable } = training
    const record = await judgeSoaked(dir, { episodes, durable, kills })
    const problems = [...training.problems, ...overgrown(samples), ...record.problems]
    const { events, rows, silent } = record
    const grown = Object.entries(growthOf(samples) ?? {}).map(([key, value]) => [
      key in samples[0]! ? `${key}Grown` : key,
      Math.round(value * 10) / 10,
    ])
    const figures = { ...sums, silent, episodes, events, rows, ...Object.fromEntries(grown) }
    return { problems, samples, figures }
  } catch (error) {
    const told = await tellDeaths(dir).catch(cause => [`its log: ${describeError(cause)}`])
    const deaths = told.slice(-DEATHS_TOLD)
    const problems = [...training.problems, describeError(error), ...deaths]
    return { problems, samples, figures: sums }
  }
}

/** What the process holds of the machine, and its log of the disk. */
async function lookAt(pid: number, dir: string): Promise<Omit<Sample, 'minutes' | 'spilledBytes'>> {
  const { fileBytes, eventBytes } = await logStats(dir)
  return {
    ownMib: readMemory(pid)?.own ?? Number.NaN,
    fds: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    logMib: fileBytes / MIB,
    eventMib: eventBytes / MIB,
  }
}

/** Viewers that come together and leave together; some of them stop reading. */
class Audience {
  readonly #members: Connection[]
  #frames = 0

  constructor(url: string, count: number, random: Random) {
    this.#members = Array.from({ length: count }, () =>
      stayConnected(url, 1 + random.below(VIEWER_FPS), () => this.#frames++),
    )
    for (const [number, member] of this.#members.entries()) {
      if (number % SLOW_EVERY === SLOW_EVERY - 1) member.stopReading()
    }
  }

  get size(): number {
    return this.#members.length
  }

  /** Resolves when somebody has seen a frame after this call. */
  async seesFrames(millisMax: number): Promise<void> {
    const before = this.#frames
    await until('a viewer sees a frame', millisMax, () => this.#frames > before)
  }

  leave(): void {
    for (const member of this.#members) member.close()
  }
}

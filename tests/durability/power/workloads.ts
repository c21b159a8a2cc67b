// What the recorded writers do, as data: the same name and seed give the same steps. All append the
// sequence of ../workload.ts, so whoever finds a crash image knows every byte that may be in it.
import { assert } from '../../../src/base/assert.ts'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import type { Durability, EpisodeRow, Snapshot } from '../../../src/store/event-log.ts'
import type { Workload } from '../workload.ts'

export type Step =
  | { readonly kind: 'open'; readonly durability: Durability }
  | {
      readonly kind: 'append'
      readonly count: number
      /** Nothing else happens until it is durable. */
      readonly wait: boolean
      /** A row and a snapshot are in the same contribution. */
      readonly fold: boolean
    }
  | { readonly kind: 'prune' }
  | { readonly kind: 'rest'; readonly millis: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'compact' }

interface Maker {
  readonly events: Workload
  readonly make: (random: Random) => Generator<Step>
}

/** Frames that a prune leaves. */
export const FRAMES_KEPT = 4

const open = (durability: Durability): Step => ({ kind: 'open', durability })
const append = (count: number, wait = true, fold = false): Step => ({
  kind: 'append',
  count,
  wait,
  fold,
})

const makers: Readonly<Record<string, Maker>> = {
  single: {
    events: 'steps',
    *make() {
      yield open('sync')
      for (let i = 0; i < 150; i++) yield append(1)
    },
  },
  groups: {
    events: 'steps',
    *make(random) {
      yield open('group')
      for (let i = 0; i < 160; i++) yield append(1 + random.below(8), random.below(4) === 0)
    },
  },
  frames: {
    events: 'frames',
    *make(random) {
      yield open('group')
      for (let i = 0; i < 24; i++) yield append(1 + random.below(2), random.below(3) > 0)
    },
  },
  folds: {
    events: 'frames',
    *make(random) {
      yield open('group')
      for (let i = 1; i <= 45; i++) {
        yield append(1 + random.below(3), random.below(3) > 0, random.below(2) === 0)
        if (i % 5 === 0) yield { kind: 'prune' }
      }
    },
  },
  reopened: {
    events: 'frames',
    *make(random) {
      for (let cycle = 1; cycle <= 12; cycle++) {
        yield open(cycle % 2 === 0 ? 'group' : 'sync')
        const appends = random.below(6)
        for (let i = 0; i < appends; i++) yield append(1, random.below(2) === 0, i === 2)
        if (cycle % 3 === 0) yield { kind: 'prune' }
        yield { kind: 'close' }
        if (cycle % 4 === 0) yield { kind: 'compact' }
      }
      yield open('group')
      yield append(1)
    },
  },
  /** Bursts and rests of the level that a power cut may take a second of. */
  relaxed: {
    events: 'frames',
    *make(random) {
      for (let cycle = 0; cycle < 2; cycle++) {
        yield open('relaxed')
        for (let burst = 0; burst < 2; burst++) {
          const appends = 1 + random.below(8)
          for (let i = 0; i < appends; i++) yield append(1 + random.below(2), i % 3 === 0)
          yield { kind: 'rest', millis: random.below(1300) }
        }
        if (cycle === 0) yield { kind: 'close' }
      }
    },
  },
}

/** The workloads that are durable to the last acknowledged event. */
export const strictWorkloads = Object.keys(makers).filter(name => name !== 'relaxed')

function makerOf(name: string): Maker {
  const maker = makers[name]
  assert(maker, `no workload ${name}`)
  return maker
}

/** Which of the two sequences a workload appends. */
export const eventsOf = (name: string): Workload => makerOf(name).events

export const stepsOf = (name: string, seed: number): Step[] => [
  ...makerOf(name).make(seededRandom(seed)),
]

/** What stands beside the events in a contribution with a fold that ends with event `seq`. */
export function foldAt(seq: number): { row: EpisodeRow; snapshot: Snapshot } {
  const bytes = Buffer.alloc(100 + ((seq * 997) % 9000), seq)
  return {
    row: { episode: seq, bytes: bytes.subarray(0, 90) },
    snapshot: { name: 'fold', version: 1, position: seq, bytes },
  }
}

/** The last events of all contributions with a fold. */
export function foldsOf(name: string, seed: number): number[] {
  const folds: number[] = []
  let seq = 0
  for (const step of stepsOf(name, seed)) {
    if (step.kind !== 'append') continue
    seq += step.count
    if (step.fold) folds.push(seq)
  }
  return folds
}

// How a step gets from the trainer's thread to another: by the ring, whose writer puts its numbers
// where the reader finds them, beside postMessage of the same object, one by one and 64 at a time.
// structuredClone is what any message costs at least: it is the copy alone, and goes nowhere.
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { assert } from '../../src/base/assert.ts'
import { systemClock } from '../../src/base/clock.ts'
import { tagOf } from '../../src/protocol/codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { STEP_HEADER_BYTES, writeValues } from '../../src/protocol/step-layout.ts'
import { RingInlet } from '../../src/streams/ring/inlet.ts'
import { createRing, RECORD_HEADER_BYTES } from '../../src/streams/ring/layout.ts'
import { type HandOverTask, REWARD_OFFSET, Tally } from '../hand-over.thread.ts'
import { interleave } from '../interleave.ts'
import { type BenchStep, newStep, STEP_RECORD_BYTES, varyStep } from '../material.ts'
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

const STEP_TAG = tagOf('step_taken')
const BATCH = 64
/** Steps without a pause, when what they cost the producer is measured. */
const BURST = 1000
const SIZES = [64, 256, 1024, 4096, 16_384, 65_536]

/** One way to hand over, with a consumer in a thread of its own. */
interface Way {
  /** Hands a step over; what is held back goes by `flush`. */
  readonly give: (step: BenchStep) => void
  readonly flush: () => void
  readonly tally: Tally
  readonly close: () => Promise<void>
}

const wayNames = ['ring', 'postMessage', 'postMessage64'] as const
type WayName = (typeof wayNames)[number]

export async function ring(settings: BenchSettings): Promise<SuiteResult> {
  const { small } = settings
  const rounds = settings.pairs ?? (small ? 1 : 8)
  const flood = small ? 2000 : 200_000
  const bursts = small ? 2 : 50
  const ways = { ring: openRing(), postMessage: openPort(1), postMessage64: openPort(BATCH) }
  const progress = (what: string) => (round: number) =>
    settings.onProgress(`ring: ${what}, round ${round} of ${rounds}`)
  const each = <T>(make: (way: Way) => T): Record<WayName, T> => ({
    ring: make(ways.ring),
    postMessage: make(ways.postMessage),
    postMessage64: make(ways.postMessage64),
  })
  const rates = await interleave(
    each(way => () => floodOver(way, flood)),
    rounds,
    progress('flood'),
  )
  const nanos = await interleave(
    {
      ...each(way => () => burstOver(way, bursts)),
      structuredClone: async () => timeClones(small ? 1000 : 20_000),
    },
    rounds,
    progress('bursts'),
  )
  await Promise.all(Object.values(ways).map(way => way.close()))
  const rate = figure('ring.events_per_second', 'events/s', rates.ring)
  const cost = figure('ring.producer_nanos', 'ns', nanos.ring)
  return {
    figures: [
      comparedFigure(rate, 'postMessage', rates.ring, rates.postMessage),
      comparedFigure(rate, 'postMessage64', rates.ring, rates.postMessage64),
      comparedFigure(cost, 'postMessage', nanos.ring, nanos.postMessage),
      comparedFigure(cost, 'postMessage64', nanos.ring, nanos.postMessage64),
      comparedFigure(cost, 'structuredClone', nanos.ring, nanos.structuredClone),
      heapFigure('ring'),
    ],
    notes: [
      describeRatios(rate.name, 'postMessage', rates.ring, rates.postMessage),
      describeRatios(cost.name, 'postMessage', nanos.ring, nanos.postMessage),
      `a step of 20 numbers and two lists of names, ${STEP_RECORD_BYTES} B as a record; ${rounds} rounds`,
      `events_per_second: ${flood} steps as fast as they go, until the other thread has them all`,
      `producer_nanos: what a step costs the producer, in bursts of ${BURST} with the consumer idle` +
        ' again before the next',
      `postMessage64: ${BATCH} steps in one message, copied objects and all`,
      'every round counts the steps and sums their rewards in the other thread',
    ],
  }
}

/** Steps a second, from the first given to the last arrived. */
async function floodOver(way: Way, count: number): Promise<number> {
  const step = newStep()
  const arrived = way.tally.count
  const sumBefore = way.tally.rewardSum
  let sum = 0
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    varyStep(step, i)
    sum += step.reward
    way.give(step)
  }
  way.flush()
  way.tally.waitFor(arrived + count)
  const seconds = (performance.now() - startedAt) / 1000
  assert(way.tally.count === arrived + count, 'each arrives once')
  assert(way.tally.rewardSum - sumBefore === sum, 'with its reward')
  // A port frees what it has sent in its thread's next turn.
  await turn()
  return count / seconds
}

/** Nanoseconds a step inside the producer's calls. */
async function burstOver(way: Way, bursts: number): Promise<number> {
  const step = newStep()
  let millis = 0
  for (let burst = 0; burst < bursts; burst++) {
    const due = way.tally.count + BURST
    const startedAt = performance.now()
    for (let i = 0; i < BURST; i++) {
      varyStep(step, i)
      way.give(step)
    }
    way.flush()
    millis += performance.now() - startedAt
    way.tally.waitFor(due)
    await turn()
  }
  return (1e6 * millis) / (bursts * BURST)
}

function timeClones(count: number): number {
  const step = newStep()
  let sum = 0
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    varyStep(step, i)
    sum += structuredClone(step).reward
  }
  const nanos = (1e6 * (performance.now() - startedAt)) / count
  assert(sum > 0, 'the clones have rewards')
  return nanos
}

const startConsumer = (task: HandOverTask): Worker =>
  new Worker(new URL('../hand-over.thread.ts', import.meta.url), { workerData: task })

/** A ring as the recorder's, and its writer waiting where it is full. */
function openInlet(): { readonly inlet: RingInlet; readonly tally: Tally; close(): Promise<void> } {
  const buffer = createRing({ capacityBytes: limits.ringBytes, ringId: 1 })
  const inlet = new RingInlet(buffer, { clock: systemClock, policy: { kind: 'block' } })
  const tally = new SharedArrayBuffer(Tally.bytes)
  const worker = startConsumer({ ring: buffer, tally })
  return {
    inlet,
    tally: new Tally(tally),
    async close() {
      const ended = once(worker, 'exit')
      inlet.writer.close()
      await ended
    },
  }
}

function openRing(): Way {
  const { inlet, tally, close } = openInlet()
  const give = (step: BenchStep): void => {
    const at = inlet.claim(STEP_RECORD_BYTES - RECORD_HEADER_BYTES)
    assert(at >= 0, 'the ring has room, or waits for it')
    const { floats, words } = inlet
    floats[at >>> 3] = 0
    words[(at + 8) >>> 2] = 1
    words[(at + 12) >>> 2] = 1
    words[(at + 16) >>> 2] = 0
    words[(at + 20) >>> 2] = 0
    floats[(at + REWARD_OFFSET) >>> 3] = step.reward
    floats[(at + 32) >>> 3] = 0
    writeValues(floats, (at + STEP_HEADER_BYTES) >>> 3, step)
    inlet.commit(STEP_TAG)
  }
  return { give, flush: () => {}, tally, close }
}

function openPort(batch: number): Way {
  const shared = new SharedArrayBuffer(Tally.bytes)
  const worker = startConsumer({ ring: undefined, tally: shared })
  let held: BenchStep[] = []
  const flush = (): void => {
    if (held.length > 0) worker.postMessage(held)
    held = []
  }
  const copyOf = (step: BenchStep): BenchStep => ({
    ...step,
    position: step.position.slice(),
    qValues: step.qValues.slice(),
    meters: { ...step.meters },
    observation: step.observation.slice(),
  })
  const gather = (step: BenchStep): void => {
    held.push(copyOf(step))
    if (held.length === batch) flush()
  }
  return {
    give: batch === 1 ? step => worker.postMessage(step) : gather,
    flush,
    tally: new Tally(shared),
    async close() {
      const ended = once(worker, 'exit')
      worker.postMessage(null)
      await ended
    },
  }
}

export const ringSweep: Sweep = async settings => {
  const { inlet, tally, close } = openInlet()
  const rounds = settings.pairs ?? (settings.small ? 1 : 4)
  const rates = new Map<number, number[]>()
  for (const bytes of SIZES) {
    settings.onProgress(`ring: ${bytes} B`)
    const payload = new Uint8Array(bytes)
    const count = Math.ceil(((settings.small ? 1 : 64) * 2 ** 20) / Math.max(bytes, 512))
    const samples: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const due = tally.count + count
      const startedAt = performance.now()
      for (let i = 0; i < count; i++) {
        const at = inlet.claim(bytes)
        assert(at >= 0, 'the ring has room, or waits for it')
        inlet.bytes.set(payload, at)
        inlet.commit(STEP_TAG)
      }
      tally.waitFor(due)
      samples.push((1e6 * (performance.now() - startedAt)) / count)
    }
    rates.set(bytes, samples.slice(1))
  }
  await close()
  return {
    growth: [growthOf('ring.event_nanos', 'ns', 'bytes a record', rates)],
    notes: ['event_nanos: as fast as it goes, until the other thread has seen them all'],
  }
}

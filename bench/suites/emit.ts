// Promise P9: what one call costs a trainer at worst. A million calls of step() at 20,000 a second,
// while every commit of the log takes two seconds (so the ring fills, then the spill, then steps
// are lost and counted), the encoder dies again and again and viewers watch; in turns with the
// same calls on a healthy run, and with the bare clock, which shows what the machine itself takes.
// The sweep: the same with more agents, each of which has episodes of its own.
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../../src/base/assert.ts'
import { MIB } from '../../src/base/bytes.ts'
import type { EventType } from '../../src/protocol/events.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { EPISODE_STEPS, newStep, varyStep } from '../material.ts'
import { inScratch } from '../scratch.ts'
import { quantileOf } from '../statistics.ts'
import {
  type BenchSettings,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'
import { Viewer } from '../viewer.ts'

const STEPS_PER_SECOND = 20_000
/** Healthy calls, and looks at the bare clock, for each call of the million. */
const CALM_SHARE = 1 / 4
/** Small enough for half a million steps to fill it and the spill. */
const RING_BYTES = 4 * MIB
const STALL_MILLIS = 2_000
const STALL_MILLIS_SMALL = 100
/** For what waits in ring and spill when the disk is well again. */
const DRAIN_MILLIS_MAX = 120_000
/** Below the supervisor's limit of five deaths in ten seconds. */
const ENCODER_DIES_EVERY_MILLIS = 2_500
const VIEWERS = 8
const MAX_FPS = 30
/** Of the sweep: agents that take the steps in turns, and faults that come as often as that allows. */
const AGENTS = [1, 4, 16, 50]
const SWEPT_CALLS = 60_000
const SWEPT_STALL_MILLIS = 500

/** What a run has to bear; and the encoder dies again and again. */
interface Hardship {
  readonly commitDelayMillis: number
  readonly viewers: number
}

/** Microseconds of single calls. */
interface Calls {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

interface Recorded extends Calls {
  /** Events whose loss the log tells; with those that it holds, all that were handed in. */
  readonly lostEvents: number
}

export async function emit(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 2)
  const calls = (settings.small ? 20_000 : 1_000_000) / rounds
  const calmCalls = calls * CALM_SHARE
  const stallMillis = settings.small ? STALL_MILLIS_SMALL : STALL_MILLIS
  const hurt: Recorded[] = []
  const healthy: Recorded[] = []
  const bare: Calls[] = []
  const hardship = { commitDelayMillis: stallMillis, viewers: VIEWERS }
  for (let round = 0; round < rounds; round++) {
    const turns: [string, () => Promise<unknown>][] = [
      ['all goes wrong', async () => hurt.push(await record(calls, 1, hardship))],
      ['healthy', async () => healthy.push(await record(calmCalls, 1))],
      ['the bare clock', async () => bare.push(await timeCalls(calmCalls, () => {}))],
    ]
    for (const [name, turn] of round % 2 === 0 ? turns : turns.toReversed()) {
      settings.onProgress(`emit: ${name}, round ${round + 1} of ${rounds}`)
      await turn()
    }
  }
  const all = (name: string, of: readonly Calls[]) =>
    (['p50', 'p99', 'p999', 'max'] as const).map(key =>
      figure(
        `emit.${name}${key}_micros`,
        'us',
        of.map(sample => sample[key]),
      ),
    )
  const lost = hurt.reduce((sum, { lostEvents }) => sum + lostEvents, 0)
  return {
    figures: [
      ...all('', hurt),
      ...all('healthy_', healthy),
      ...all('clock_', bare),
      heapFigure('emit'),
    ],
    notes: [
      `${rounds} x ${calls} calls of step() at ${STEPS_PER_SECOND}/s, each timed by itself`,
      `emit: every commit takes ${stallMillis} ms, the encoder dies every` +
        ` ${ENCODER_DIES_EVERY_MILLIS} ms, ${VIEWERS} viewers; ${lost} events found no room in` +
        ' ring or spill, as the log tells',
      `healthy: ${calmCalls} of the same calls, no fault and no viewer; clock: as many turns of the` +
        ' loop without the call',
      'every round is read back: events recorded and events told as lost are all that were handed in',
    ],
  }
}

/** Records `calls` steps of `agents` in turns. */
function record(calls: number, agents: number, hardship?: Hardship): Promise<Recorded> {
  return inScratch(async dir => {
    const options = checkOptions({
      dir,
      ringBytes: RING_BYTES,
      live: { port: 0 },
      handleSignals: false,
      closeMillisMax: 60_000,
      onProblem: () => {},
    })
    const commitDelayMillis = hardship?.commitDelayMillis ?? 0
    // Only while there are calls: nobody learns anything from a long wait at the end.
    const slowCommits = Math.ceil((1000 * calls) / STEPS_PER_SECOND / commitDelayMillis)
    const run = await start(options, { faults: true, commitDelayMillis, slowCommits })
    const viewers: Viewer[] = []
    for (let i = 0; i < (hardship?.viewers ?? 0); i++) {
      viewers.push(await Viewer.connect(run.url!, MAX_FPS))
    }
    const deaths = hardship ? ENCODER_DIES_EVERY_MILLIS : Number.POSITIVE_INFINITY
    const times = await step(run, calls, agents, deaths)
    await Promise.all(viewers.map(viewer => viewer.close()))
    assert(await run.flush(DRAIN_MILLIS_MAX), 'what ring and spill took becomes durable')
    await run.close()
    const { recorded, lostEvents } = await countEvents(dir)
    const handedIn = calls + 2 * agents * Math.ceil(calls / agents / EPISODE_STEPS)
    assert(recorded + lostEvents === handedIn, `${handedIn}: ${recorded}, ${lostEvents} lost`)
    return { ...times, lostEvents }
  })
}

async function step(run: Run, calls: number, agents: number, deathsEvery: number): Promise<Calls> {
  assert(calls % agents === 0, 'every agent takes as many steps')
  const recorders = Array.from({ length: agents }, (_, i) => run.recorder(`agent-${i}`))
  const input = newStep()
  let recorder = recorders[0]!
  let nextDeath = performance.now() + deathsEvery
  const times = await timeCalls(
    calls,
    () => recorder.step(input),
    index => {
      if (performance.now() > nextDeath) {
        nextDeath += deathsEvery
        run.host.crash('encoder', 'exit')
      }
      recorder = recorders[index % agents]!
      if (Math.floor(index / agents) % EPISODE_STEPS === 0) {
        if (index >= agents) recorder.end()
        recorder.begin()
      }
      varyStep(input, index)
    },
  )
  for (const each of recorders) each.end()
  return times
}

/** How a call at its worst goes with the number of agents. */
export const emitSweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 3)
  const commitDelayMillis = small ? STALL_MILLIS_SMALL : SWEPT_STALL_MILLIS
  const samples = new Map<number, Calls[]>((small ? [1, 2] : AGENTS).map(agents => [agents, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [agents, of] of round % 2 === 0 ? samples : [...samples].toReversed()) {
      onProgress(`emit: ${agents} agents, round ${round + 1} of ${rounds}`)
      const calls = Math.ceil((small ? 4000 : SWEPT_CALLS) / agents) * agents
      of.push(await record(calls, agents, { commitDelayMillis, viewers: 1 }))
    }
  }
  const growth = (key: keyof Calls) => {
    const values = [...samples].map(([at, of]) => [at, of.map(each => each[key])] as const)
    return growthOf(`emit.${key}_micros`, 'us', 'agents', new Map(values))
  }
  return {
    growth: (['p50', 'p99', 'p999'] as const).map(growth),
    notes: [
      `${SWEPT_CALLS} calls of step() at ${STEPS_PER_SECOND}/s, the agents in turns; every commit` +
        ` takes ${commitDelayMillis} ms, the encoder dies, a viewer watches`,
    ],
  }
}

/** Times each of `calls` calls at the pace of the bench; `before` is not timed. */
async function timeCalls(
  calls: number,
  call: () => void,
  before: (index: number) => void = () => {},
): Promise<Calls> {
  const micros = new Float64Array(calls)
  const startedAt = performance.now()
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  for (let index = 0; index < calls; index++) {
    const due = startedAt + (index * 1000) / STEPS_PER_SECOND
    // A trainer computes between its steps; sleeping in whole milliseconds is as near as we get.
    if (due - performance.now() > 1) Atomics.wait(sleep, 0, 0, 1)
    if (index % STEPS_PER_SECOND === 0) await delay(0)
    before(index)
    const from = performance.now()
    call()
    micros[index] = 1000 * (performance.now() - from)
  }
  const sorted = [...micros.toSorted()]
  const at = (fraction: number): number => quantileOf(sorted, fraction)
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
}

/** Events of the trainer that the log of `dir` holds, and those that it tells as lost. */
async function countEvents(dir: string): Promise<{ recorded: number; lostEvents: number }> {
  const reader = openLogReader(dir)
  const types = new Set<EventType>(['step_taken', 'episode_began', 'episode_ended'])
  let recorded = 0
  let lostEvents = 0
  for (const { event } of reader.events({ fromSeq: 1 })) {
    if (types.has(event.type)) recorded++
    if (event.type === 'gap_found') lostEvents += event.events
  }
  await reader.close()
  return { recorded, lostEvents }
}

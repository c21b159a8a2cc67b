// Promise P9: what one call costs a trainer at worst. A million calls of step() at 20,000 a second,
// while every commit of the log takes two seconds (so the ring fills, then the spill, then steps
// are lost and counted), the encoder dies again and again and viewers watch; in turns with the
// same calls on a healthy run, and with the bare clock, which shows what the machine itself takes.
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../../src/base/assert.ts'
import type { EventType } from '../../src/protocol/events.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { EPISODE_STEPS, newStep, varyStep } from '../material.ts'
import { inScratch } from '../scratch.ts'
import { quantileOf } from '../statistics.ts'
import { type BenchSettings, figure, heapFigure, type SuiteResult } from '../suite.ts'
import { Viewer } from '../viewer.ts'

const STEPS_PER_SECOND = 20_000
const STALL_MILLIS = 2_000
const STALL_MILLIS_SMALL = 100
/** Below the supervisor's limit of five deaths in ten seconds. */
const ENCODER_DIES_EVERY_MILLIS = 2_500
const VIEWERS = 8
const MAX_FPS = 30

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
  const stallMillis = settings.small ? STALL_MILLIS_SMALL : STALL_MILLIS
  const hurt: Recorded[] = []
  const healthy: Recorded[] = []
  const bare: Calls[] = []
  for (let round = 0; round < rounds; round++) {
    settings.onProgress(`emit: round ${round + 1} of ${rounds}`)
    const turns = [
      async () => hurt.push(await record(calls, stallMillis, VIEWERS, true)),
      async () => healthy.push(await record(calls, 0, 0, false)),
      async () => bare.push(await timeCalls(calls, () => {})),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
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
      'healthy: the same calls, no fault and no viewer; clock: the same loop without the call',
      'every round is read back: events recorded and events told as lost are all that were handed in',
    ],
  }
}

/** Records `calls` steps under the given conditions. */
function record(
  calls: number,
  commitDelayMillis: number,
  viewerCount: number,
  encoderDies: boolean,
): Promise<Recorded> {
  return inScratch(async dir => {
    const options = checkOptions({
      dir,
      live: { port: 0 },
      handleSignals: false,
      closeMillisMax: 300_000,
      onProblem: () => {},
    })
    const run = await start(options, { faults: true, commitDelayMillis })
    const viewers: Viewer[] = []
    for (let i = 0; i < viewerCount; i++) viewers.push(await Viewer.connect(run.url!, MAX_FPS))
    const deaths = encoderDies ? ENCODER_DIES_EVERY_MILLIS : Number.POSITIVE_INFINITY
    const times = await step(run, calls, deaths)
    await Promise.all(viewers.map(viewer => viewer.close()))
    await run.close()
    const { recorded, lostEvents } = await countEvents(dir)
    const handedIn = calls + 2 * Math.ceil(calls / EPISODE_STEPS)
    assert(recorded + lostEvents === handedIn, `${handedIn}: ${recorded}, ${lostEvents} lost`)
    return { ...times, lostEvents }
  })
}

async function step(run: Run, calls: number, deathsEvery: number): Promise<Calls> {
  const recorder = run.recorder('agent')
  const input = newStep()
  let nextDeath = performance.now() + deathsEvery
  const times = await timeCalls(
    calls,
    () => recorder.step(input),
    index => {
      if (performance.now() > nextDeath) {
        nextDeath += deathsEvery
        run.host.crash('encoder', 'exit')
      }
      if (index % EPISODE_STEPS === 0) {
        if (index > 0) recorder.end()
        recorder.begin()
      }
      varyStep(input, index)
    },
  )
  recorder.end()
  return times
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

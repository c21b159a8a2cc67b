// One message for many viewers: how many are delivered in a second, how old they are on arrival, and
// what one viewer that stops reading costs. The viewers are in a process of their own on the same
// processors; plain loops over `ws` do the same in turns (bench/broadcasters.ts).
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert } from '../../src/base/assert.ts'
import {
  type Broadcaster,
  FILMED_AGENT,
  type Gateway,
  openEach,
  openRollcast,
  openShared,
} from '../broadcasters.ts'
import { Crowd, type CrowdReport } from '../crowd.ts'
import { interleave } from '../interleave.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  type Figure,
  figure,
  heapFigure,
  type SuiteResult,
} from '../suite.ts'
import { monotonicMillis } from '../viewer.ts'

const STATES_PER_SECOND = 30
const MAX_FPS = 240
/** What may wait in the server for one viewer while all is sent as fast as it goes. */
const WAITING_BYTES_MAX = 128 * 1024
const MESSAGES_AT_ONCE = 8
/** Frames that are shown to a viewer that is stuck, and until it is. */
const FRAMES_MORE = 100
const FRAMES_MAX = 2000

const helloOf = (agent: string): string =>
  JSON.stringify({ type: 'hello', v: 1, max_fps: MAX_FPS, agent })

/** Who broadcasts, in turns; each has viewers of its own. */
type Contenders = Readonly<Record<'rollcast' | 'shared' | 'each', Broadcaster>>

export async function fanout(settings: BenchSettings): Promise<SuiteResult> {
  const { small } = settings
  const rounds = settings.pairs ?? (small ? 1 : 5)
  const [some, many] = small ? [20, 40] : [500, 1000]
  const seconds = small ? 0.2 : 2
  const crowd = new Crowd()
  try {
    const flood = await measure(crowd, some, rounds, settings, ({ broadcaster, name }) =>
      saturate(crowd, name, broadcaster, some, small ? 20 : 160),
    )
    const atSome = await paced(crowd, some, rounds, seconds, settings, '')
    const atMany = await paced(crowd, many, Math.ceil(rounds / 2), seconds, settings, `_${many}`)
    const slow = await stopReading(crowd, some, Math.ceil(rounds / 2), seconds, settings)
    const speed = figure('fanout.messages_per_second', 'messages/s', flood.rollcast)
    return {
      figures: [
        comparedFigure(speed, 'ws-shared', flood.rollcast, flood.shared),
        comparedFigure(speed, 'ws-each', flood.rollcast, flood.each),
        ...atSome,
        ...atMany,
        ...slow,
        heapFigure('fanout'),
      ],
      notes: [
        describeRatios(speed.name, 'ws-shared', flood.rollcast, flood.shared),
        describeRatios(speed.name, 'ws-each', flood.rollcast, flood.each),
        `${some} viewers in one other process; about 2 KB a message, from publishing to the client`,
        `messages_per_second: messages that keep their order, all of which arrive; the others: states` +
          ` at ${STATES_PER_SECOND} Hz for ${seconds} s, ${many} viewers where it says so`,
        'slow_viewer_mib: what the server holds more when one viewer of 100-KB frames reads nothing,' +
          ` ${FRAMES_MORE} frames after the kernel took its last; slow_others_ratio: p99 of the` +
          ' others then over theirs before',
      ],
    }
  } finally {
    await crowd.close()
  }
}

interface Turn {
  readonly name: keyof Contenders
  readonly broadcaster: Broadcaster
}

/** Samples of all contenders, one a round, with `viewers` connected to each. */
async function measure<S>(
  crowd: Crowd,
  viewers: number,
  rounds: number,
  settings: BenchSettings,
  sample: (turn: Turn) => Promise<S>,
  names: readonly (keyof Contenders)[] = ['rollcast', 'shared', 'each'],
): Promise<Record<keyof Contenders, S[]>> {
  const openers = { rollcast: () => openRollcast(), shared: openShared, each: openEach }
  const samples: Record<keyof Contenders, S[]> = { rollcast: [], shared: [], each: [] }
  const opened = new Map<keyof Contenders, Broadcaster>()
  try {
    for (const name of names) {
      const broadcaster = await openers[name]()
      opened.set(name, broadcaster)
      await crowd.connect(name, broadcaster.port, viewers, helloOf('agent'))
    }
    const turns = [...opened].map(([name, broadcaster]) => ({ name, broadcaster }))
    const contenders = Object.fromEntries(
      turns.map(turn => [
        turn.name,
        async () => {
          samples[turn.name].push(await sample(turn))
          return 0
        },
      ]),
    )
    await interleave(contenders, rounds, round =>
      settings.onProgress(`fanout: ${viewers} viewers, round ${round} of ${rounds}`),
    )
  } finally {
    for (const [name, broadcaster] of opened) {
      await crowd.tell('leave', name)
      await broadcaster.close()
    }
  }
  // The first round warms up.
  for (const name of names) samples[name].shift()
  return samples
}

/** Messages delivered in a second, as fast as it goes; none is lost. */
async function saturate(
  crowd: Crowd,
  group: string,
  broadcaster: Broadcaster,
  viewers: number,
  messages: number,
): Promise<number> {
  await crowd.tell('count', group)
  const reached = crowd.reach(group, messages * viewers)
  const startedAt = monotonicMillis()
  for (let sent = 0; sent < messages; sent++) {
    broadcaster.insight()
    if (sent % MESSAGES_AT_ONCE !== 0) continue
    do await new Promise(resolve => setImmediate(resolve))
    while (broadcaster.waiting().some(bytes => bytes > WAITING_BYTES_MAX))
  }
  const { lastAt } = await reached
  return (1000 * messages * viewers) / (lastAt - startedAt)
}

/** Ages of states at their usual pace, beside those of a loop that serialises once. */
async function paced(
  crowd: Crowd,
  viewers: number,
  rounds: number,
  seconds: number,
  settings: BenchSettings,
  suffix: string,
): Promise<Figure[]> {
  const { rollcast, shared } = await measure(
    crowd,
    viewers,
    rounds,
    settings,
    ({ name, broadcaster }) =>
      watch(crowd, name, viewers, seconds, step => broadcaster.state(step)),
    ['rollcast', 'shared'],
  )
  const compare = (what: 'mean' | 'p99'): Figure => {
    const own = rollcast.map(report => report[what])
    const peer = shared.map(report => report[what])
    return comparedFigure(
      figure(`fanout.${what}_millis${suffix}`, 'ms', own),
      'ws-shared',
      own,
      peer,
    )
  }
  return [compare('mean'), compare('p99')]
}

/** Publishes for so long; what the group got of it, which is nearly all. */
async function watch(
  crowd: Crowd,
  group: string,
  viewers: number,
  seconds: number,
  publish: (step: number) => void,
): Promise<CrowdReport> {
  await crowd.tell('count', group)
  const states = Math.ceil(seconds * STATES_PER_SECOND)
  const startedAt = performance.now()
  for (let step = 0; step < states; step++) {
    const due = startedAt + (step * 1000) / STATES_PER_SECOND
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    publish(step)
  }
  const report = await crowd.settle(group)
  const share = report.messages / (states * viewers)
  assert(share > 0.9 && share <= 1, `${group}: ${report.messages} of ${states * viewers} arrived`)
  return report
}

/** One among many stops reading, though it gets frames: what it holds, and what the others feel. */
async function stopReading(
  crowd: Crowd,
  viewers: number,
  rounds: number,
  seconds: number,
  settings: BenchSettings,
): Promise<Figure[]> {
  const held: number[] = []
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    settings.onProgress(`fanout: one stops reading, round ${round + 1} of ${rounds}`)
    const gateway = await openRollcast()
    await crowd.connect('others', gateway.port, viewers - 1, helloOf('agent'))
    await crowd.connect('slow', gateway.port, 1, helloOf(FILMED_AGENT))
    const showAll = (step: number): void => {
      gateway.film(step)
      gateway.state(step)
    }
    const watchOthers = () => watch(crowd, 'others', viewers - 1, seconds, showAll)
    await watchOthers()
    const before = await watchOthers()
    const bytesBefore = bytesInUse()
    await crowd.read('slow', 0)
    await fill(gateway)
    held.push(Math.max(0, bytesInUse() - bytesBefore) / 2 ** 20)
    const during = await watchOthers()
    ratios.push(during.p99 / before.p99)
    await crowd.tell('leave', 'slow')
    await crowd.tell('leave', 'others')
    await gateway.close()
  }
  return [
    figure('fanout.slow_viewer_mib', 'MiB', held),
    figure('fanout.slow_others_ratio', 'x', ratios),
  ]
}

/** Shows frames until the kernel takes no more of them for the one that does not read, and more. */
async function fill(gateway: Gateway): Promise<void> {
  let stuck = 0
  for (let index = 0; stuck < FRAMES_MORE; index++) {
    assert(index < FRAMES_MAX, `the kernel has taken ${index} frames for one that does not read`)
    gateway.film(index)
    await new Promise(resolve => setTimeout(resolve, 1000 / MAX_FPS))
    if (gateway.waiting().some(bytes => bytes > 0)) stuck++
  }
}

/** What this process holds after a collection. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

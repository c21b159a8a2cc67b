// One message for many viewers: how many are delivered in a second, how old they are on arrival, and
// what one viewer that stops reading costs. The viewers are in a process of their own on the same
// processors; plain loops over `ws` do the same in turns (bench/broadcasters.ts).
import {
  AGENT,
  type Broadcaster,
  helloOf,
  openEach,
  openRollcast,
  openShared,
} from '../broadcasters.ts'
import { Crowd, STATES_PER_SECOND, watchCrowd } from '../crowd.ts'
import { interleave } from '../interleave.ts'
import { FRAMES_MORE, stopReading } from '../slow-viewer.ts'
import { openSocketIo } from '../socket-io.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  type Figure,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'
import { monotonicMillis } from '../viewer.ts'

/** What may wait in the server for one viewer while all is sent as fast as it goes. */
const WAITING_BYTES_MAX = 128 * 1024
const MESSAGES_AT_ONCE = 8
/** Of the sweep. */
const VIEWERS = [10, 50, 200, 500, 1000]
/** What the sweep delivers to all viewers together, at each size. */
const DELIVERED = 80_000

/** Who broadcasts, in turns; each has viewers of its own. */
type Contenders = Readonly<Record<'rollcast' | 'shared' | 'each' | 'io', Broadcaster>>

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
        comparedFigure(speed, 'socket.io', flood.rollcast, flood.io),
        ...atSome,
        ...atMany,
        ...slow,
        heapFigure('fanout'),
      ],
      notes: [
        describeRatios(speed.name, 'ws-shared', flood.rollcast, flood.shared),
        describeRatios(speed.name, 'ws-each', flood.rollcast, flood.each),
        describeRatios(speed.name, 'socket.io', flood.rollcast, flood.io),
        `${some} viewers in one other process; about 2 KB a message, from publishing to the client`,
        `messages_per_second: messages that keep their order, all of which arrive; the others: states` +
          ` at ${STATES_PER_SECOND} Hz for ${seconds} s, ${many} viewers where it says so`,
        'slow_viewer_mib: what the server holds more when one viewer of 100-KB frames reads nothing,' +
          ` ${FRAMES_MORE} frames after the kernel took its last; slow_others_ratio: p99 of the` +
          ' others then over theirs while nobody is stuck, each of all such times together;' +
          ' slow_others_same_ratio: of one half of the times in which nobody is, over the other',
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
  names: readonly (keyof Contenders)[] = ['rollcast', 'shared', 'each', 'io'],
): Promise<Record<keyof Contenders, S[]>> {
  const openers = {
    rollcast: () => openRollcast(),
    shared: openShared,
    each: openEach,
    io: openSocketIo,
  }
  const samples: Record<keyof Contenders, S[]> = { rollcast: [], shared: [], each: [], io: [] }
  const opened = new Map<keyof Contenders, Broadcaster>()
  try {
    for (const name of names) {
      const broadcaster = await openers[name]()
      opened.set(name, broadcaster)
      const { hello, path } = broadcaster.entrance ?? { hello: helloOf(AGENT), path: '/ws' }
      await crowd.connect(name, broadcaster.port, viewers, hello, path)
      await broadcaster.joined?.(viewers)
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
      await crowd.leave(name)
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
  await crowd.count(group)
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
      watchCrowd(crowd, name, { viewers, seconds }, step => broadcaster.state(step)),
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

/** How the rate, and the age of a state, go with the number of viewers. */
export const fanoutSweep: Sweep = async settings => {
  const { small } = settings
  const rounds = settings.pairs ?? (small ? 1 : 3)
  const rates = new Map<number, number[]>()
  const ages = new Map<number, number[]>()
  const crowd = new Crowd()
  try {
    for (const viewers of small ? [5, 10] : VIEWERS) {
      const messages = Math.ceil((small ? 100 : DELIVERED) / viewers)
      const own = ['rollcast'] as const
      const flood = await measure(
        ...([crowd, viewers, rounds, settings] as const),
        ({ name, broadcaster }) => saturate(crowd, name, broadcaster, viewers, messages),
        own,
      )
      const paced = await measure(
        ...([crowd, viewers, rounds, settings] as const),
        ({ name, broadcaster }) =>
          watchCrowd(crowd, name, { viewers, seconds: small ? 0.2 : 1 }, step =>
            broadcaster.state(step),
          ),
        own,
      )
      rates.set(viewers, flood.rollcast)
      ages.set(
        viewers,
        paced.rollcast.map(({ p99 }) => p99),
      )
    }
  } finally {
    await crowd.close()
  }
  return {
    growth: [
      growthOf('fanout.messages_per_second', 'messages/s', 'viewers', rates),
      growthOf('fanout.p99_millis', 'ms', 'viewers', ages),
    ],
    notes: [
      `p99: states at ${STATES_PER_SECOND} Hz; about 2 KB a message; the viewers on the same processors`,
    ],
  }
}

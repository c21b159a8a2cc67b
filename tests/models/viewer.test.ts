// Viewer sessions on a real hub, lane and playback: invariants 12, 13 and 20 of spec/reliability.md.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import type { PreparedMessage } from '../../src/gateway/prepared-message.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { figure } from '../faults/figures.ts'
import {
  CAMPAIGN_MILLIS,
  command,
  commandLists,
  expectViolation,
  Invariants,
  repeat,
  times,
} from './campaign.ts'
import type { SlowSocket } from './viewer/slow-socket.ts'
import { type ViewerPlants, ViewerWorld } from './viewer/world.ts'

type World = ViewerWorld
const viewer = fc.nat(2)
const agent = fc.nat(1)
const delivery = fc.constantFrom('newest', 'newest', 'paced', 'whole')
/** Of whom, and which episodes; one expression cannot be read. */
const wishes = [
  ...[{ agent: null }, { agent: 'agent-0' }, { agent: 'agent-1' }],
  ...[{ agents: ['agent-1', 'agent-0'] }, { agents: 'all' }],
  ...[{ where: 'length > 3' }, { where: 'best(2) or stage changed' }, { where: '(' }],
  { where: null },
]
const plain = (name: string, run: (world: World) => Promise<void>) =>
  fc.constant(command(name, run))

const commands = [
  ...repeat(
    3,
    fc
      .tuple(viewer, delivery, fc.boolean())
      .map(([who, how, resume]) =>
        command<World>(`${who} ${resume ? 'comes back' : 'comes'} for ${how}`, world =>
          world.connect(who, how, resume),
        ),
      ),
  ),
  viewer.map(who => command<World>(`${who} hangs up`, world => world.hangUp(who))),
  viewer.map(who =>
    command<World>(`${who} is away for a moment`, async world => {
      await world.hangUp(who)
      await world.step(0, 2)
      await world.insights(3, 10)
      await world.connect(who, 'newest', true)
    }),
  ),
  ...repeat(
    4,
    fc
      .tuple(viewer, fc.oneof(fc.nat(5), fc.constant(1_000)))
      .map(([who, count]) =>
        command<World>(`${who} reads ${count}`, world => world.read(who, count)),
      ),
  ),
  ...repeat(
    8,
    plain('everybody reads', world => world.everybodyReads()),
  ),
  fc
    .tuple(viewer, delivery, fc.constantFrom(...wishes))
    .map(([who, how, wish]) =>
      command<World>(`${who} wants ${how} of ${JSON.stringify(wish)}`, world =>
        world.prefer(who, { delivery: how, ...wish }),
      ),
    ),
  fc
    .tuple(viewer, fc.constantFrom('list_episodes' as const, 'get_episode' as const))
    .map(([who, kind]) => command<World>(`${who} asks ${kind}`, world => world.ask(who, kind))),
  fc
    .boolean()
    .map(fail =>
      command<World>(`the log ${fail ? 'fails' : 'answers'}`, world => world.answer(fail)),
    ),
  ...repeat(
    6,
    fc
      .tuple(agent, fc.integer({ min: 1, max: 6 }))
      .map(([who, count]) =>
        command<World>(`agent ${who} steps ${count}`, world => world.step(who, count)),
      ),
  ),
  ...repeat(
    2,
    agent.map(who => command<World>(`agent ${who} ends`, world => world.end(who))),
  ),
  ...repeat(
    3,
    fc
      .double({ min: 0, max: 1, noNaN: true })
      .map(share => command<World>(`project ${share}`, world => world.project(share))),
  ),
  fc
    .constantFrom(3, 30, 300)
    .map(count => command<World>(`${count} episodes`, world => world.busy(count))),
  ...repeat(
    2,
    fc
      .constantFrom<[number, number]>([1, 10], [3, 400_000], [600, 10])
      .map(([count, bytes]) =>
        command<World>(`${count} insights of ${bytes} B`, world => world.insights(count, bytes)),
      ),
  ),
  plain('news of the system', world => world.tell()),
  plain('a new epoch', world => world.newEpoch()),
  ...repeat(
    3,
    fc
      .constantFrom(50, 300, 1_100, 12_000)
      .map(ms => command<World>(`${ms} ms pass`, world => world.pass(ms))),
  ),
  ...repeat(
    2,
    plain('all is calm', world => world.calm()),
  ),
]

/** Of what waits for all together: what it is, and such that a viewer alone may near or pass. */
const bounds = [undefined, 1.25 * MIB, 0.75 * MIB]

const property = (invariants: Invariants, plants: ViewerPlants = {}) =>
  fc.asyncProperty(
    fc.boolean(),
    fc.constantFrom(...bounds),
    commandLists(commands, 40),
    async (warm, queuedBytesMax, list) => {
      const world = new ViewerWorld(invariants, { ...plants, queuedBytesMax })
      if (warm) await world.warmUp()
      await fc.asyncModelRun(() => ({ model: world, real: world }), list)
      await world.finish()
    },
  )

describe('viewer sessions as a model', () => {
  test(
    'U2 U3 U11 P10 P13 each viewer gets what it must, whoever stalls, goes and comes back',
    async () => {
      const invariants = new Invariants()
      const params = times(200, 5_000)
      await fc.assert(property(invariants), params)
      const seen = ['fresh', 'resume', 'resync', `closed${closeCodes.tooSlow}`, 'crowded']
      for (const wanted of seen) {
        expect(invariants.figures[wanted], wanted).toBeGreaterThan(0)
      }
      figure('M.viewer', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )
})

describe('what the models of viewers have found', () => {
  const regression = async (script: (world: World) => Promise<void>): Promise<void> => {
    const world = new ViewerWorld(new Invariants())
    await script(world)
    await world.finish()
  }

  test('seed 2104724259: who reads too slowly for all that must keep its order starts over', () =>
    regression(async world => {
      await world.connect(0, 'newest', false)
      await world.insights(3, 400_000)
      await world.busy(3)
      await world.insights(600, 10)
    }))

  test('seed 798655113: who came before the first projection and left before it starts over', () =>
    regression(async world => {
      await world.step(0, 1)
      await world.end(0)
      await world.step(0, 1)
      await world.connect(1, 'newest', false)
      await world.tell()
      await world.read(1, 10)
      await world.busy(3)
      await world.connect(1, 'newest', true)
    }))

  test('seed -1161047370: a link that breaks in the first messages has reached no position', () =>
    regression(async world => {
      await world.busy(300)
      await world.connect(1, 'newest', false)
      await world.read(1, 4)
      await world.connect(1, 'newest', true)
    }))

  test('U2 who comes back is told the insights that were given meanwhile', () =>
    regression(async world => {
      await world.busy(3)
      await world.connect(0, 'newest', false)
      await world.insights(2, 10)
      await world.step(0, 3)
      await world.tell()
      await world.everybodyReads()
      await world.pass(500)
      await world.everybodyReads()
      await world.hangUp(0)
      await world.step(0, 3)
      await world.insights(3, 10)
      await world.connect(0, 'newest', true)
    }))

  test('a request that fails while its viewer is stalled is answered all the same', () =>
    regression(async world => {
      await world.connect(0, 'newest', false)
      await world.everybodyReads()
      await world.ask(0, 'get_episode')
      await world.insights(3, 400_000)
      await world.pass(1_100)
      await world.answer(true)
    }))
})

describe('a model of viewers notices', () => {
  const planted = (invariant: number, plantSocket: ViewerPlants['plantSocket'] & {}) =>
    expectViolation(invariant, property(new Invariants(), { plantSocket }))
  /** Something between the hub and the peer that sends some messages and not others. */
  const sending =
    (isSent: (message: PreparedMessage, ordinal: number) => number) => (socket: SlowSocket) => {
      let ordinal = 0
      const send = socket.send.bind(socket)
      socket.send = message => {
        const copies = isSent(message, ++ordinal)
        for (let i = 0; i < copies; i++) send(message)
      }
      return socket
    }
  const holds = ({ payload }: PreparedMessage, text: string): boolean =>
    Buffer.from(payload).includes(text)

  test('invariant 12: a milestone that gets lost', () =>
    planted(
      12,
      sending((message, ordinal) => (holds(message, '"milestone"') && ordinal % 5 === 0 ? 0 : 1)),
    ))

  test('invariant 12: an insight that gets lost', () =>
    planted(
      12,
      sending((message, ordinal) => (holds(message, '"insight"') && ordinal % 5 === 0 ? 0 : 1)),
    ))

  test('invariant 13: a state that is shown again after a newer one', () => {
    let old: PreparedMessage | undefined
    return planted(13, socket => {
      const send = socket.send.bind(socket)
      socket.send = message => {
        send(message)
        if (!holds(message, '"state_update"')) return
        if (old && socket.unread < 50) send(old)
        old ??= message
      }
      return socket
    })
  })
  test('invariant 20: a hub that lets more wait for all together than it may', () =>
    expectViolation(20, property(new Invariants(), { boundless: true }), 'for all viewers'))

  test('invariant 20: a socket that stays when it is cut, and counts no more', () =>
    planted(20, socket => {
      socket.terminate = () => {}
      return socket
    }))

  test('invariant 20: a socket that says that it is empty', () =>
    planted(
      20,
      socket =>
        new Proxy(socket, {
          get(target, name) {
            if (name === 'bufferedAmount') return 0
            const value = target[name as keyof SlowSocket]
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
    ))
})

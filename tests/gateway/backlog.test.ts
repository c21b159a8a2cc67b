// What waits for all viewers together: what it counts, who gives way near its bound and at it, and what
// is refused meanwhile.
import { beforeEach, describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import type { History } from '../../src/gateway/publication.ts'
import { materialBytes } from '../../src/protocol/answer-bytes.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { type FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { advance, connect, hub, openHub, publish } from './hub-fixture.ts'
import { frameOf, insightOf, materialOf, noHistory } from './stage.ts'

const BYTES_MAX = 8 * MIB
/** Of 4 MiB: one of them fits beside little else. */
const EPISODE = materialOf(1, 10_000)

let episode: History['episode']

beforeEach(() => {
  episode = async () => ({ material: EPISODE })
  openHub({
    queuedBytesMax: BYTES_MAX,
    history: { ...noHistory, episode: (...asked) => episode(...asked) },
  })
})

/** A viewer that has read its greeting and reads nothing from here on. */
async function connectStopped(hello = {}): Promise<FakeViewerSocket> {
  const socket = connect(hello)
  await settle()
  socket.reading = false
  return socket
}

/** Those whose kernels take so much of it from here on. */
const stopped = (agents: readonly string[]): Promise<FakeViewerSocket[]> =>
  Promise.all(agents.map(agent => connectStopped({ agent })))

/** A message of so many bytes to those who follow the agent. */
const tell = (agent: string | null, bytes: number): void =>
  publish(insightOf('x'.repeat(bytes), { agent, bytes }))

const queued = (): number => hub.counters.queuedBytes

describe('U11 what waits for viewers', () => {
  test('counts once however many it waits for, and not when all have read it', async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => connectStopped()))
    tell(null, MIB)
    expect(queued()).toBeGreaterThan(MIB)
    expect(queued()).toBeLessThan(1.01 * MIB)
    for (const socket of sockets.slice(1)) socket.drain()
    expect(queued()).toBeGreaterThan(MIB)
    sockets[0]!.drain()
    expect(queued()).toBe(0)
  })

  test('costs nothing for those who read', async () => {
    const sockets = Array.from({ length: 5 }, () => connect())
    await settle()
    for (const socket of sockets) socket.send = () => {}
    tell(null, MIB)
    hub.showFrame(frameOf(1, 90_000))
    expect(queued()).toBe(0)
  })

  test('counts too while it waits in lanes for room in a socket, and not once it is given up', async () => {
    const [slow, other] = await stopped(['agent-0', 'agent-0'])
    tell(null, 1.1 * MIB)
    const inSockets = queued()
    tell(null, 200_000)
    tell(null, 300_000)
    expect(queued() - inSockets).toBeGreaterThan(500_000)
    expect(queued() - inSockets).toBeLessThan(510_000)
    // A restart makes void what waits; in the sockets it is until they have it.
    publish({ kind: 'restarted' })
    for (const socket of [slow, other]) expect(socket!.closedWith).toBe(null)
    expect(queued()).toBeLessThan(inSockets + 10_000)
    slow!.terminate()
    other!.terminate()
    expect(queued()).toBe(0)
  })

  test('counts frames that wait for room, and answers that do', async () => {
    const socket = await connectStopped({ encoding: 'raw', max_fps: 240 })
    tell(null, 100_000)
    const before = queued()
    hub.showFrame(frameOf(1, 300_000))
    expect(queued() - before).toBe(300_000)
    await advance(20)
    hub.showFrame(frameOf(2, 300_000))
    expect(queued() - before).toBe(300_000)
    socket.say({ type: 'get_episode', request: 1, episode: 1 })
    await settle()
    expect(queued() - before).toBe(300_000 + materialBytes(EPISODE))
    socket.terminate()
    await settle()
    expect(queued()).toBe(0)
  })

  test('is let go of bit by bit as the kernel takes it', async () => {
    const socket = await connectStopped()
    for (const bytes of [500_000, 200_000, 100_000]) tell(null, bytes)
    const all = socket.bufferedAmount
    expect(queued()).toBe(all)
    socket.bufferedAmount -= 500_100
    await advance(1000, 500)
    expect(queued()).toBeGreaterThan(300_000)
    expect(queued()).toBeLessThan(301_000)
  })
})

describe('U11 near the bound', () => {
  test('of those that do not read who holds most is told to come back later, the others stay', async () => {
    const [small, most, some, fresh] = await stopped(['s', 'm', 'o', 'f'])
    tell('s', MIB)
    tell('m', 3 * MIB)
    tell('o', 2 * MIB)
    await advance(1500, 500)
    expect(hub.counters.crowdedOut).toBe(0)
    tell('f', 1.5 * MIB)
    await settle()
    expect(most!.closedWith).toBe(closeCodes.tooSlow)
    expect([small, some, fresh].map(socket => socket!.closedWith)).toEqual([null, null, null])
    expect(hub.counters.crowdedOut).toBe(1)
    // It has two seconds to read why; what it holds is held until then.
    expect(most!.terminated).toBe(false)
    expect(queued()).toBeGreaterThan(7 * MIB)
    fresh!.drain()
    await advance(2500, 500)
    expect(most!.terminated).toBe(true)
    expect(queued()).toBeLessThan(3.1 * MIB)
    expect([small, some, fresh].map(socket => socket!.terminated)).toEqual([false, false, false])
  })

  test('one that reads a large message bit by bit stays, until it takes more than ten seconds', async () => {
    const [trickling] = await stopped(['t'])
    trickling!.untakenBytes = 5 * MIB
    tell('t', 5 * MIB)
    const trickle = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at++) {
        trickling!.untakenBytes -= 1000
        await advance(1000, 250)
      }
    }
    await trickle(5)
    const [other] = await stopped(['o'])
    tell('o', 2.5 * MIB)
    await settle()
    expect([trickling, other].map(socket => socket!.closedWith)).toEqual([null, null])
    other!.drain()
    await trickle(6)
    tell('o', 2.5 * MIB)
    await settle()
    expect(trickling!.closedWith).toBe(closeCodes.tooSlow)
    expect(other!.closedWith).toBe(null)
  })

  test('an answer is refused with an error, and given when there is room again', async () => {
    const [first, second] = await stopped(['a', 'a'])
    tell(null, 100_000)
    first!.say({ type: 'get_episode', request: 1, episode: 1 })
    await settle()
    const held = queued()
    second!.say({ type: 'get_episode', request: 2, episode: 1 })
    await settle()
    expect(queued()).toBe(held)
    expect(hub.counters.answersRefused).toBe(1)
    second!.reading = true
    second!.drain()
    await settle()
    expect(second!.of('error')).toMatchObject([{ request: 2, code: 'UNAVAILABLE' }])
    expect(first!.closedWith).toBe(null)
    first!.terminate()
    second!.say({ type: 'get_episode', request: 3, episode: 1 })
    await settle()
    expect(second!.of('episode').map(({ request }) => request)).toEqual([3])
    await settle()
    expect(queued()).toBe(0)
  })

  test('an answer that was refused makes those go that do not read, for the next time', async () => {
    const [stuck, asking] = await stopped(['s', 'a'])
    tell('s', 4 * MIB)
    await advance(1500, 500)
    asking!.reading = true
    asking!.say({ type: 'get_episode', request: 1, episode: 1 })
    await settle()
    expect(asking!.of('error')).toMatchObject([{ request: 1, code: 'UNAVAILABLE' }])
    expect(stuck!.closedWith).toBe(closeCodes.tooSlow)
    await advance(2500, 500)
    asking!.say({ type: 'get_episode', request: 2, episode: 1 })
    await settle()
    expect(asking!.of('episode').map(({ request }) => request)).toEqual([2])
  })
})

describe('U11 at the bound', () => {
  test('whoever holds most is cut at once, though all seem to read', async () => {
    const [small, most, some] = await stopped(['s', 'm', 'o'])
    tell('s', 2 * MIB)
    tell('m', 4 * MIB)
    tell('o', 3 * MIB)
    await settle()
    expect([small, most, some].map(socket => socket!.terminated)).toEqual([false, true, false])
    expect(queued()).toBeLessThan(5.1 * MIB)
    expect(hub.counters).toMatchObject({ crowdedOut: 1, viewers: 2 })
  })

  test('those that were told to go are waited for no more', async () => {
    const [told, fresh] = await stopped(['t', 'f'])
    tell('t', 3 * MIB)
    await advance(1500, 500)
    tell('f', 4.5 * MIB)
    await settle()
    expect([told!.closedWith, told!.terminated]).toEqual([closeCodes.tooSlow, false])
    tell('f', 0.9 * MIB)
    tell(null, 10)
    await settle()
    const [third] = await stopped(['x'])
    tell('x', 0.6 * MIB)
    await settle()
    expect(told!.terminated).toBe(true)
    expect([fresh!.terminated, third!.terminated]).toEqual([false, false])
    expect(hub.counters.crowdedOut).toBe(1)
  })

  test('a house full of viewers that do not read holds no more, and those who read miss nothing', async () => {
    const agents = Array.from({ length: 60 }, (_, at) => `a${at}`)
    await stopped(agents)
    const reader = connect({ agents: agents.slice(0, 60) })
    let most = 0
    for (let round = 0; round < 8; round++) {
      for (const agent of agents) {
        tell(agent, 120_000)
        await settle()
        most = Math.max(most, queued())
      }
      await advance(500, 250)
    }
    expect(most).toBeGreaterThan(6 * MIB)
    expect(most).toBeLessThanOrEqual(BYTES_MAX)
    expect(hub.counters.crowdedOut).toBeGreaterThan(0)
    expect(reader.of('insight')).toHaveLength(8 * agents.length)
    expect(reader.closedWith).toBe(null)
  })
})

import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { encodeFrameMessage } from '../../src/protocol/frame-message.ts'
import { AgentGroup } from '../../web/agent-group.ts'
import { FakeServer } from './fake-socket.ts'
import { established, frame, update } from './messages.ts'

function join(agents: readonly string[]) {
  const clock = new SimulatedClock()
  const server = new FakeServer()
  const group = new AgentGroup({ openSocket: server.open, clock, random: seededRandom(1) })
  group.follow(agents)
  group.start()
  server.socket.events.onOpen()
  server.socket.say(established({ agents: [...agents] }))
  const sendFrame = (fields: Parameters<typeof frame>[0]): void =>
    server.socket.events.onMessage(encodeFrameMessage(frame(fields)))
  return { clock, server, group, sendFrame }
}

test('L14 many agents come over one connection, each to a stage of its own', () => {
  const { server, group, sendFrame } = join(['a', 'b'])
  expect(server.sockets).toHaveLength(1)
  expect(server.socket.sentOf('hello')).toMatchObject([{ agents: ['a', 'b'], max_fps: 40 }])
  const drawn: string[] = []
  for (const agent of ['a', 'b']) group.of(agent).onFrame = () => drawn.push(agent)
  server.socket.say(update({ agent: 'a', episode: 3, step: 5 }))
  server.socket.say(update({ agent: 'b', episode: 4, step: 6 }))
  sendFrame({ agent: 'b', episode: 4, step: 6 })
  sendFrame({ agent: 'c', episode: 5 })
  expect(group.of('a').look()).toMatchObject({ episode: 3, state: { step: 5 }, frame: null })
  expect(group.of('b').look()).toMatchObject({ episode: 4, frame: { step: 6 } })
  expect(drawn).toEqual(['b'])
  expect(group.of('b').store.getState()).toMatchObject({ isOpen: true, look: { episode: 4 } })
})

test('L14 who is followed can change, also over another link, and who is not is forgotten', () => {
  const { clock, server, group } = join(['a', 'b'])
  const a = group.of('a')
  server.socket.say(update({ agent: 'b', episode: 4 }))
  group.follow(['a', 'c'])
  expect(server.socket.sentOf('set').at(-2)).toEqual({ type: 'set', agents: ['a', 'c'] })
  expect(group.of('a')).toBe(a)
  server.socket.say(update({ agent: 'b', episode: 4, step: 1 }))
  expect(group.of('b').look()).toBeNull()
  server.socket.events.onClose(1006)
  expect(a.store.getState().isOpen).toBe(false)
  clock.advance(1000)
  server.socket.events.onOpen()
  expect(server.socket.sentOf('hello')).toMatchObject([{ agents: ['a', 'c'] }])
})

test('L14 pictures that a browser cannot draw are asked for as pixels, for all', () => {
  const { server, group } = join(['a', 'b'])
  group.of('b').notDrawn()
  group.of('a').notDrawn()
  const raw = server.socket.sentOf('set').filter(({ encoding }) => encoding === 'raw')
  expect(raw).toHaveLength(1)
})

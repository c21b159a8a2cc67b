// Servers that say the same to many viewers: ours, with its lanes and policies, and two plain loops
// over `ws`. Each message is the one that the gateway would make, of about 2 KB.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { assert } from '../src/base/assert.ts'
import { type Clock, systemClock } from '../src/base/clock.ts'
import { Hub } from '../src/gateway/hub.ts'
import { insightMessage, stateMessage } from '../src/gateway/messages.ts'
import type { History, Stage } from '../src/gateway/publication.ts'
import { openGateway } from '../src/gateway/server.ts'
import type { ServerMessage } from '../src/protocol/server-messages.ts'
import { SENT_MEMBER } from './crowd.ts'
import { FRAME, FRAME_BYTES } from './material.ts'
import { monotonicMillis } from './viewer.ts'

export const AGENT = 'agent'
/** Whose frames only those get who follow it. */
export const FILMED_AGENT = 'filmed'

/** More than anybody publishes. */
export const MAX_FPS = 240
/** What a viewer says first that follows `agent`. */
export const helloOf = (agent: string): string =>
  JSON.stringify({ type: 'hello', v: 1, max_fps: MAX_FPS, agent })

export interface Broadcaster {
  readonly port: number
  /** Where viewers connect and what they say first, when that is not ours. */
  readonly entrance?: { readonly path: string; readonly hello: string }
  /** Resolves when so many viewers get what is broadcast. */
  joined?(viewers: number): Promise<void>
  /** Bytes that wait in the server for each of its viewers. */
  waiting(): readonly number[]
  /** The newest state of an episode: what only matters now. */
  state(step: number): void
  /** What must not be lost. */
  insight(): void
  close(): Promise<void>
}

/** About 2 KB as JSON, and when it was made. */
const content = (): Record<string, number> => ({
  ...Object.fromEntries(Array.from({ length: 76 }, (_, i) => [`meter_${i}`, 10.123456789 + i])),
  [SENT_MEMBER]: monotonicMillis(),
})

export const insightOf = () => ({ kind: 'bench', agent: null, time: Date.now(), data: content() })

export const steppedOf = (step: number) => ({
  agent: AGENT,
  episode: 1,
  time: Date.now(),
  position: { epoch: 1, seq: step + 1 },
  step: {
    ...{ offsetMillis: 0, step, cumulativeReward: step, reward: 1, done: false },
    ...{ position: [1, 2], meters: content(), action: 1, qValues: [0.1, 0.2, 0.3] },
  },
})

const stage: Stage = {
  ...{ mode: 'live', position: { epoch: 1, seq: 1 }, run: 'bench', name: 'bench' },
  ...{ agents: [AGENT, FILMED_AGENT], defaultAgent: AGENT, episodesQueued: 0, episodesDropped: 0 },
  open: () => undefined,
  newestFinished: () => undefined,
  newestFrame: () => undefined,
}

const noHistory: History = {
  episodes: () => Promise.reject(new Error('nobody asks for the past')),
  episode: () => Promise.reject(new Error('nobody asks for the past')),
  frames: () => Promise.reject(new Error('nobody asks for the past')),
  frame: () => Promise.reject(new Error('nobody asks for the past')),
}

export interface Gateway extends Broadcaster {
  readonly hub: Hub
  /** A frame of `FILMED_AGENT`. */
  film(index: number): void
}

export async function openRollcast(clock: Clock = systemClock): Promise<Gateway> {
  const hub = new Hub({ clock, stage, history: noHistory })
  const sockets: { readonly bufferedAmount: number }[] = []
  const attach = hub.attach.bind(hub)
  hub.attach = (socket, visitor) => {
    sockets.push(socket)
    return attach(socket, visitor)
  }
  const gateway = await openGateway({ hub, pageDirectory: '/nonexistent', port: 0 })
  const pixels = new Uint8Array(FRAME_BYTES)
  return {
    hub,
    port: gateway.port,
    waiting: () => sockets.map(({ bufferedAmount }) => bufferedAmount),
    state: step => hub.publish([{ kind: 'stepped', ...steppedOf(step) }]),
    insight() {
      const { kind: insight, ...rest } = insightOf()
      hub.publish([{ kind: 'insight', insight, ...rest, bytes: 1024 }])
    },
    film(index) {
      hub.showFrame({
        ...{ ...FRAME, agent: FILMED_AGENT, camera: 'main', episode: 1, step: index, index },
        ...{ format: 'rgb8', time: Date.now(), mode: 'live', pixels },
      })
    },
    close: () => gateway.stop(),
  }
}

/** A loop that serialises once and sends that to each. */
export const openShared = (): Promise<Broadcaster> =>
  openLoop((sockets, message) => {
    const bytes = Buffer.from(JSON.stringify(message))
    for (const socket of sockets) socket.send(bytes, { binary: false })
  })

/** A loop that serialises for each. */
export const openEach = (): Promise<Broadcaster> =>
  openLoop((sockets, message) => {
    for (const socket of sockets) socket.send(JSON.stringify(message))
  })

type LoopSockets = WebSocketServer['clients']

async function openLoop(
  broadcast: (sockets: LoopSockets, message: ServerMessage) => void,
): Promise<Broadcaster> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  await new Promise<void>(resolve => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = server.address() as AddressInfo | null
  assert(address !== null, 'the server listens')
  return {
    port: address.port,
    waiting: () => [...sockets.clients].map(({ bufferedAmount }) => bufferedAmount),
    state: step => broadcast(sockets.clients, stateMessage('live', steppedOf(step))),
    insight: () => broadcast(sockets.clients, insightMessage('live', insightOf())),
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

// A viewer for tests: says hello, checks every message by its schema, keeps what came.

import * as v from 'valibot'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { decodeFrameMessage, type FrameMessage } from '../../src/protocol/frame-message.ts'
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import {
  type ServerMessage,
  type ServerMessageOf,
  serverMessageSchema,
} from '../../src/protocol/server-messages.ts'
import { VIEWER_PROTOCOL } from '../../src/protocol/viewer-protocol.ts'
import { until } from './harness.ts'

export interface ViewerClient {
  readonly messages: (ServerMessage & { readonly receivedAt: number })[]
  readonly frames: FrameMessage[]
  readonly closeCode: number | undefined
  of<T extends ServerMessage['type']>(type: T): (ServerMessageOf<T> & { receivedAt: number })[]
  next<T extends ServerMessage['type']>(
    type: T,
    accepts?: (message: ServerMessageOf<T>) => boolean,
    millis?: number,
  ): Promise<ServerMessageOf<T> & { receivedAt: number }>
  send(message: ClientMessage): void
  close(): void
}

type Hello = Omit<Extract<ClientMessage, { type: 'hello' }>, 'type' | 'v'>

export async function connectViewer(url: string, hello: Hello = {}): Promise<ViewerClient> {
  const socket = new WebSocket(new URL('/ws', url.replace('http', 'ws')), VIEWER_PROTOCOL)
  socket.binaryType = 'nodebuffer'
  const messages: ViewerClient['messages'] = []
  const frames: FrameMessage[] = []
  let closeCode: number | undefined
  let failure: unknown
  onTestFinished(() => socket.terminate())
  socket.on('message', (data: Buffer, isBinary) => {
    const receivedAt = performance.timeOrigin + performance.now()
    if (isBinary) frames.push(decodeFrameMessage(data))
    else messages.push({ ...v.parse(serverMessageSchema, JSON.parse(data.toString())), receivedAt })
  })
  socket.on('close', code => {
    closeCode = code
  })
  socket.on('error', error => {
    failure = error
  })
  await until('the viewer to connect', () => {
    if (failure) throw failure
    return socket.readyState === WebSocket.OPEN
  })
  const send = (message: ClientMessage): void => socket.send(stringifyMessage(message))
  send({ type: 'hello', v: 1, ...hello })
  const of = <T extends ServerMessage['type']>(type: T) =>
    messages.filter(message => message.type === type) as unknown as (ServerMessageOf<T> & {
      receivedAt: number
    })[]
  return {
    messages,
    frames,
    get closeCode() {
      return closeCode
    },
    of,
    next: (type, accepts = () => true, millis = 20_000) =>
      until(`a message ${type}`, () => of(type).find(message => accepts(message)), millis),
    send,
    close: () => socket.close(),
  }
}

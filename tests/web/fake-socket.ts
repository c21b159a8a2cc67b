// A socket in memory: the test is the server.

import * as v from 'valibot'
import { type ClientMessage, clientMessageSchema } from '../../src/protocol/client-messages.ts'
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import type { Socket, SocketEvents } from '../../web/connection.ts'

export class FakeSocket implements Socket {
  readonly events: SocketEvents
  readonly sent: ClientMessage[] = []
  closed = false

  constructor(events: SocketEvents) {
    this.events = events
  }

  /** What the viewer sends has to fit the schema of the server. */
  send(text: string): void {
    this.sent.push(v.parse(clientMessageSchema, JSON.parse(text)))
  }

  close(): void {
    this.closed = true
  }

  say(message: ServerMessage): void {
    this.events.onMessage(stringifyMessage(message))
  }

  sentOf<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sent.filter(message => message.type === type) as Extract<
      ClientMessage,
      { type: T }
    >[]
  }
}

/** Opens sockets and keeps them, the newest last. */
export class FakeServer {
  readonly sockets: FakeSocket[] = []

  open = (events: SocketEvents): FakeSocket => {
    const socket = new FakeSocket(events)
    this.sockets.push(socket)
    return socket
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!
  }
}

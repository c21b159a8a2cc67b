// What a viewer is told about its own messages: that one cannot be read or may not be sent, and what
// cannot be done as it was asked.
import type { Clock } from '../base/clock.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { messageVerbs } from '../protocol/rights.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { Lane } from './lane.ts'
import { errorMessage, failureMessage, pongMessage } from './messages.ts'
import type { Stage } from './publication.ts'
import { SharedMessage } from './shared-message.ts'

const ACCOUNTED_BYTES = 256

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export class Replies {
  readonly #clock: Clock
  readonly #stage: Pick<Stage, 'mode'>
  readonly #lane: Lane

  constructor(clock: Clock, stage: Pick<Stage, 'mode'>, lane: Lane) {
    this.#clock = clock
    this.#stage = stage
    this.#lane = lane
  }

  pong({ client_time }: Message<'ping'>): void {
    this.#send(pongMessage(this.#stage.mode, client_time, this.#clock.now()))
  }

  badMessage(problem: string): void {
    this.#send(errorMessage(this.#stage.mode, null, 'BAD_MESSAGE', problem))
  }

  forbidden(message: Exclude<ClientMessage, { type: 'hello' }>, identity: string): void {
    const request = 'request' in message ? message.request : null
    const text = `a ${identity} may not ${messageVerbs[message.type]}`
    this.#send(errorMessage(this.#stage.mode, request, 'FORBIDDEN', text))
  }

  /** Of something that it wants and no question asked for. */
  failed(error: unknown): void {
    this.#send(failureMessage(this.#stage.mode, null, error))
  }

  noPictures(problem: string): void {
    const text = `frames come as pixels, not as pictures: ${problem}`
    this.#send(errorMessage(this.#stage.mode, null, 'UNAVAILABLE', text))
  }

  #send(message: ServerMessage): void {
    this.#lane.queue(SharedMessage.text(null, () => message, ACCOUNTED_BYTES))
  }
}

// One message for any number of viewers: built and turned into bytes once, when the first of them
// is sent it, and never when nobody is.
import { encodeFrameMessage, type FrameMessage } from '../protocol/frame-message.ts'
import { type ServerMessage, stringifyMessage } from '../protocol/viewer-messages.ts'
import { type PreparedMessage, prepareBinary, prepareText } from './prepared-message.ts'

/** Whether what a message is part of is over; shared by all state updates of one episode. */
export interface Life {
  over: boolean
}

export class SharedMessage {
  /** What the message is accounted at while it waits; an estimate until it is built. */
  readonly accountedBytes: number
  /** When that is over, the message need not be sent any more. */
  readonly life: Life | undefined
  #prepare: (() => PreparedMessage) | undefined
  #prepared: PreparedMessage | undefined

  private constructor(
    accountedBytes: number,
    prepare: () => PreparedMessage,
    life: Life | undefined,
  ) {
    this.accountedBytes = accountedBytes
    this.life = life
    this.#prepare = prepare
  }

  static text(build: () => ServerMessage, accountedBytes: number, life?: Life): SharedMessage {
    return new SharedMessage(accountedBytes, () => prepareText(stringifyMessage(build())), life)
  }

  static frame(build: () => FrameMessage, accountedBytes: number): SharedMessage {
    const prepare = () => prepareBinary(encodeFrameMessage(build()))
    return new SharedMessage(accountedBytes, prepare, undefined)
  }

  /** The message's bytes; `onBuilt` is called when they had to be made. */
  prepared(onBuilt: () => void): PreparedMessage {
    if (this.#prepared === undefined) {
      this.#prepared = this.#prepare!()
      this.#prepare = undefined
      onBuilt()
    }
    return this.#prepared
  }
}

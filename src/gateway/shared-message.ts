// One message for any number of viewers: built and turned into bytes once, when the first of them
// is sent it, and never when nobody is.
import { encodeFrameMessage, type FrameMessage } from '../protocol/frame-message.ts'
import { type ServerMessage, stringifyMessage } from '../protocol/viewer-messages.ts'

/** Whether what a message is part of is over; shared by all state updates of one episode. */
export interface Life {
  over: boolean
}

export class SharedMessage {
  readonly binary: boolean
  /** What the message is accounted at while it waits; an estimate until it is built. */
  readonly accountedBytes: number
  /** When that is over, the message need not be sent any more. */
  readonly life: Life | undefined
  #build: (() => Uint8Array) | undefined
  #bytes: Uint8Array | undefined

  private constructor(
    binary: boolean,
    accountedBytes: number,
    build: () => Uint8Array,
    life: Life | undefined,
  ) {
    this.binary = binary
    this.accountedBytes = accountedBytes
    this.life = life
    this.#build = build
  }

  static text(build: () => ServerMessage, accountedBytes: number, life?: Life): SharedMessage {
    return new SharedMessage(false, accountedBytes, () => encodeText(build()), life)
  }

  static frame(build: () => FrameMessage, accountedBytes: number): SharedMessage {
    return new SharedMessage(true, accountedBytes, () => encodeFrameMessage(build()), undefined)
  }

  /** The message's bytes; `onBuilt` is called when they had to be made. */
  bytes(onBuilt: () => void): Uint8Array {
    if (this.#bytes === undefined) {
      this.#bytes = this.#build!()
      this.#build = undefined
      onBuilt()
    }
    return this.#bytes
  }
}

const encoder = new TextEncoder()
const encodeText = (message: ServerMessage): Uint8Array => encoder.encode(stringifyMessage(message))

// One message for any number of viewers: built, encoded and compressed once for all who get it in
// that form, when the first of them is sent it, and never when nobody is.

import type { Compression, ViewerChannel } from '../protocol/client-messages.ts'
import type { FrameMessage } from '../protocol/frame-message.ts'
import { stringifyMessage } from '../protocol/message-text.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import { packMessage, type ViewerEncoding } from '../protocol/viewer-encoding.ts'
import type { Shareable } from './backlog.ts'
import {
  DEFLATED_BYTES_MIN,
  type PreparedMessage,
  prepareBinary,
  prepareDeflated,
  prepareFrame,
  prepareText,
} from './prepared-message.ts'

/** Whether what a message is part of is over; shared by all state updates of one episode. */
export interface Life {
  over: boolean
}

/** How a viewer gets its messages. There is one object for each form. */
export interface MessageForm {
  readonly encoding: ViewerEncoding
  readonly compression: Compression
  readonly index: number
}

const forms: Readonly<Record<ViewerEncoding, Readonly<Record<Compression, MessageForm>>>> = {
  json: {
    none: { encoding: 'json', compression: 'none', index: 0 },
    deflate: { encoding: 'json', compression: 'deflate', index: 1 },
  },
  msgpack: {
    none: { encoding: 'msgpack', compression: 'none', index: 2 },
    deflate: { encoding: 'msgpack', compression: 'deflate', index: 3 },
  },
}

export const formOf = (encoding: ViewerEncoding, compression: Compression): MessageForm =>
  forms[encoding][compression]

export class SharedMessage implements Shareable {
  /** Who did not ask for it is not sent it; null: of none, sent to whomever it is for. */
  readonly channel: ViewerChannel | null
  /** What the message is accounted at while it waits; an estimate until it is built. */
  readonly accountedBytes: number
  /** When that is over, the message need not be sent any more. */
  readonly life: Life | undefined
  /** Lanes in which it waits. */
  holders = 0
  readonly #prepare: (encoding: ViewerEncoding) => PreparedMessage
  readonly #onlyForm: MessageForm | undefined
  /** By the index of the form. */
  readonly #prepared: (PreparedMessage | undefined)[] = []

  private constructor(
    channel: ViewerChannel | null,
    prepare: (encoding: ViewerEncoding) => PreparedMessage,
    accountedBytes: number,
    life: Life | undefined,
    onlyForm?: MessageForm,
  ) {
    this.channel = channel
    this.accountedBytes = accountedBytes
    this.life = life
    this.#prepare = prepare
    this.#onlyForm = onlyForm
  }

  static text(
    channel: ViewerChannel | null,
    build: () => ServerMessage,
    accountedBytes: number,
    life?: Life,
  ): SharedMessage {
    const prepare = (encoding: ViewerEncoding): PreparedMessage =>
      encoding === 'json'
        ? prepareText(stringifyMessage(build()))
        : prepareBinary(packMessage(build()))
    return new SharedMessage(channel, prepare, accountedBytes, life)
  }

  /** The same in every form. */
  static frame(
    channel: ViewerChannel | null,
    build: () => FrameMessage,
    accountedBytes: number,
  ): SharedMessage {
    const prepare = () => prepareFrame(build())
    return new SharedMessage(channel, prepare, accountedBytes, undefined, forms.json.none)
  }

  /** The message's bytes in this form; `onBuilt` is called when they had to be made. */
  prepared(wanted: MessageForm, onBuilt: () => void): PreparedMessage {
    const form = this.#onlyForm ?? wanted
    const prepared = this.#prepared[form.index] ?? this.#make(form, onBuilt)
    this.#prepared[form.index] = prepared
    return prepared
  }

  #make({ encoding, compression }: MessageForm, onBuilt: () => void): PreparedMessage {
    if (compression === 'deflate') {
      const plain = this.prepared(formOf(encoding, 'none'), onBuilt)
      if (plain.payload.byteLength < DEFLATED_BYTES_MIN) return plain
      onBuilt()
      return prepareDeflated(plain)
    }
    onBuilt()
    return this.#prepare(encoding)
  }
}

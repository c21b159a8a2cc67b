// The thread that makes pictures of frames for viewers. Encoders are kept, because to open one takes
// longer than a picture.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Channels } from '../actors/channels.ts'
import { assert } from '../base/assert.ts'
import { systemClock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import { type Ffmpeg, loadMedia } from '../media/ffmpeg.ts'
import { StillEncoder } from '../media/still.ts'
import { answerBytes } from '../protocol/answer-bytes.ts'
import type { ChannelSpec } from '../protocol/policies.ts'
import type { ChannelStatus, StillAnswer, StillOrder } from '../protocol/thread-messages.ts'

export interface PreviewStart {
  readonly sends: readonly ChannelSpec[]
  readonly receives: readonly ChannelSpec[]
}

export type ToPreviews =
  | { readonly type: 'connect'; readonly channel: string; readonly port: MessagePort }
  | { readonly type: 'stop' }

export interface FromPreviews {
  readonly counters: readonly ChannelStatus[]
}

/** One for each size, format, kind and quality; past them the one used longest ago is closed. */
const ENCODERS_MAX = 16
/** How often it tells of its channels. */
const TELL_MILLIS = 1_000

const encoders = new Map<string, StillEncoder>()
let ffmpeg: Ffmpeg | undefined

function makeStill(order: StillOrder): StillAnswer {
  const { id, pixels } = order
  try {
    return { id, kind: 'still', bytes: encoderOf(order).encode(pixels) }
  } catch (error) {
    const code = error instanceof RollcastError ? error.code : 'INTERNAL'
    const message = error instanceof RollcastError ? error.message : describeError(error)
    return { id, kind: 'failed', code, message }
  }
}

function encoderOf({ width, height, format, as, quality }: StillOrder): StillEncoder {
  const key = [width, height, format, as, quality].join('/')
  const kept = encoders.get(key)
  encoders.delete(key)
  ffmpeg ??= loadMedia()
  const encoder = kept ?? new StillEncoder(ffmpeg, { width, height, format, as, quality })
  encoders.set(key, encoder)
  if (encoders.size > ENCODERS_MAX) {
    const oldest = encoders.keys().next().value!
    encoders.get(oldest)?.close()
    encoders.delete(oldest)
  }
  return encoder
}

const port = parentPort
assert(port, 'pictures are made in a worker thread')
const { sends, receives } = workerData as PreviewStart
const channels = new Channels(sends, receives, systemClock, error => {
  throw error
})
const answers = channels.sender<StillAnswer>('previews.stills', { sizeOf: answerBytes })
channels.receive<StillOrder>('broadcaster.stills', order => answers.deliver(makeStill(order)))
const timer = setInterval(() => {
  port.postMessage({ counters: channels.counters() } satisfies FromPreviews)
}, TELL_MILLIS)
port.on('message', (message: ToPreviews) => {
  if (message.type === 'connect') return channels.connect(message.channel, message.port)
  clearInterval(timer)
  channels.close()
  for (const encoder of encoders.values()) encoder.close()
  // With nothing left to wait for, the thread ends by itself.
  port.close()
})

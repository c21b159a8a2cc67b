// Frames that viewers want as pictures, sent to the host, whose pool makes them.
import { isShared } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { StillAnswer, StillOrder } from '../../protocol/thread-messages.ts'
import { failureOf, PendingAnswers } from './pending-answers.ts'

const PENDING_MAX = 8
/** The first picture waits for a thread to start and to load FFmpeg: half a second, on a busy day more. */
const ANSWER_MILLIS_MAX = 5_000

export class StillClient {
  readonly #send: (order: StillOrder) => boolean
  readonly #pending: PendingAnswers<StillAnswer>

  /** `send` returns false when the order could not be sent. */
  constructor(clock: Clock, send: (order: StillOrder) => boolean) {
    this.#send = send
    const bounds = { countMax: PENDING_MAX, sentMax: PENDING_MAX, millisMax: ANSWER_MILLIS_MAX }
    this.#pending = new PendingAnswers({ clock, what: 'pictures', ...bounds })
  }

  /** The picture's file. The pixels must not change until then. */
  readonly make = async (order: Omit<StillOrder, 'id' | 'kind'>): Promise<Uint8Array> => {
    // A copy can be moved to where the picture is made; others may want these pixels too.
    const pixels = isShared(order.pixels) ? order.pixels : new Uint8Array(order.pixels)
    const answer = await this.#pending.ask(id =>
      this.#send({ id, kind: 'still', ...order, pixels }),
    )
    if (answer.kind === 'failed') throw failureOf(answer)
    return answer.bytes
  }

  /** Takes an answer of the host. */
  take(answer: StillAnswer): void {
    this.#pending.take(answer)
  }

  /** Fails everything that still waits. */
  close(): void {
    this.#pending.close()
  }
}

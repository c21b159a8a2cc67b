// Frames that viewers want as pictures, sent to the thread that makes them. It is there while pictures
// are wanted: the host is told when the first is and when none was for a while.
import { isShared, MIB, movableOf } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { StillAnswer, StillOrder } from '../../protocol/thread-messages.ts'
import type { ActorScope } from '../run-actor.ts'
import { failureOf, PendingAnswers } from './pending-answers.ts'

const PENDING_MAX = 8
/** The first picture waits for a thread to start and to load FFmpeg: half a second, on a busy day more. */
const ANSWER_MILLIS_MAX = 5_000
/** Without an order for so long, the thread is let go. */
const IDLE_MILLIS = 30_000
/** Without an answer for so long, the host is told again: the thread may have died. */
const SILENCE_MILLIS = 1_000

export interface StillClientOptions {
  readonly clock: Clock
  /** Returns false when the order could not be sent. */
  readonly send: (order: StillOrder) => boolean
  /** Tells whoever starts the thread whether it is wanted. */
  readonly tellWanted: (wanted: boolean) => void
  /** Lets go of the thread: what is sent from now on waits for another one. */
  readonly letGo: () => void
}

export class StillClient {
  readonly #options: StillClientOptions
  readonly #pending: PendingAnswers<StillAnswer>
  #isWanted = false
  #orderedAt = 0
  /** When the last answer came, or the thread was wanted. */
  #heardAt = 0
  #cancelReview = (): void => {}

  constructor(options: StillClientOptions) {
    this.#options = options
    const { clock } = options
    const bounds = { countMax: PENDING_MAX, sentMax: PENDING_MAX, millisMax: ANSWER_MILLIS_MAX }
    this.#pending = new PendingAnswers({ clock, what: 'pictures', ...bounds })
  }

  /** The picture's file. The pixels must not change until then. */
  readonly make = async (order: Omit<StillOrder, 'id' | 'kind'>): Promise<Uint8Array> => {
    // A copy can be moved to where the picture is made; others may want these pixels too.
    const pixels = isShared(order.pixels) ? order.pixels : new Uint8Array(order.pixels)
    this.#wantThread()
    const answer = await this.#pending.ask(id =>
      this.#options.send({ id, kind: 'still', ...order, pixels }),
    )
    if (answer.kind === 'failed') throw failureOf(answer)
    return answer.bytes
  }

  take(answer: StillAnswer): void {
    this.#heardAt = this.#options.clock.monotonic()
    this.#pending.take(answer)
  }

  /** Fails everything that still waits. */
  close(): void {
    this.#cancelReview()
    this.#pending.close()
  }

  #wantThread(): void {
    const { clock, tellWanted } = this.#options
    const now = clock.monotonic()
    this.#orderedAt = now
    if (this.#isWanted && now - this.#heardAt < SILENCE_MILLIS) return
    this.#heardAt = now
    tellWanted(true)
    if (!this.#isWanted) this.#review(IDLE_MILLIS)
    this.#isWanted = true
  }

  #review(millis: number): void {
    const { clock, tellWanted, letGo } = this.#options
    this.#cancelReview = clock.schedule(millis, () => {
      const left = this.#orderedAt + IDLE_MILLIS - clock.monotonic()
      if (left > 0) return this.#review(left)
      this.#isWanted = false
      letGo()
      tellWanted(false)
    })
  }
}

type StillScope = Pick<ActorScope<unknown>, 'clock' | 'sends' | 'sender' | 'receive' | 'note'>

/** Where the topology has somebody who makes pictures. */
export function openStills({ clock, sends, sender, receive, note }: StillScope) {
  if (!sends.includes('broadcaster.stills')) return undefined
  const orders = sender<StillOrder>('broadcaster.stills', {
    sizeOf: order => 64 + order.pixels.byteLength,
    transferOf: order => movableOf(order.pixels),
    // A single frame may be larger than the usual window.
    window: { countMax: PENDING_MAX, bytesMax: 64 * MIB },
  })
  const client = new StillClient({
    clock,
    send: order => orders.offer(order) === 'accepted',
    tellWanted: pictures => note({ pictures }),
    letGo: () => orders.detach(),
  })
  receive<StillAnswer>('previews.stills', answer => client.take(answer))
  return client
}

// Pictures of frames for viewers that want them as such (V11). Each is made once, elsewhere, and
// shared by all who want it; what nobody wants is not made. A frame that waits to be made into a
// picture gives way to a newer one of the same agent, and whoever waited for it gets that one.
//
// Invariant: of each agent, kind and quality one picture is being made and one frame waits, at most.
import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { PictureFormat } from '../protocol/frame-encoding.ts'
import type { StillOrder } from '../protocol/thread-messages.ts'
import type { SharedFrame } from './shared-frame.ts'
import type { SharedMessage } from './shared-message.ts'

/**
 * Makes a picture somewhere else, of pixels that do not change meanwhile. Rejects rather than wait
 * for ever.
 */
export type MakeStill = (order: Omit<StillOrder, 'id' | 'kind'>) => Promise<Uint8Array>

export interface PreviewCounters {
  /** Pictures that were made, and their bytes; 0 while nobody wants any. */
  encoded: number
  encodedBytes: number
  /** Frames that gave way to newer ones while they waited. */
  replaced: number
  /** Pictures that could not be made. */
  failed: number
}

/** Somebody who wants a frame as a picture; asked for until it is delivered or cancelled. */
export interface Wish {
  cancelled: boolean
  /** Called once: with the frame or a newer one, as a picture, or with its pixels and why. */
  readonly deliver: (
    shared: SharedFrame,
    message: SharedMessage,
    problem: string | undefined,
  ) => void
}

/** Made at the same time: while one comes back the next is on its way. */
const MADE_AT_ONCE_MAX = 2
/** Agents, kinds and qualities at once; a viewer past them gets pixels. */
const LINES_MAX = 64
/** How long what failed is not tried again. */
const REST_MILLIS = 60_000

/** A frame that is to be a picture, and who waits for it. */
interface Job {
  /** Kept until the picture is delivered. */
  shared: SharedFrame
  readonly as: PictureFormat
  readonly quality: number
  wishes: Wish[]
}

/** The pictures of one agent, kind and quality. */
interface Line {
  making: Job | undefined
  waiting: Job | undefined
}

interface Rest {
  readonly until: number
  readonly problem: string
}

export class Previews {
  readonly counters: PreviewCounters = { encoded: 0, encodedBytes: 0, replaced: 0, failed: 0 }
  readonly #clock: Clock
  readonly #make: MakeStill | undefined
  readonly #lines = new Map<string, Line>()
  /** What has failed, by what was asked for. */
  readonly #rests = new Map<string, Rest>()
  #making = 0

  /** Without `make` all viewers get pixels. */
  constructor(clock: Clock, make: MakeStill | undefined) {
    this.#clock = clock
    this.#make = make
  }

  /** Whether pictures can be made here at all. */
  get able(): boolean {
    return this.#make !== undefined
  }

  /** Why the frame cannot become such a picture now; undefined when it can. */
  problemOf({ frame }: SharedFrame, as: PictureFormat): string | undefined {
    if (this.#make === undefined) return 'no pictures are made here'
    const rest = this.#rests.get(restKey(frame, as))
    return rest !== undefined && this.#clock.monotonic() < rest.until ? rest.problem : undefined
  }

  /** Delivers the frame, or a newer one of its agent, as a picture. */
  want(shared: SharedFrame, as: PictureFormat, quality: number, wish: Wish): void {
    const made = shared.picture(as, quality)
    const line = made === undefined ? this.#lineOf(shared, as, quality) : undefined
    if (line === undefined) wish.deliver(shared, made ?? shared.raw, undefined)
    else if (line.making?.shared === shared) line.making.wishes.push(wish)
    else if (line.waiting === undefined) {
      shared.hold()
      line.waiting = { shared, as, quality, wishes: [wish] }
    } else {
      line.waiting.wishes.push(wish)
      if (shared.serial > line.waiting.shared.serial) {
        shared.hold()
        line.waiting.shared.release()
        line.waiting.shared = shared
        this.counters.replaced++
      }
    }
    this.#begin()
  }

  /** Undefined when there are too many. */
  #lineOf({ frame }: SharedFrame, as: PictureFormat, quality: number): Line | undefined {
    const key = `${as}/${quality}/${frame.agent}`
    const line = this.#lines.get(key)
    if (line !== undefined || this.#lines.size >= LINES_MAX) return line
    const opened = { making: undefined, waiting: undefined }
    this.#lines.set(key, opened)
    return opened
  }

  /** Begins with what waits, as far as there is room. */
  #begin(): void {
    for (const [key, line] of this.#lines) {
      if (this.#making >= MADE_AT_ONCE_MAX) return
      const job = line.waiting
      if (job === undefined || line.making !== undefined) continue
      line.waiting = undefined
      if (job.wishes.every(wish => wish.cancelled)) {
        this.#lines.delete(key)
        job.shared.release()
      } else {
        line.making = job
        this.#making++
        void this.#finish(key, line, job)
      }
    }
  }

  async #finish(key: string, line: Line, job: Job): Promise<void> {
    const { shared, as, quality, wishes } = job
    let problem: string | undefined
    let message = shared.raw
    try {
      const { width, height, format } = shared.frame
      const { pixels } = shared
      const bytes = await this.#make!({ width, height, format, as, quality, pixels })
      this.counters.encoded++
      this.counters.encodedBytes += bytes.byteLength
      message = shared.add(as, quality, bytes)
    } catch (error) {
      // Told to everybody who asked for it; there is nobody else to tell.
      problem = describeError(error)
      this.#rest(restKey(shared.frame, as), problem)
    }
    this.#making--
    line.making = undefined
    // Behind the others, so that one agent does not keep them waiting.
    this.#lines.delete(key)
    if (line.waiting !== undefined) this.#lines.set(key, line)
    for (const wish of wishes) if (!wish.cancelled) wish.deliver(shared, message, problem)
    shared.release()
    this.#begin()
  }

  #rest(key: string, problem: string): void {
    this.counters.failed++
    if (this.#rests.size >= LINES_MAX) this.#rests.clear()
    this.#rests.set(key, { until: this.#clock.monotonic() + REST_MILLIS, problem })
  }
}

/** Of one kind, size and format all pictures fail alike. */
const restKey = ({ width, height, format }: SharedFrame['frame'], as: PictureFormat): string =>
  `${as}/${width}x${height}/${format}`

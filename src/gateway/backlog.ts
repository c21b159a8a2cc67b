// What waits for viewers: memory that is held because somebody has not read it yet. A message that was
// made once and waits for many counts once, as it does in memory. It costs a sum, and of a viewer that
// reads nothing at all.
//
// Invariant: `bytes` is the sum of all that is held, each thing once, however many hold it.
import { assert } from '../base/assert.ts'

/** Made once, for any number of holders. */
export interface Shareable {
  holders: number
}

export interface BacklogCounters {
  /** Bytes that wait for viewers, over all of them. */
  queuedBytes: number
  /** Answers to viewers that were refused because too much waited already. */
  answersRefused: number
}

/** Beyond it nothing large is taken in, and who does not read is asked to go while there is room. */
const CROWDED_PART = 7 / 8

export class Backlog {
  readonly bytesMax: number
  readonly crowdedBytes: number
  readonly #counters: BacklogCounters
  readonly #onCrowded: (wantedBytes: number) => void
  #alarmBytes: number
  #isAlarmed = false

  /**
   * `onCrowded` is called when somebody has to give way, between two turns of the event loop: what one
   * turn adds is in the sum before. `wantedBytes` is what did not fit, if it was refused.
   */
  constructor(
    bytesMax: number,
    counters: BacklogCounters,
    onCrowded: (wantedBytes: number) => void,
  ) {
    this.bytesMax = bytesMax
    this.crowdedBytes = Math.floor(bytesMax * CROWDED_PART)
    this.#alarmBytes = this.crowdedBytes
    this.#counters = counters
    this.#onCrowded = onCrowded
  }

  get bytes(): number {
    return this.#counters.queuedBytes
  }

  /** Something that nobody shares waits, or waits no more when `bytes` is negative. */
  add(bytes: number): void {
    this.#counters.queuedBytes += bytes
    assert(this.bytes >= 0, 'no more is let go of than was held')
    if (this.bytes > this.#alarmBytes) this.#alarm(0)
  }

  /** Whether an answer of so many bytes may wait. If not, there may be room a moment later. */
  admits(bytes: number): boolean {
    if (this.bytes + bytes <= this.crowdedBytes) return true
    this.#counters.answersRefused++
    if (bytes <= this.crowdedBytes) this.#alarm(bytes)
    return false
  }

  /** To be called about once a second, and when a viewer has gone: is there still too much? */
  review(): void {
    this.#alarmBytes = this.crowdedBytes
    if (this.bytes > this.crowdedBytes) this.#alarm(0)
  }

  #alarm(wantedBytes: number): void {
    if (this.#isAlarmed) return
    this.#isAlarmed = true
    queueMicrotask(() => {
      this.#isAlarmed = false
      // Who was asked to go takes a moment; until the next review only the bound itself matters.
      this.#alarmBytes = this.bytesMax
      this.#onCrowded(wantedBytes)
    })
  }
}

/** What is held for one viewer. */
export class Holding {
  readonly backlog: Backlog
  #bytes = 0

  constructor(backlog: Backlog) {
    this.backlog = backlog
  }

  /** What it holds for itself and what it shares, in full. */
  get bytes(): number {
    return this.#bytes
  }

  /** `bytes` is the same when it is released. */
  hold(shared: Shareable, bytes: number): void {
    this.#bytes += bytes
    if (shared.holders++ === 0) this.backlog.add(bytes)
  }

  release(shared: Shareable, bytes: number): void {
    this.#bytes -= bytes
    if (--shared.holders === 0) this.backlog.add(-bytes)
  }

  /** Something of its own. */
  add(bytes: number): void {
    this.#bytes += bytes
    this.backlog.add(bytes)
  }
}

// Pausing and going back in the live run: a playhead over the tape of what was shown. The trainer
// and the server never know. At the live edge it is nothing but a recorder; whoever plays up to the
// edge is live again.
import { LiveTape } from './live-tape.ts'
import type { Look } from './stage.ts'

/** What the controls show. */
export interface ShiftState {
  /** False while it is paused; true at the live edge. */
  readonly playing: boolean
  /** How far behind the live edge; 0 at the edge. */
  readonly behindMillis: number
  /** How far back one can go. */
  readonly lengthMillis: number
  /** Times the original pace; above 1 it catches up with the live edge. */
  readonly speed: number
}

export const atLiveEdge: ShiftState = {
  playing: true,
  behindMillis: 0,
  lengthMillis: 0,
  speed: 1,
}

/** At the edge the length is shown in whole seconds, so that it is no news 60 times a second. */
const LENGTH_STEP_MILLIS = 1000

interface Shifted {
  /** Monotonic milliseconds of the tape, at the time `since`. */
  readonly at: number
  readonly since: number
  readonly playing: boolean
  readonly speed: number
  /** What is shown; a pause keeps it, also when the tape has let go of it. */
  readonly look: Look
}

export class TimeShift {
  readonly #tape = new LiveTape()
  readonly #isTaping: boolean
  #shifted: Shifted | null = null
  #state = atLiveEdge

  /** Without a tape there is the live edge only, and no memory is spent. */
  constructor(isTaping: boolean) {
    this.#isTaping = isTaping
  }

  /** True when something else than the live edge is shown. */
  get isShifted(): boolean {
    return this.#shifted !== null
  }

  /** The same object while nothing changes. */
  get state(): ShiftState {
    return this.#state
  }

  /** What to show at `now`, when `live` is what the live stage shows; records it as well. */
  look(live: Look | null, now: number): Look | null {
    if (!this.#isTaping) return live
    if (live !== null) this.#tape.add(now, live)
    this.#advance(now)
    this.#note(now)
    return this.#shifted === null ? live : this.#shifted.look
  }

  toggle(now: number): void {
    if (this.#shifted === null) this.#shift(now, now, false)
    else this.#shift(this.#shifted.at, now, !this.#shifted.playing)
  }

  /** Puts the playhead so far behind the live edge, paused; 0 is live. */
  seek(behindMillis: number, now: number): void {
    if (behindMillis <= 0) this.goLive()
    else this.#shift(now - behindMillis, now, false)
  }

  /** Pauses `count` pictures ahead of where it is, or behind when negative. */
  stepBy(count: number, now: number): void {
    const from = this.#tape.indexAt(this.#shifted?.at ?? now)
    const target = this.#tape.entry(Math.max(0, from + count))
    if (target === undefined) this.goLive()
    else this.#shift(target.at, now, false)
  }

  /** Of the time shift only; the live edge has one pace. */
  setSpeed(speed: number, now: number): void {
    if (this.#shifted === null) return
    this.#advance(now)
    if (this.#shifted !== null) this.#shifted = { ...this.#shifted, speed }
  }

  goLive(): void {
    this.#shifted = null
  }

  /** Another agent, another run, or a replay in between: what was taped is no way back. */
  clear(): void {
    this.#shifted = null
    this.#tape.clear()
    this.#state = atLiveEdge
  }

  #shift(at: number, now: number, playing: boolean): void {
    const { oldest } = this.#tape
    if (oldest === null) return
    const clamped = Math.max(at, oldest)
    const { look } = this.#tape.entry(this.#tape.indexAt(clamped))!
    this.#shifted = { at: clamped, since: now, playing, look, speed: this.#shifted?.speed ?? 1 }
  }

  #advance(now: number): void {
    if (!this.#shifted?.playing) return
    const { at, since, speed } = this.#shifted
    const moved = at + Math.max(0, now - since) * speed
    if (moved >= now) this.goLive()
    else this.#shift(moved, now, true)
  }

  #note(now: number): void {
    const { oldest } = this.#tape
    const length = oldest === null ? 0 : now - oldest
    const held = this.#state
    const next: ShiftState =
      this.#shifted === null
        ? { ...atLiveEdge, lengthMillis: length - (length % LENGTH_STEP_MILLIS) }
        : {
            playing: this.#shifted.playing,
            behindMillis: Math.max(0, now - this.#shifted.at),
            lengthMillis: length,
            speed: this.#shifted.speed,
          }
    const isSame =
      held.playing === next.playing &&
      held.behindMillis === next.behindMillis &&
      held.lengthMillis === next.lengthMillis &&
      held.speed === next.speed
    if (!isSame) this.#state = next
  }
}

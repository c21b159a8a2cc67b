// When an event of the past falls due again. Event time sets the distances, the clock that is
// handed in only the pace.

/** A pause longer than this between two events (a run that was continued later) is cut short. */
const PAUSE_MILLIS_MAX = 5_000

export class Pacer {
  readonly #speed: number
  #lastTime: number | undefined
  #due = 0

  /** `speed` 1 is the original timing, 4 is four times as fast, Infinity does not wait. */
  constructor(speed: number, startMillis: number) {
    this.#speed = speed
    this.#due = startMillis
  }

  /**
   * When the event of `time` (Unix milliseconds) falls due, on the clock of `startMillis`. Called
   * with each event in order; time that goes back counts as no time.
   */
  dueAt(time: number): number {
    const since = this.#lastTime === undefined ? 0 : time - this.#lastTime
    this.#lastTime = time
    if (this.#speed !== Number.POSITIVE_INFINITY) {
      this.#due += Math.min(Math.max(0, since), PAUSE_MILLIS_MAX) / this.#speed
    }
    return this.#due
  }
}

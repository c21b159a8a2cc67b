// How many frames a second a viewer can take (F11): halved while its frames are given up second
// after second, doubled again when none was for a while, until it has what it asked for. Pure.

/** More than this part of a second's frames given up is a bad second. */
const BAD_PART = 0.1
const BAD_SECONDS = 2
const GOOD_SECONDS = 3
export const CREDIT_MIN = 1

export class Credit {
  /** Part of what the viewer asked for that it gets: 1, 1/2, 1/4, ... */
  #share = 1
  #badSeconds = 0
  #goodSeconds = 0

  /** The rate for a viewer that asks for `fps`: never below one frame a second for its sake. */
  rateOf(fps: number): number {
    return Math.max(Math.min(fps, CREDIT_MIN), fps * this.#share)
  }

  /** A second is over in which so many frames were offered to the viewer and given up. */
  review(offered: number, dropped: number, fps: number): void {
    const isBad = dropped > BAD_PART * offered
    this.#badSeconds = isBad ? this.#badSeconds + 1 : 0
    this.#goodSeconds = isBad ? 0 : this.#goodSeconds + 1
    if (this.#badSeconds >= BAD_SECONDS && this.rateOf(fps) > CREDIT_MIN) this.#share /= 2
    if (this.#goodSeconds < GOOD_SECONDS || this.#share === 1) return
    this.#share *= 2
    this.#goodSeconds = 0
  }
}

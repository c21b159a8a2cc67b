// How much of a training is filmed. At a pace for watching that is all of it; at full speed a
// training makes more pictures than any disk takes in, so then only some episodes are on camera, but
// those from beginning to end.

/** So many frames a second, and as many at once at the start. */
export class FilmBudget {
  readonly #framesPerSecond: number
  readonly #startedAt = performance.now()
  #frames = 0

  constructor(framesPerSecond: number) {
    this.#framesPerSecond = framesPerSecond
  }

  /** Whether there is room for an episode that begins now. */
  get allows(): boolean {
    const seconds = 1 + (performance.now() - this.#startedAt) / 1000
    return this.#frames < seconds * this.#framesPerSecond
  }

  /** Counts a frame. */
  spend(): void {
    this.#frames++
  }
}

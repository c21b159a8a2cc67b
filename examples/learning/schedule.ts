// What a training measures itself by and follows: counts of steps and episodes, never the clock, so
// that a seed gives one training on every machine.

/** A straight line from `from` at step 0 to `to` at step `steps`, and `to` from there on. */
export type LinearSchedule = { readonly from: number; readonly to: number; readonly steps: number }

/** The value of `schedule` at `step`. */
export function scheduledValue({ from, to, steps }: LinearSchedule, step: number): number {
  return step >= steps ? to : from + ((to - from) * step) / steps
}

/** The mean of the newest `capacity` numbers. */
export class RecentMean {
  readonly #values: Float64Array
  #count = 0

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity)
  }

  get full(): boolean {
    return this.#count >= this.#values.length
  }

  /** 0 while there are no numbers. */
  get mean(): number {
    const size = Math.min(this.#count, this.#values.length)
    let sum = 0
    for (let i = 0; i < size; i++) sum += this.#values[i]!
    return size === 0 ? 0 : sum / size
  }

  append(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value
  }

  clear(): void {
    this.#count = 0
  }
}

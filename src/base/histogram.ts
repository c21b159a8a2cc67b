// A histogram of non-negative numbers with a bounded relative error (at most 1/32) and a fixed size,
// for latencies: recording is a few instructions and allocates nothing.

const SUB_BUCKETS = 32
const EXPONENTS = 64

/** Counts values in logarithmic buckets, 32 to the octave, from 2^-20 up to 2^44. */
export class Histogram {
  readonly #counts = new Float64Array(SUB_BUCKETS * EXPONENTS)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Adds one value. Values that are not finite or negative are clamped to 0. */
  record(value: number): void {
    const v = value > 0 && value < Number.POSITIVE_INFINITY ? value : 0
    this.#count++
    this.#sum += v
    if (v < this.#min) this.#min = v
    if (v > this.#max) this.#max = v
    const index = bucketOf(v)
    this.#counts[index] = this.#counts[index]! + 1
  }

  /** Adds all that `other` holds. */
  add(other: Histogram): void {
    for (const [index, count] of other.#counts.entries()) {
      if (count > 0) this.#counts[index] = this.#counts[index]! + count
    }
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  get min(): number {
    return this.#count === 0 ? 0 : this.#min
  }

  get max(): number {
    return this.#max
  }

  /**
   * The value at or below which `fraction` (0..1) of the records lie, at most 1/32 too large; 0 when
   * empty. Values below 2^-20 or above 2^44 are told apart by `min` and `max` only.
   */
  quantile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(fraction * this.#count))
    let seen = 0
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index]!
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, upperEdge(index)))
    }
    return this.#max
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = 0
  }
}

function bucketOf(value: number): number {
  if (value <= 0) return 0
  const exponent = Math.floor(Math.log2(value))
  const clamped = Math.min(EXPONENTS - 21, Math.max(-20, exponent))
  const sub = Math.floor((value / 2 ** clamped - 1) * SUB_BUCKETS)
  return (clamped + 20) * SUB_BUCKETS + Math.min(SUB_BUCKETS - 1, Math.max(0, sub))
}

function upperEdge(index: number): number {
  const exponent = Math.floor(index / SUB_BUCKETS) - 20
  return 2 ** exponent * (1 + ((index % SUB_BUCKETS) + 1) / SUB_BUCKETS)
}

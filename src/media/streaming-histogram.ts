// Quantiles by a histogram of 5000 bins that stretches while values come in: LeRobot's method, so
// that the numbers are those of its own tools. All channels stretch together when one has to, and
// a bin moves as a whole, so what comes out is good to the width of a bin.
import { assert } from '../base/assert.ts'

const BINS = 5000
/** Room below the first minimum and above the first maximum. */
const FIRST_MARGIN = 1e-10

/** Values of one channel with how often each occurs. */
export interface Tally {
  readonly values: ArrayLike<number>
  /** One each if left out. */
  readonly counts?: ArrayLike<number>
}

/** Plain data: a histogram can be stored and continued. */
export interface SavedHistogram {
  readonly channels: readonly {
    readonly min: number
    readonly max: number
    readonly low: number
    readonly high: number
    /** `[bin, count]` of those that are not empty. */
    readonly bins: readonly (readonly [number, number])[]
  }[]
}

interface Channel {
  min: number
  max: number
  /** Edges of the first bin and of the last. */
  low: number
  high: number
  bins: Float64Array
}

/** A histogram of each of several channels. */
export class StreamingHistogram {
  readonly #channels: Channel[]

  constructor(saved?: SavedHistogram) {
    this.#channels = (saved?.channels ?? []).map(({ bins, ...rest }) => {
      const counts = new Float64Array(BINS)
      for (const [bin, count] of bins) counts[bin] = count
      return { ...rest, bins: counts }
    })
  }

  /** Adds a batch of at least one value of every channel; the first one sets the edges. */
  add(batch: readonly Tally[]): void {
    const ranges = batch.map(extremes)
    if (this.#channels.length === 0) {
      for (const { min, max } of ranges) {
        const edges = { low: min - FIRST_MARGIN, high: max + FIRST_MARGIN }
        this.#channels.push({ min, max, ...edges, bins: new Float64Array(BINS) })
      }
    } else this.#stretch(ranges)
    assert(batch.length === this.#channels.length, 'every batch has all channels')
    batch.forEach(({ values, counts }, index) => {
      const channel = this.#channels[index]!
      for (let at = 0; at < values.length; at++) {
        const count = counts === undefined ? 1 : counts[at]!
        if (count === 0) continue
        const bin = binOf(channel, values[at]!, true)
        channel.bins[bin] = channel.bins[bin]! + count
      }
    })
  }

  #stretch(ranges: readonly Range[]): void {
    const grows = this.#channels.some(
      ({ min, max }, index) => ranges[index]!.min < min || ranges[index]!.max > max,
    )
    if (!grows) return
    this.#channels.forEach((old, index) => {
      const min = Math.min(old.min, ranges[index]!.min)
      const max = Math.max(old.max, ranges[index]!.max)
      const margin = (max - min) * 1e-10
      const bins = new Float64Array(BINS)
      const grown = { min, max, low: min - margin, high: max + margin, bins }
      for (let bin = 0; bin < BINS; bin++) {
        const count = old.bins[bin]!
        if (count === 0) continue
        const to = binOf(grown, (edge(old, bin) + edge(old, bin + 1)) / 2, false)
        bins[to] = bins[to]! + count
      }
      this.#channels[index] = grown
    })
  }

  /**
   * The values at or below which such parts of a channel lie, to within a bin. `fractions`: from 0 to
   * 1, rising.
   */
  quantiles(index: number, fractions: readonly number[]): number[] {
    const channel = this.#channels[index]
    assert(channel !== undefined, 'there are values')
    const { bins, high } = channel
    const all = bins.reduce((sum, count) => sum + count, 0)
    let [bin, below] = [0, 0]
    return fractions.map(fraction => {
      const target = fraction * all
      for (; bin < BINS && below + bins[bin]! < target; bin++) below += bins[bin]!
      if (bin === BINS) return high
      const low = edge(channel, bin)
      if (bin === 0) return low
      return low + ((target - below) / bins[bin]!) * (edge(channel, bin + 1) - low)
    })
  }

  save(): SavedHistogram {
    const channels = this.#channels.map(({ bins, ...rest }) => {
      const filled: [number, number][] = []
      bins.forEach((count, bin) => {
        if (count !== 0) filled.push([bin, count])
      })
      return { ...rest, bins: filled }
    })
    return { channels }
  }
}

interface Range {
  readonly min: number
  readonly max: number
}

function extremes({ values, counts }: Tally): Range {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let at = 0; at < values.length; at++) {
    if (counts !== undefined && counts[at] === 0) continue
    const value = values[at]!
    if (value < min) min = value
    if (value > max) max = value
  }
  assert(min <= max, 'a batch has at least one number')
  return { min, max }
}

/** The lower edge of a bin. */
const edge = ({ low, high }: Channel, bin: number): number =>
  bin === BINS ? high : low + bin * ((high - low) / BINS)

/** The bin of a value; one on an edge goes up or down. Beyond the ends, the first or the last. */
function binOf(channel: Channel, value: number, up: boolean): number {
  const { low, high } = channel
  if (high === low) return BINS - 1
  const inside = (bin: number): boolean =>
    up ? edge(channel, bin) <= value : edge(channel, bin) < value
  let bin = Math.floor(((value - low) / (high - low)) * BINS)
  bin = Math.min(BINS - 1, Math.max(0, bin))
  // Rounding may be off by one.
  while (bin > 0 && !inside(bin)) bin--
  while (bin < BINS - 1 && inside(bin + 1)) bin++
  return bin
}

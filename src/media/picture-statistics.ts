// Statistics of a camera's pictures while they are recorded (V6), over every frame, down-sampled as
// LeRobot's format says. Pixels are bytes, so 256 counters for each channel hold all there is to
// know of them: what comes out is exact, whatever the number of frames. Only the quantiles go
// through the histogram that the format prescribes.
import { assert } from '../base/assert.ts'
import { bytesPerPixel } from '../protocol/events.ts'
import { checkPicture, type PictureShape } from './picture.ts'
import { type SavedHistogram, StreamingHistogram } from './streaming-histogram.ts'

const LEVELS = 256
const levels = Float64Array.from({ length: LEVELS }, (_, level) => level)

const quantiles = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const

/** One number for each channel, in 0..1 (a quantile may lie 1e-10 outside). Alpha is left out. */
export interface PictureSummary extends Readonly<Record<keyof typeof quantiles, number[]>> {
  readonly min: number[]
  readonly max: number[]
  readonly mean: number[]
  readonly std: number[]
  /** Pixels counted: frames times the pixels of a down-sampled frame. */
  readonly count: number
  readonly frames: number
}

/** Plain data, to be stored and continued from. */
export interface SavedPictureStatistics {
  readonly shape: PictureShape
  readonly frames: number
  /** For each channel, how often each of the 256 levels occurred. */
  readonly counts: readonly (readonly number[])[]
  readonly histogram: SavedHistogram
}

/** Every how many pixels, in both directions, one is counted. */
export function samplingStride(width: number, height: number): number {
  const longer = Math.max(width, height)
  return longer < 300 ? 1 : Math.floor(longer / 150)
}

/** Running statistics of pictures of one shape. */
export class PictureStatistics {
  readonly #shape: PictureShape
  readonly #stride: number
  readonly #counts: Float64Array[]
  /** Of the frame in hand. */
  readonly #frame: Uint32Array[]
  readonly #histogram: StreamingHistogram
  #frames: number

  constructor(shape: PictureShape, saved?: SavedPictureStatistics) {
    const channels = shape.format === 'gray8' ? 1 : 3
    this.#shape = { width: shape.width, height: shape.height, format: shape.format }
    this.#stride = samplingStride(shape.width, shape.height)
    this.#counts = Array.from({ length: channels }, (_, channel) =>
      Float64Array.from(saved?.counts[channel] ?? new Float64Array(LEVELS)),
    )
    this.#frame = this.#counts.map(() => new Uint32Array(LEVELS))
    this.#histogram = new StreamingHistogram(saved?.histogram)
    this.#frames = saved?.frames ?? 0
  }

  /** Goes on where `save` stopped. */
  static restore(saved: SavedPictureStatistics): PictureStatistics {
    return new PictureStatistics(saved.shape, saved)
  }

  get frames(): number {
    return this.#frames
  }

  /** Counts a frame. BAD_FRAME for one of another size, which changes nothing. */
  add(pixels: Uint8Array): void {
    checkPicture(this.#shape, pixels)
    this.#frame.forEach((counts, channel) => {
      this.#count(pixels, channel, counts)
      const total = this.#counts[channel]!
      for (let level = 0; level < LEVELS; level++) total[level] = total[level]! + counts[level]!
    })
    this.#histogram.add(this.#frame.map(counts => ({ values: levels, counts })))
    this.#frames++
  }

  #count(pixels: Uint8Array, channel: number, counts: Uint32Array): void {
    const { width, height, format } = this.#shape
    const pixelBytes = bytesPerPixel[format]
    const step = this.#stride * pixelBytes
    counts.fill(0)
    for (let row = 0; row < height; row += this.#stride) {
      const end = (row + 1) * width * pixelBytes
      for (let at = row * width * pixelBytes + channel; at < end; at += step) {
        const level = pixels[at]!
        counts[level] = counts[level]! + 1
      }
    }
  }

  /** The statistics so far; there is at least one frame. */
  summary(): PictureSummary {
    assert(this.#frames > 0, 'statistics of at least one frame')
    const each = this.#counts.map(exactStatistics)
    const fractions = Object.values(quantiles)
    const found = each.map((_, channel) => this.#histogram.quantiles(channel, fractions))
    const byName = Object.keys(quantiles).map((name, at) => [
      name,
      found.map(values => values[at]! / 255),
    ])
    return {
      min: each.map(({ min }) => min / 255),
      max: each.map(({ max }) => max / 255),
      mean: each.map(({ mean }) => mean / 255),
      std: each.map(({ std }) => std / 255),
      ...(Object.fromEntries(byName) as Record<keyof typeof quantiles, number[]>),
      count: each[0]!.count,
      frames: this.#frames,
    }
  }

  /** All of it, to go on from. */
  save(): SavedPictureStatistics {
    return {
      shape: this.#shape,
      frames: this.#frames,
      counts: this.#counts.map(counts => [...counts]),
      histogram: this.#histogram.save(),
    }
  }
}

// The sums are whole numbers, exact up to 2^53: 10^11 pixels.
function exactStatistics(counts: Float64Array) {
  const count = counts.reduce((sum, each) => sum + each, 0)
  const sum = counts.reduce((so, each, level) => so + each * level, 0)
  const squares = counts.reduce((so, each, level) => so + each * level * level, 0)
  const mean = sum / count
  const isTaken = (each: number): boolean => each > 0
  return {
    count,
    min: counts.findIndex(isTaken),
    max: counts.findLastIndex(isTaken),
    mean,
    std: Math.sqrt(Math.max(0, squares / count - mean * mean)),
  }
}

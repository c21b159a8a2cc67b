// A fair sample of whole frames from a stream of unknown length: after n frames, each of them is in
// it with the same chance (Algorithm R). Seeded, so the same frames give the same sample.
import { assert } from '../base/assert.ts'
import { MIB } from '../base/bytes.ts'
import { type Random, seededRandom } from '../base/random.ts'

export interface ReservoirOptions {
  /** Frames kept at most. */
  readonly framesMax: number
  /** Bytes kept at most, default 32 MiB; one frame is kept whatever its size. */
  readonly bytesMax?: number
  readonly seed: number
}

/** A frame of the sample. */
export interface SampledFrame {
  /** Its place in the stream, from 0. */
  readonly index: number
  readonly pixels: Uint8Array
}

/** Plain data, to be stored and continued from. */
export interface SavedReservoir {
  readonly options: ReservoirOptions
  readonly offered: number
  /** What fits, learned from the first frame. */
  readonly capacity: number
  readonly frames: readonly SampledFrame[]
}

/** The sample of a stream. Frames are of one size. */
export class Reservoir {
  readonly #options: ReservoirOptions
  readonly #random: Random
  readonly #frames: SampledFrame[]
  #offered: number
  #capacity: number

  constructor(options: ReservoirOptions, saved?: SavedReservoir) {
    assert(options.framesMax >= 1, 'a sample holds at least one frame')
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#frames = [...(saved?.frames ?? [])]
    this.#offered = saved?.offered ?? 0
    this.#capacity = saved?.capacity ?? 0
    // Chance goes on where it stopped: the draws so far are made again, 20 ns each.
    for (let drawn = this.#capacity + 1; drawn <= this.#offered; drawn++) this.#random.below(drawn)
  }

  /** Goes on where `save` stopped. */
  static restore(saved: SavedReservoir): Reservoir {
    return new Reservoir(saved.options, saved)
  }

  /** Considers the next frame of the stream; one that is kept is copied. */
  offer(pixels: Uint8Array): void {
    const index = this.#offered++
    if (index === 0) this.#capacity = this.#fitting(pixels.byteLength)
    const place = index < this.#capacity ? index : this.#random.below(index + 1)
    if (place < this.#capacity) this.#frames[place] = { index, pixels: new Uint8Array(pixels) }
  }

  #fitting(frameBytes: number): number {
    const { framesMax, bytesMax = 32 * MIB } = this.#options
    return Math.max(1, Math.min(framesMax, Math.floor(bytesMax / frameBytes)))
  }

  /** Frames of the stream so far. */
  get offered(): number {
    return this.#offered
  }

  /** The sample, in the order of the stream. */
  get frames(): SampledFrame[] {
    return this.#frames.toSorted((a, b) => a.index - b.index)
  }

  /** All of it, to go on from. The pixels are not copied. */
  save(): SavedReservoir {
    const { framesMax, bytesMax, seed } = this.#options
    return {
      options: { framesMax, seed, ...(bytesMax !== undefined && { bytesMax }) },
      offered: this.#offered,
      capacity: this.#capacity,
      frames: [...this.#frames],
    }
  }
}

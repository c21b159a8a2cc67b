// Where an encoder stands behind the log, as events of its machine. Each change is told once.
import type { EncoderEvent } from '../../machines/encoder.machine.ts'

export interface Place {
  /** Events behind the log's end. */
  readonly lag: number
  /** The lag grows from episode to episode (V3). */
  readonly isGrowing: boolean
  /** Why nothing can be encoded now; null while it can. */
  readonly waiting: string | null
}

export class Standing {
  /** Events above which it lags; below a tenth of that it counts as nearly there. */
  readonly #lagMax: number
  #told: 'caughtUp' | 'fellBehind' | 'lagRose' = 'fellBehind'
  #cause: string | null = null

  constructor(lagMax: number) {
    this.#lagMax = lagMax
  }

  /** What there is to tell of being at `place` now. */
  change({ lag, isGrowing, waiting }: Place): EncoderEvent | undefined {
    const isNear = lag <= this.#lagMax / 10
    const isLate = waiting !== null || lag > this.#lagMax || (isGrowing && !isNear)
    if (isLate) return this.#lagRose(lag, isGrowing, waiting)
    this.#cause = null
    const wasLate = this.#told === 'lagRose'
    const next = lag === 0 ? 'caughtUp' : 'fellBehind'
    // Who has caught up stays so while it is as good as there.
    if (next === this.#told || (next === 'fellBehind' && isNear && !wasLate)) return undefined
    this.#told = next
    return { type: next === 'fellBehind' && wasLate ? 'lagFell' : next }
  }

  #lagRose(lag: number, isGrowing: boolean, waiting: string | null): EncoderEvent | undefined {
    const cause = waiting ?? (isGrowing ? 'grows' : 'lags')
    if (cause === this.#cause) return undefined
    this.#told = 'lagRose'
    this.#cause = cause
    const behind = `${lag} events behind the log's end`
    const advice = ", and further with every episode: take the video profile 'fast', smaller frames"
    const grows = `${behind}${advice} or fewer of them`
    return { type: 'lagRose', reason: waiting ?? (isGrowing ? grows : behind) }
  }
}

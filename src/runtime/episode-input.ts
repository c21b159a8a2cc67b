// What a trainer tells of an episode's beginning and end. Beginnings and ends get onto record
// whatever is told of them (L2): what cannot be recorded is refused alone, and left out.
import { RollcastError } from '../base/errors.ts'
import { packValue } from '../protocol/codec.ts'
import type { EndReason } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import { problemOf } from './ingress.ts'

const REASON_LENGTH_MAX = 200

/** What is known of an episode when it begins. */
export interface EpisodeStart {
  seed?: number
  /** Curriculum stage. */
  stage?: number
  /** Exploration rate, or any exploration parameter. */
  epsilon?: number
  info?: unknown
}

/** What is known of an episode when it ends; the recorder adds what it counted itself. */
export interface EpisodeOutcome {
  /** Default: `terminated` or `truncated` as the last step said, else `ended`. */
  reason?: EndReason
  info?: unknown
}

/** BAD_INPUT with what was expected and found. */
export function badInput(agent: string, expected: string, found: string): RollcastError {
  return new RollcastError('BAD_INPUT', `agent ${agent}: expected ${expected}, found ${found}`)
}

/** Encodes information; throws BAD_INPUT when it has no end or is larger than a record may carry. */
export function packInfo(agent: string, info: unknown, payloadBytesMax: number): Uint8Array {
  const packed = packTree(agent, info)
  const bytesMax = Math.min(limits.infoBytesMax, payloadBytesMax / 2)
  if (packed.byteLength <= bytesMax) return packed
  throw badInput(agent, `at most ${bytesMax} B of information`, `${packed.byteLength} B`)
}

function packTree(agent: string, info: unknown): Uint8Array {
  try {
    return packValue(info)
  } catch (error) {
    // The stack has ended before the information has.
    if (!(error instanceof RangeError)) throw error
    throw badInput(
      agent,
      'information that does not hold itself',
      'a cycle, or thousands of levels',
    )
  }
}

export class EpisodeInput {
  readonly #agent: string
  readonly #payloadBytesMax: number
  readonly #refuse: (problem: RollcastError) => void

  constructor(agent: string, payloadBytesMax: number, refuse: (problem: RollcastError) => void) {
    this.#agent = agent
    this.#payloadBytesMax = payloadBytesMax
    this.#refuse = refuse
  }

  start(given: EpisodeStart): EpisodeStart {
    const checked: EpisodeStart = {}
    const start = this.#object(given, 'begin')
    for (const field of ['seed', 'stage', 'epsilon'] as const) {
      const value: unknown = start[field]
      if (typeof value === 'number') checked[field] = value
      else if (value !== undefined) this.#bad(`${field} as a number`, typeof value)
    }
    const info = this.#info(start.info)
    if (info !== undefined) checked.info = info
    return checked
  }

  outcome(given: EpisodeOutcome): EpisodeOutcome {
    const { reason, info } = this.#object(given, 'end')
    const checked: EpisodeOutcome = { info: this.#info(info) }
    if (typeof reason === 'string' && reason.length <= REASON_LENGTH_MAX) checked.reason = reason
    else if (reason !== undefined) {
      this.#bad(`a reason of at most ${REASON_LENGTH_MAX} characters`, typeof reason)
    }
    return checked
  }

  #object<T extends object>(given: T, call: string): Partial<T> {
    if (typeof given === 'object' && given !== null) return given
    this.#bad(`an object for ${call}()`, String(given))
    return {}
  }

  #info(info: unknown): unknown {
    if (info === undefined) return undefined
    try {
      packInfo(this.#agent, info, this.#payloadBytesMax)
      return info
    } catch (error) {
      this.#refuse(problemOf(error, 'information'))
      return undefined
    }
  }

  #bad(expected: string, found: string): void {
    this.#refuse(badInput(this.#agent, expected, found))
  }
}

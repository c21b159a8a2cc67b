// The tree of a predicate, and what is wrong with a text that is none.
import { RollcastError } from '../../base/errors.ts'

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='
export type Literal = number | string | boolean | null

export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly left: Predicate; readonly right: Predicate }
  | { readonly kind: 'not'; readonly of: Predicate }
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly comparison: Comparison
      readonly value: Literal
    }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly Literal[] }
  | { readonly kind: 'changed'; readonly field: string }
  | { readonly kind: 'best' | 'worst' | 'every'; readonly count: number }
  | { readonly kind: 'all' }

/** Characters of the longest text that is read. */
export const PREDICATE_LENGTH_MAX = 1_000
/** How deep parentheses and `not` may nest. */
export const PREDICATE_DEPTH_MAX = 32

/** A text that is no predicate: USAGE, with the place in it. */
export class PredicateError extends RollcastError {
  /** Offset of the first character that is wrong; the text's length when something is missing. */
  readonly at: number
  readonly length: number

  constructor(message: string, at: number, length: number) {
    super('USAGE', `predicate, column ${at + 1}: ${message}`)
    this.at = at
    this.length = Math.max(1, length)
  }
}

/** The text with a line below it that points at what is wrong. */
export function pointAt(text: string, error: Pick<PredicateError, 'at' | 'length'>): string {
  return `${text}\n${' '.repeat(error.at)}${'^'.repeat(error.length)}`
}

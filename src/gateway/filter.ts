// Which finished episodes a viewer wants (L13): the predicate language of `--where`. An episode is
// judged once for each expression, however many viewers have it and however they have spelled it.

import type { Subject } from '../protocol/predicate/evaluate.ts'
import { matches } from '../protocol/predicate/evaluate.ts'
import { formatPredicate } from '../protocol/predicate/format.ts'
import { parsePredicate } from '../protocol/predicate/parse.ts'
import type { Predicate } from '../protocol/predicate/syntax.ts'

export interface Filter {
  readonly predicate: Predicate
  /** The same for all spellings of one expression. */
  readonly key: string
}

/** Null, for a text without an expression, means every episode. Throws PredicateError. */
export function readFilter(text: string | null): Filter | null {
  if (text === null || text.trim() === '') return null
  const predicate = parsePredicate(text)
  return { predicate, key: formatPredicate(predicate) }
}

/** Expressions whose verdicts on an episode are remembered; past it all of them are forgotten. */
const VERDICTS_MAX = 256

export class Verdicts {
  /** Verdicts last as long as whoever holds the episode, and make room for those of newer expressions. */
  readonly #verdicts = new WeakMap<Subject, Map<string, boolean>>()
  readonly #onJudged: () => void

  /** `onJudged` is called for each episode and expression that had to be evaluated. */
  constructor(onJudged: () => void) {
    this.#onJudged = onJudged
  }

  /** True when the episode is wanted; null wants all. */
  means(filter: Filter | null, subject: Subject): boolean {
    if (filter === null) return true
    let verdicts = this.#verdicts.get(subject)
    if (verdicts === undefined) {
      verdicts = new Map()
      this.#verdicts.set(subject, verdicts)
    }
    let verdict = verdicts.get(filter.key)
    if (verdict === undefined) {
      verdict = matches(filter.predicate, subject)
      if (verdicts.size >= VERDICTS_MAX) verdicts.clear()
      verdicts.set(filter.key, verdict)
      this.#onJudged()
    }
    return verdict
  }
}

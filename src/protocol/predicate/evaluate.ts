// Whether an episode is meant by a predicate. Never fails: what could be wrong was found on reading.
import type { EpisodeRow } from '../projection.ts'
import { fields, type Value } from './fields.ts'
import type { Comparison, Literal, Predicate } from './syntax.ts'

/** An episode that has ended, and its place among those that ended so far. */
export interface Subject {
  readonly row: EpisodeRow
  /** The same agent's episode before it; undefined for its first. */
  readonly previous: EpisodeRow | undefined
  /** Episodes of the run with a higher return, and earlier ones with the same. */
  readonly better: number
  /** Episodes of the run with a lower return, and earlier ones with the same. */
  readonly worse: number
}

/**
 * True when `subject` is meant. A missing value equals only `none`, and is neither less nor greater
 * than anything; so is NaN, which equals nothing.
 */
export function matches(predicate: Predicate, subject: Subject): boolean {
  switch (predicate.kind) {
    case 'and':
      return matches(predicate.left, subject) && matches(predicate.right, subject)
    case 'or':
      return matches(predicate.left, subject) || matches(predicate.right, subject)
    case 'not':
      return !matches(predicate.of, subject)
    case 'compare':
      return compare(read(predicate.field, subject.row), predicate.comparison, predicate.value)
    case 'in': {
      const value = read(predicate.field, subject.row)
      return predicate.values.some(listed => value === listed)
    }
    case 'changed': {
      const { row, previous } = subject
      return (
        previous !== undefined && read(predicate.field, row) !== read(predicate.field, previous)
      )
    }
    case 'best':
      return subject.better < predicate.count
    case 'worst':
      return subject.worse < predicate.count
    case 'every':
      return subject.row.episode % predicate.count === 0
    case 'all':
      return true
  }
}

const read = (field: string, row: EpisodeRow): Value => fields[field]?.of(row) ?? null

function compare(value: Value, comparison: Comparison, literal: Literal): boolean {
  if (comparison === '=') return value === literal
  if (comparison === '!=') return value !== literal
  if (value === null || literal === null) return false
  switch (comparison) {
    case '<':
      return value < literal
    case '<=':
      return value <= literal
    case '>':
      return value > literal
    case '>=':
      return value >= literal
  }
}

/** The counts of all `best(n)` and `worst(n)` in the predicate. */
export interface RankCounts {
  readonly best: readonly number[]
  readonly worst: readonly number[]
}

export function rankCounts(predicate: Predicate): RankCounts {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const [left, right] = [rankCounts(predicate.left), rankCounts(predicate.right)]
      return { best: [...left.best, ...right.best], worst: [...left.worst, ...right.worst] }
    }
    case 'not':
      return rankCounts(predicate.of)
    case 'best':
      return { best: [predicate.count], worst: [] }
    case 'worst':
      return { best: [], worst: [predicate.count] }
    default:
      return { best: [], worst: [] }
  }
}

/** True when the predicate asks for the episode's place among the others. */
export function asksForRank(predicate: Predicate): boolean {
  const { best, worst } = rankCounts(predicate)
  return best.length + worst.length > 0
}

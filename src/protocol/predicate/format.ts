// A predicate as text again, with as few parentheses as it needs; reading it gives the same tree.
import type { Literal, Predicate } from './syntax.ts'

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const literal = (value: Literal): string => {
  if (value === null) return 'none'
  return typeof value === 'string' ? quote(value) : String(value)
}

/** Looser than what surrounds it: needs parentheses there. */
const strength = { or: 0, and: 1 } as const

function within(predicate: Predicate, strengthMin: number): string {
  const loose = predicate.kind === 'or' || predicate.kind === 'and'
  const text = formatPredicate(predicate)
  return loose && strength[predicate.kind] < strengthMin ? `(${text})` : text
}

/** The text of `predicate`. */
export function formatPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'or':
    case 'and': {
      const { kind, left, right } = predicate
      // Chains lean to the left; a right side that is a chain itself keeps its parentheses.
      return `${within(left, strength[kind])} ${kind} ${within(right, strength[kind] + 1)}`
    }
    case 'not':
      return `not ${within(predicate.of, 2)}`
    case 'compare':
      return `${predicate.field} ${predicate.comparison} ${literal(predicate.value)}`
    case 'in':
      return `${predicate.field} in (${predicate.values.map(literal).join(', ')})`
    case 'changed':
      return `${predicate.field} changed`
    case 'best':
    case 'worst':
    case 'every':
      return `${predicate.kind}(${predicate.count})`
    case 'all':
      return 'all'
  }
}

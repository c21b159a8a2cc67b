// The words of a predicate. A word may hold `-`, `.` and `:`, as names of agents do; there is no
// arithmetic, so a minus belongs to a number.
import { PREDICATE_LENGTH_MAX, PredicateError } from './syntax.ts'

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end'
  /** As typed; of a quoted text, what stands between the quotes. */
  readonly text: string
  readonly at: number
  readonly length: number
}

const patterns: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /\s+/y],
  ['number', /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/y],
  ['word', /[A-Za-z_][\w.:-]*/y],
  ['text', /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y],
  ['sign', /<=|>=|!=|==|[=<>(),]/y],
]

const withoutQuotes = (quoted: string): string => quoted.slice(1, -1).replace(/\\(.)/gs, '$1')

/** Splits `text`; the last token is of kind `end`. Throws PredicateError. */
export function tokenize(text: string): Token[] {
  if (text.length > PREDICATE_LENGTH_MAX) {
    const found = `found ${text.length}`
    throw new PredicateError(`expected at most ${PREDICATE_LENGTH_MAX} characters, ${found}`, 0, 1)
  }
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const token = readToken(text, at)
    if (token.kind !== 'space') tokens.push(token as Token)
    at += token.length
  }
  tokens.push({ kind: 'end', text: '', at, length: 0 })
  return tokens
}

function readToken(
  text: string,
  at: number,
): Omit<Token, 'kind'> & { kind: Token['kind'] | 'space' } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) continue
    return { kind, text: kind === 'text' ? withoutQuotes(found) : found, at, length: found.length }
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (character === "'" || character === '"') {
    throw new PredicateError('expected a closing quote', at, text.length - at)
  }
  const rest = /[\w.+-]+/y
  rest.lastIndex = at
  const found = rest.exec(text)?.[0] ?? character
  throw new PredicateError(`expected a name, number or sign, found ${found}`, at, found.length)
}

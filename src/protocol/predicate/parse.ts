// Reads a predicate. The grammar, loosest first; keywords and names without regard to case:
//
//   predicate   = conjunction { "or" conjunction }
//   conjunction = negation { "and" negation }
//   negation    = "not" negation | "(" predicate ")" | condition
//   condition   = "all" | ("best" | "worst" | "every") "(" whole number ")"
//               | field "changed" | field [ "not" ] "in" "(" value { "," value } ")"
//               | field comparison value | boolean field
//
// Fields are checked here, with their types: a predicate that was read cannot fail later.
import { type Field, fields } from './fields.ts'
import {
  type Comparison,
  type Literal,
  PREDICATE_DEPTH_MAX,
  type Predicate,
  PredicateError,
} from './syntax.ts'
import { type Token, tokenize } from './tokens.ts'

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
const ranks = ['best', 'worst', 'every'] as const
const RANK_MAX = 1_000_000

/** Reads `text`. Throws PredicateError with the place and what was expected there. */
export function parsePredicate(text: string): Predicate {
  return new Parser(tokenize(text)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Predicate {
    const predicate = this.#disjunction()
    if (this.#token.kind !== 'end') this.#fail("'and', 'or' or the end")
    return predicate
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #disjunction(): Predicate {
    let left = this.#conjunction()
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#conjunction() }
    return left
  }

  #conjunction(): Predicate {
    let left = this.#negation()
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#negation() }
    return left
  }

  #negation(): Predicate {
    const token = this.#token
    if (++this.#depth > PREDICATE_DEPTH_MAX) {
      throw new PredicateError(
        `expected at most ${PREDICATE_DEPTH_MAX} levels of 'not' and parentheses`,
        token.at,
        token.length,
      )
    }
    try {
      if (this.#takeWord('not')) return { kind: 'not', of: this.#negation() }
      if (!this.#takeSign('(')) return this.#condition()
      const inner = this.#disjunction()
      this.#expectSign(')')
      return inner
    } finally {
      this.#depth--
    }
  }

  #condition(): Predicate {
    if (this.#takeWord('all')) return { kind: 'all' }
    for (const kind of ranks) {
      if (this.#takeWord(kind)) return { kind, count: this.#count() }
    }
    const [name, field] = this.#field()
    if (this.#takeWord('changed')) return { kind: 'changed', field: name }
    if (this.#takeWord('in')) return { kind: 'in', field: name, values: this.#values(field) }
    if (this.#takeWord('not')) {
      if (!this.#takeWord('in')) this.#fail("'in'")
      return { kind: 'not', of: { kind: 'in', field: name, values: this.#values(field) } }
    }
    const comparison = this.#comparison(field)
    if (comparison) return { kind: 'compare', field: name, comparison, value: this.#value(field) }
    if (field.type === 'boolean') {
      return { kind: 'compare', field: name, comparison: '=', value: true }
    }
    return this.#fail(`a comparison, 'in' or 'changed' after ${name}`)
  }

  #field(): [string, Field] {
    const token = this.#token
    const name = token.text.toLowerCase()
    if (token.kind === 'word' && Object.hasOwn(fields, name)) {
      this.#next++
      return [name, fields[name]!]
    }
    const known = [...Object.keys(fields), ...ranks.map(rank => `${rank}(n)`), 'all']
    return this.#fail(`one of ${known.join(', ')}`)
  }

  #comparison(field: Field): Comparison | undefined {
    const token = this.#token
    const comparison = token.kind === 'sign' ? comparisons[token.text] : undefined
    if (comparison === undefined) return undefined
    if (field.type !== 'number' && comparison !== '=' && comparison !== '!=') {
      this.#fail(`= or != for a ${field.type}`)
    }
    this.#next++
    return comparison
  }

  #values(field: Field): Literal[] {
    this.#expectSign('(')
    const values = [this.#value(field)]
    while (this.#takeSign(',')) values.push(this.#value(field))
    this.#expectSign(')')
    return values
  }

  #value(field: Field): Literal {
    if (this.#takeWord('none')) return null
    const { kind, text } = this.#token
    if (field.type === 'number' && kind === 'number') {
      this.#next++
      return Number(text)
    }
    if (field.type === 'text' && (kind === 'text' || kind === 'word' || kind === 'number')) {
      this.#next++
      return text
    }
    if (field.type === 'boolean') {
      if (this.#takeWord('true')) return true
      if (this.#takeWord('false')) return false
      return this.#fail('true, false or none')
    }
    return this.#fail(`a ${field.type} or none`)
  }

  #count(): number {
    this.#expectSign('(')
    const { kind, text } = this.#token
    const count = Number(text)
    if (kind !== 'number' || !Number.isInteger(count) || count < 1 || count > RANK_MAX) {
      this.#fail(`a whole number from 1 to ${RANK_MAX}`)
    }
    this.#next++
    this.#expectSign(')')
    return count
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#token
    if (kind !== 'word' || text.toLowerCase() !== word) return false
    this.#next++
    return true
  }

  #takeSign(sign: string): boolean {
    const { kind, text } = this.#token
    if (kind !== 'sign' || text !== sign) return false
    this.#next++
    return true
  }

  #expectSign(sign: string): void {
    if (!this.#takeSign(sign)) this.#fail(`'${sign}'`)
  }

  #fail(expected: string): never {
    const { kind, text, at, length } = this.#token
    const found = kind === 'end' ? 'the end' : text
    throw new PredicateError(`expected ${expected}, found ${found}`, at, length)
  }
}

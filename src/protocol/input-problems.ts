// What is wrong with an input that a schema refuses, in our words: where, what was expected, what was
// found.
import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

const FOUND_CHARS_MAX = 60
/** What a schema calls a type, in words. */
const words: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'a boolean',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  function: 'a function',
}

/** An input that was refused. */
interface Refused {
  readonly input: unknown
  /** What the input as a whole is called. */
  readonly root: string
  /** Text of the input may be a secret at the wrong place: it is not repeated. */
  readonly isSecret?: boolean
}

/** Each problem of the input, such as `live.port: expected at most 65535, found 70000`. */
export function inputProblems(error: z.core.$ZodError, refused: Refused): string[] {
  return error.issues.flatMap(issue => describe(issue, [], refused))
}

function describe(issue: Issue, above: Path, refused: Refused): string[] {
  const path = [...above, ...issue.path]
  const fitting = issue.code === 'invalid_union' && issue.errors.find(branch => isMeant(branch))
  if (fitting) return fitting.flatMap(inner => describe(inner, path, refused))
  const { input, root, isSecret = false } = refused
  const place = path.length === 0 ? root : path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map(key => JSON.stringify(key)).join(', ')
    return [`${place}: expected known names only, found ${keys}`]
  }
  // What a check of our own has to say is said in full.
  if (issue.code === 'custom' && issue.message.includes(', found ')) {
    return [`${place}: ${issue.message}`]
  }
  const value = valueAt(input, path)
  const found = isSecret && typeof value === 'string' ? 'a string' : describeValue(value)
  return [`${place}: expected ${listOf(expectedBy(issue))}, found ${found}`]
}

/** Of the forms that an input may have, the one that it has, with something wrong inside. */
const isMeant = (branch: readonly Issue[]): boolean =>
  !branch.some(
    ({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
  )

/** What would do instead. */
function expectedBy(issue: Issue): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [words[issue.expected] ?? issue.expected]
    case 'invalid_value':
      return issue.values.map(value => JSON.stringify(value))
    case 'too_small':
      return [
        `${issue.inclusive ? 'at least' : 'more than'} ${boundOf(issue.minimum, issue.origin)}`,
      ]
    case 'too_big':
      return [
        `${issue.inclusive ? 'at most' : 'less than'} ${boundOf(issue.maximum, issue.origin)}`,
      ]
    case 'invalid_union': {
      const { options } = issue as { readonly options?: readonly string[] }
      if (options) return options.map(option => JSON.stringify(option))
      return issue.errors.flatMap(([first]) => (first ? expectedBy(first) : []))
    }
    default:
      return [issue.message.replace(/^expected /, '')]
  }
}

function boundOf(bound: number | bigint, origin: string): string {
  if (origin === 'string') return `${bound} ${bound === 1 ? 'character' : 'characters'}`
  if (origin === 'array') return `${bound} ${bound === 1 ? 'entry' : 'entries'}`
  return String(bound)
}

const listOf = (all: readonly string[]): string =>
  all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`

function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  return value
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const text = value.length > FOUND_CHARS_MAX ? `${value.slice(0, FOUND_CHARS_MAX)}…` : value
    return JSON.stringify(text)
  }
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

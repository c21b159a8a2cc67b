// What is wrong with an input that a schema refuses, in our words: where, what was expected, what was
// found.
import * as v from 'valibot'

type Issue = v.BaseIssue<unknown>
type Path = readonly PropertyKey[]

const FOUND_CHARS_MAX = 60
/** What a schema calls what it expects, in words. */
const words: Readonly<Record<string, string>> = {
  number: 'a number',
  NaN: 'a number',
  string: 'a string',
  boolean: 'a boolean',
  Array: 'an array',
  Object: 'an object',
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
export function inputProblems(schema: v.GenericSchema, refused: Refused): string[] {
  const issues = issuesOf(schema, refused.input)
  // All unknown names of an object are one problem.
  return [...new Set(issues.map(issue => describe(issue, issues, refused)))]
}

function issuesOf(schema: v.GenericSchema, input: unknown): Issue[] {
  const issues = v.safeParse(schema, input, { abortPipeEarly: true }).issues?.flatMap(meantBy) ?? []
  // A name that is missing is one with nothing behind it: its own schema says what it expects.
  const missing = issues.filter(isMissingName).map(pathOf)
  if (missing.length > 0) return issuesOf(schema, missing.reduce(withNothingAt, input))
  // Of each object the schema tells the first unknown name.
  const unknown = issues.filter(isUnknownName).map(pathOf)
  if (unknown.length === 0) return issues
  const others = issuesOf(schema, unknown.reduce(withoutName, input)).filter(isUnknownName)
  return [...issues, ...others]
}

const withNothingAt = (input: unknown, path: Path): unknown =>
  changed(input, path, (object, key) => Object.assign(object, { [key]: undefined }))

const withoutName = (input: unknown, path: Path): unknown =>
  changed(input, path, (object, key) => delete object[key])

type Named = Record<PropertyKey, unknown>

function changed(
  value: unknown,
  [key = '', ...rest]: Path,
  change: (object: Named, key: PropertyKey) => void,
): unknown {
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as unknown as Named
  if (rest.length === 0) change(copy, key)
  else copy[key] = changed(copy[key], rest, change)
  return copy
}

/** Of the forms that an input may have, the one that it has, with something wrong inside. */
function meantBy(issue: Issue): Issue[] {
  const inside = issue.issues?.filter(({ path }) => path !== undefined) ?? []
  if (inside.length === 0) return [issue]
  const above = issue.path ?? []
  return inside.flatMap(inner =>
    meantBy({ ...inner, path: [...above, ...inner.path!] as NonNullable<Issue['path']> }),
  )
}

function describe(issue: Issue, all: readonly Issue[], refused: Refused): string {
  const { input, root, isSecret = false } = refused
  const path = pathOf(issue)
  const nameOf = (place: Path): string => (place.length === 0 ? root : place.map(String).join('.'))
  if (isUnknownName(issue)) {
    const place = nameOf(path.slice(0, -1))
    const others = all.filter(isUnknownName).map(pathOf)
    const names = others.filter(other => nameOf(other.slice(0, -1)) === place)
    const found = names.map(name => JSON.stringify(name.at(-1))).join(', ')
    return `${place}: expected known names only, found ${found}`
  }
  // What a check of our own has to say is said in full.
  if (issue.type === 'raw_check' && issue.message.includes(', found ')) {
    return `${nameOf(path)}: ${issue.message}`
  }
  const value = valueAt(input, path)
  const found = isSecret && typeof value === 'string' ? 'a string' : describeValue(value)
  return `${nameOf(path)}: expected ${listOf([...new Set(expectedBy(issue))])}, found ${found}`
}

const pathOf = ({ path = [] as never }: Issue): Path => path.map(({ key }) => key as PropertyKey)

const isOfName = ({ path }: Issue): boolean => path?.at(-1)?.origin === 'key'
const isUnknownName = (issue: Issue): boolean => isOfName(issue) && issue.expected === 'never'
const isMissingName = (issue: Issue): boolean => isOfName(issue) && issue.expected !== 'never'

/** What would do instead. */
function expectedBy({ type, expected, requirement, message, input, issues }: Issue): string[] {
  switch (type) {
    case 'union':
      return issues?.flatMap(expectedBy) ?? []
    case 'safe_integer':
      // Beyond 2^53 numbers are too far apart to count with.
      return [Number.isInteger(input) ? 'a whole number below 2^53' : 'a whole number']
    case 'finite':
      return ['a finite number']
    case 'min_value':
      return [`at least ${requirement}`]
    case 'max_value':
      return [`at most ${requirement}`]
    case 'gt_value':
      return [`more than ${requirement}`]
    case 'lt_value':
      return [`less than ${requirement}`]
    case 'min_length':
      return [`at least ${lengthOf(requirement as number, input)}`]
    case 'max_length':
      return [`at most ${lengthOf(requirement as number, input)}`]
    case 'check':
    case 'custom':
    case 'raw_check':
      return [message.replace(/^expected /, '')]
    default:
      // Values are written as in TypeScript: ("fast" | "slow").
      return (expected ?? '')
        .replace(/^\((.*)\)$/, '$1')
        .split(' | ')
        .map(one => words[one] ?? one)
  }
}

function lengthOf(length: number, input: unknown): string {
  const [one, several] =
    typeof input === 'string' ? ['character', 'characters'] : ['entry', 'entries']
  return `${length} ${length === 1 ? one : several}`
}

const listOf = (all: readonly string[]): string =>
  all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`

function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const key of path) value = (value as Named | undefined)?.[key]
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

// JSON as the command line prints it: keys of ours in snake_case, and nothing that a parser
// refuses. What JSON cannot carry is encoded on purpose, never dropped in silence.

/** `durableSeq` -> `durable_seq`. */
const snake = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** The same fields under snake_case names. What is inside them stays as it is: it may be data. */
export function snakeCase(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snake(name), value]))
}

/**
 * One line of JSON. Numbers that are not finite become the strings "NaN", "Infinity" and
 * "-Infinity", bigints strings of digits, bytes base64, other typed arrays, sets and maps what
 * they hold.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, given) {
    // A Buffer's own toJSON has been applied to what is given.
    const held = this[key]
    if (held instanceof Uint8Array) return Buffer.from(held).toString('base64')
    return encodable(given)
  })
}

function encodable(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'bigint') return String(value)
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return [...(value as unknown as Iterable<unknown>)]
  }
  if (value instanceof Set) return [...value]
  if (value instanceof Map) return Object.fromEntries(value)
  return value
}

// Every operating error has a code, says whether it may pass by itself, and carries its cause.
// A message says what was expected, what was found, and where.

/** What can go wrong, each with the exit code (sysexits) that the command line gives it. */
export const errorExitCodes = {
  USAGE: 2,
  BAD_INPUT: 65,
  BAD_FRAME: 65,
  BAD_STEP: 65,
  LOG_CORRUPT: 65,
  LOG_FOREIGN: 65,
  LOG_VERSION: 65,
  OUT_OF_ORDER: 65,
  VIDEO_CORRUPT: 65,
  NOT_FOUND: 66,
  UNAVAILABLE: 69,
  ADDRESS_IN_USE: 69,
  LOG_FAILED: 70,
  INTERNAL: 70,
  TIMEOUT: 70,
  VIDEO_FAILED: 70,
  CANNOT_CREATE: 73,
  DISK_FULL: 73,
  LOG_LOCKED: 75,
  CLOSED: 70,
} as const satisfies Record<string, number>

export type ErrorCode = keyof typeof errorExitCodes

/** An operating error: expected to happen in the field, reported once, never swallowed. */
export class RollcastError extends Error {
  override readonly name = 'RollcastError'
  readonly code: ErrorCode
  /** True when the same call may succeed later without anybody changing anything. */
  readonly temporary: boolean

  constructor(
    code: ErrorCode,
    message: string,
    options: { temporary?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.temporary = options.temporary ?? false
  }
}

/** What a value is, for a message: the name of its class, or of its type. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value
}

/** The text of anything that was thrown, for a person, with its code when it has one. Never throws. */
export function describeError(error: unknown): string {
  try {
    if (error instanceof RollcastError) return `${error.code}: ${error.message}`
    if (error instanceof Error) return `${error.name}: ${error.message}`
    return String(error)
  } catch {
    // An object without a text of its own, or whose text throws.
    return 'something that cannot be described'
  }
}

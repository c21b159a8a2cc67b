// Assertions stay on in production: a broken invariant kills the actor, and the supervisor
// restarts it from the log. Operating errors are RollcastError, never an assertion.

/** Thrown by `assert`: a programmer's mistake, not an operating error. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** Throws an AssertionError unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Marks a branch that the types exclude. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}

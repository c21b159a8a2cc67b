// Damage that whoever meets it can do without: a cache that is made again, a frame that counts as
// missed.
import { RollcastError } from '../base/errors.ts'

/** What `read` finds; undefined when it is damaged. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RollcastError && error.code === 'LOG_CORRUPT') return undefined
    throw error
  }
}

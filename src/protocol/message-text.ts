// Messages between viewers and the gateway as JSON.
import type { ClientMessage } from './client-messages.ts'
import type { ServerMessage } from './server-messages.ts'

/** JSON text of a message; numbers that JSON cannot carry, big integers among them, as strings. */
export function stringifyMessage(message: ServerMessage | ClientMessage): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    const isText =
      typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    return isText ? String(value) : value
  })
}

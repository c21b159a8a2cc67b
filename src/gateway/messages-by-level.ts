// One saying, as the message of each level that somebody has: made once for each, and once for all
// where it is the same.
import { byLevel, type Level, sayingFor } from '../protocol/levels.ts'
import type { SharedMessage } from './shared-message.ts'

/** `make` is called with what is said, at most once for each level. */
export function messagesByLevel(
  data: unknown,
  make: (said: unknown) => SharedMessage,
): (level: Level) => SharedMessage {
  const said = byLevel(data)
  if (said === undefined) {
    const message = make(data)
    return () => message
  }
  const made = new Map<Level, SharedMessage>()
  return level => {
    const message = made.get(level) ?? make(sayingFor(said, level))
    made.set(level, message)
    return message
  }
}

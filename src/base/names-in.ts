// What is in a directory, for those to whom one that is not there is an empty one.
import { readdirSync } from 'node:fs'

/** The names in `directory`; none when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

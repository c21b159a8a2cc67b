// Reading one log: opened for a command, closed whatever becomes of it.
import type { LogReader } from '../store/event-log.ts'
import { openLogReader } from '../store/open-log.ts'

/** What `read` makes of the log of run directory `dir`. Throws what opening it throws. */
export async function withLog<Result>(
  dir: string,
  read: (reader: LogReader) => Result | Promise<Result>,
): Promise<Result> {
  const reader = openLogReader(dir)
  try {
    return await read(reader)
  } finally {
    await reader.close()
  }
}

// The operator's log of a run: what started, stopped, failed and why, as JSON lines in the run's
// directory. It is for people, and for when the event log itself has failed; nothing reads it back.
import { join } from 'node:path'
import { type Logger, pino } from 'pino'

/** The log of run directory `dir`; without a directory, or one that cannot be written, none. */
export function openOperatorLog(dir: string | null): Logger {
  if (dir === null) return pino({ enabled: false })
  try {
    const file = pino.destination({ dest: join(dir, 'rollcast.log'), mkdir: true, sync: true })
    // A full disk ends the lines, not the run.
    file.on('error', () => {})
    return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, file)
  } catch {
    return pino({ enabled: false })
  }
}

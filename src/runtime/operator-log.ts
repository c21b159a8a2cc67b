// The operator's log of a run: what started, stopped, failed and why, as JSON lines in the run's
// directory. It is for people, and for when the event log itself has failed; nothing reads it back.
// A run that never started leaves no file: its caller is told why.
import { join } from 'node:path'
import { type Logger, pino } from 'pino'

type Level = 'info' | 'warn' | 'error'

/** More lines than a start has. */
const WAITING_MAX = 200

export class OperatorLog {
  readonly #dir: string | null
  #logger: Logger | undefined
  #waiting: (() => void)[] = []

  /** The log of run directory `dir`; without a directory, or one that cannot be written, none. */
  constructor(dir: string | null) {
    this.#dir = dir
  }

  /** Begins the file, with what was said so far. */
  open(): void {
    if (this.#logger) return
    this.#logger = openLogger(this.#dir)
    for (const write of this.#waiting.splice(0)) write()
  }

  write(level: Level, fields: object, message: string): void {
    if (this.#logger) this.#logger[level](fields, message)
    else if (this.#waiting.length < WAITING_MAX) {
      this.#waiting.push(() => this.#logger?.[level](fields, message))
    }
  }
}

function openLogger(dir: string | null): Logger {
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

// Goes to places and tries everything there, with the rights of whoever started it. Says what it
// was told, one JSON a line.
import { RollcastError } from '../../../src/base/errors.ts'
import { startRun } from '../../../src/index.ts'
import { startPlaying } from '../../../src/runtime/play.ts'
import { openLog } from '../../../src/store/open-log.ts'
import { logStats } from '../../../src/store/stats.ts'
import { verifyLog } from '../../../src/store/verify.ts'

export interface Told {
  readonly dir: string
  readonly what: 'record' | 'read'
  readonly how: string
  /** Null: it worked. */
  readonly code: string | null
  readonly message: string
  readonly millis: number
}

const live = { host: '127.0.0.1', port: 0 }

/** Everything that can be tried at a place. What works is ended again. */
const attempts: readonly [Told['what'], string, (dir: string) => Promise<unknown>][] = [
  ['read', 'log stats', dir => logStats(dir)],
  ['read', 'log verify', dir => verifyLog(dir)],
  ['read', 'serve', async dir => (await startPlaying({ dir, task: 'serve', live })).close()],
  ['read', 'replay', async dir => (await startPlaying({ dir, task: 'replay' })).close()],
  ['record', 'openLog', async dir => (await openLog(dir)).writer.close()],
  ['record', 'startRun', async dir => (await startRun({ dir, handleSignals: false })).close()],
]

/** A machine that is busy with other things delays an answer; it does so once. */
const MILLIS_MAX = 1_000

async function tell(dir: string, attempt: (dir: string) => Promise<unknown>) {
  const started = performance.now()
  const error = await attempt(dir).then(
    () => null,
    (cause: unknown) => cause,
  )
  return { error, millis: performance.now() - started }
}

const keepAlive = setInterval(() => {}, 1_000)
for (const dir of process.argv.slice(2)) {
  for (const [what, how, attempt] of attempts) {
    let { error, millis } = await tell(dir, attempt)
    if (error !== null && millis > MILLIS_MAX) ({ error, millis } = await tell(dir, attempt))
    const refused = error instanceof RollcastError ? error.code : 'OTHER'
    const code = error === null ? null : refused
    const told: Told = { dir, what, how, code, message: String(error), millis }
    process.stdout.write(`${JSON.stringify(told)}\n`)
  }
}
clearInterval(keepAlive)

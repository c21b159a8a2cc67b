// The end of the program that a run lives in. Whatever way it ends, short of a kill, the run is
// closed first; but no longer than its deadline, and never for a viewer's sake.
import { constants } from 'node:os'

export interface Closer {
  /** Closes with the event loop running. */
  close(): Promise<void>
  /** Does not wait for what is queued. */
  closeNow(): void
  /** Closes without an event loop. */
  closeSync(reason: 'exit' | 'signal'): void
}

/**
 * Closes the run at the end of the process; on SIGINT and SIGTERM too when `handleSignals`. The
 * first signal closes and then ends the process with 128 + its number, the second ends it now.
 * Returns a function that takes the handlers away.
 */
export function handleExit(handleSignals: boolean, closer: Closer): () => void {
  let signals = 0
  const onExit = (): void => closer.closeSync(signals > 0 ? 'signal' : 'exit')
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++
    const code = 128 + constants.signals[signal]
    if (signals > 1) {
      process.off('exit', onExit)
      closer.closeNow()
      process.exit(code)
    }
    closer.close().then(
      () => process.exit(code),
      () => process.exit(code),
    )
  }
  process.on('exit', onExit)
  if (handleSignals) {
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  }
  return () => {
    process.off('exit', onExit)
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

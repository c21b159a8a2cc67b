// The end of the program that a run lives in. Whatever way it ends, short of a kill, the run is
// closed first; but no longer than its deadline, and never for a viewer's sake.
import { dieBy } from '../base/die.ts'

export interface Closer {
  /** Closes with the event loop running. */
  close(): Promise<void>
  /** Closes without an event loop. */
  closeSync(reason: 'exit' | 'signal'): void
}

/** The handlers of all runs of this program, to be told from the program's own. */
const handlers = new Set<NodeJS.SignalsListener>()

/**
 * Closes the run at the end of the process; on SIGINT and SIGTERM too when `handleSignals`. The
 * first signal closes, and then ends the process with its exit code (0 if none is set; 1 after a
 * close that failed), unless the program listens to that signal itself: then the end is its own.
 * The second signal ends the process now. Returns a function that takes the handlers away.
 */
export function handleExit(handleSignals: boolean, closer: Closer): () => void {
  let signals = 0
  const onExit = (): void => closer.closeSync(signals > 0 ? 'signal' : 'exit')
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++
    if (signals > 1) dieBy(signal)
    const isOurs = process.listeners(signal).every(listener => handlers.has(listener))
    const end = (code: number): void => {
      if (isOurs) process.exit(process.exitCode ?? code)
    }
    closer.close().then(
      () => end(0),
      () => end(1),
    )
  }
  process.on('exit', onExit)
  if (handleSignals) {
    handlers.add(onSignal)
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  }
  return () => {
    handlers.delete(onSignal)
    process.off('exit', onExit)
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

// Ctrl-C: once asks the command to come to its end, twice ends the process where it stands.
import { constants } from 'node:os'

/**
 * From now on the first SIGINT or SIGTERM aborts the signal that is returned and sets the exit
 * code (130, 143); the second exits at once, whatever still wants to be closed.
 */
export function catchInterrupts(): AbortSignal {
  const controller = new AbortController()
  const take = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal]
    process.exitCode = code
    if (!controller.signal.aborted) {
      controller.abort()
      return
    }
    // A run closes itself when the process exits, which takes its time.
    process.removeAllListeners('exit')
    process.exit(code)
  }
  process.on('SIGINT', take)
  process.on('SIGTERM', take)
  return controller.signal
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

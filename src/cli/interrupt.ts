// Ctrl-C: once asks the command to come to its end, twice ends the process where it stands.
import { constants } from 'node:os'
import { dieBy } from '../base/die.ts'

/**
 * From now on the first SIGINT or SIGTERM aborts the signal that is returned and sets the exit
 * code (130, 143); the second ends the process, whatever still wants to be closed.
 */
export function catchInterrupts(): AbortSignal {
  const controller = new AbortController()
  const take = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) dieBy(signal)
    process.exitCode = 128 + constants.signals[signal]
    controller.abort()
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

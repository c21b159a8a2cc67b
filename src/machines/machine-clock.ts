// XState takes a clock of its own shape. This makes one of ours, so that a simulated clock drives
// the delays of every machine.
import type { Clock } from '../base/clock.ts'

/** For `createActor(machine, { clock: machineClock(clock) })`. */
export function machineClock(clock: Clock): {
  setTimeout(callback: () => void, delayMillis: number): () => void
  clearTimeout(cancel: (() => void) | undefined): void
} {
  return {
    setTimeout: (callback, delayMillis) => clock.schedule(delayMillis, callback),
    clearTimeout: cancel => cancel?.(),
  }
}

// The end of a process that waits for nobody. `process.exit` stops every thread wherever it is, and
// one that is inside LMDB at that moment turns the exit into an abort.

/** Ends this process as `signal` does where nobody handles it: a shell sees 128 + its number. */
export function dieBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

// What is undone when a measurement is stopped half-way: by Ctrl-C, or because a job ends.

const undoings = new Set<() => void>()
let isWatched = false

/**
 * `undo` is called when this process is asked to end, which it then does by that signal; those that
 * came last are called first. The result takes it back.
 */
export function whenInterrupted(undo: () => void): () => void {
  undoings.add(undo)
  if (!isWatched) watch()
  isWatched = true
  return () => void undoings.delete(undo)
}

function watch(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const undo of [...undoings].reverse()) undo()
      process.kill(process.pid, signal)
    })
  }
}

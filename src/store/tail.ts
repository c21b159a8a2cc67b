// Follows a log: what is there, then what comes, for as long as wanted. The log itself is the
// queue, so a slow follower costs nothing but its own lag. A push says that there is more; a slow
// timer makes sure that a lost push costs a second and not the rest of the run.
import { watch } from 'node:fs'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Batch, LogReader } from './event-log.ts'
import { dataFile } from './open-log.ts'

const SAFETY_MILLIS = 1000

/** Calls `notify` whenever there may be more; returns a function that stops it. */
export type Wake = (notify: () => void) => () => void

export interface TailOptions {
  /** The first event wanted; default 1. */
  readonly fromSeq?: number
  readonly signal: AbortSignal
  /** In the writer's process a message from the recorder; elsewhere `watchLog(dir)`. */
  readonly wake: Wake
  readonly clock?: Clock
}

/** Batches without an end; `whenCaughtUp` resolves the first time that there is nothing left. */
export interface Tail extends AsyncIterable<Batch> {
  readonly whenCaughtUp: Promise<void>
}

/** Wakes when another process writes to the log of run directory `dir`. */
export const watchLog =
  (dir: string): Wake =>
  notify => {
    const watcher = watch(dataFile(dir), { persistent: false }, notify)
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  }

/**
 * Follows the log from `fromSeq` until `signal` aborts; then the iteration ends. Only one
 * iteration of a tail may run. Damage ends it with LOG_CORRUPT.
 */
export function tail(reader: LogReader, options: TailOptions): Tail {
  const caughtUp = Promise.withResolvers<void>()
  return {
    whenCaughtUp: caughtUp.promise,
    [Symbol.asyncIterator]: () => follow(reader, options, caughtUp.resolve),
  }
}

async function* follow(
  reader: LogReader,
  { fromSeq = 1, signal, wake, clock = systemClock }: TailOptions,
  caughtUp: () => void,
): AsyncGenerator<Batch, void, undefined> {
  let notified = Promise.withResolvers<void>()
  const notify = (): void => notified.resolve()
  const stopWaking = wake(notify)
  signal.addEventListener('abort', notify)
  try {
    for (let next = fromSeq; !signal.aborted; ) {
      notified = Promise.withResolvers<void>()
      for (const batch of reader.batches({ fromSeq: next })) {
        yield batch
        if (signal.aborted) return
        next = batch.firstSeq + batch.count
      }
      if (reader.durable().seq >= next) continue
      caughtUp()
      const cancel = clock.schedule(SAFETY_MILLIS, notify)
      await notified.promise
      cancel()
    }
  } finally {
    stopWaking()
    signal.removeEventListener('abort', notify)
  }
}

// Fills a log as the recorder does: contributions one after the other, and no more in flight than
// the trainer may have.
import { assert } from '../src/base/assert.ts'
import { limits } from '../src/protocol/limits.ts'
import type { Contribution, LogWriter, WriterStats } from '../src/store/event-log.ts'

export interface Appended {
  readonly seconds: number
  readonly stats: WriterStats
}

/** Resolves when all of it is durable; `seconds` is how long that took. */
export async function appendAll(
  writer: LogWriter,
  contributions: Iterable<Contribution>,
): Promise<Appended> {
  const inFlight: { readonly bytes: number; readonly durable: Promise<unknown> }[] = []
  let waiting = 0
  const startedAt = performance.now()
  for (const contribution of contributions) {
    const bytes = (contribution.frames ?? []).reduce(
      (sum, frame) => sum + frame.bytes.byteLength,
      contribution.records.byteLength,
    )
    inFlight.push({ bytes, durable: writer.append(contribution).durable })
    waiting += bytes
    while (waiting > limits.undurableBytesMax) {
      const oldest = inFlight.shift()!
      await oldest.durable
      waiting -= oldest.bytes
    }
  }
  await writer.flush()
  const seconds = (performance.now() - startedAt) / 1000
  assert(writer.stats().pendingEvents === 0, 'the clock stops when nothing is pending')
  return { seconds, stats: writer.stats() }
}

import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import type { Event } from '../../src/protocol/events.ts'
import { newestBatches } from '../../src/replay/newest-batches.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryDisk } from '../../src/store/memory-storage.ts'
import { contribution, declarations, frame, metric, step } from '../store/records.ts'

/** A log of these lives, each with its batches of events. */
async function logOf(lives: readonly (readonly (readonly Event[])[])[]) {
  const disk = new MemoryDisk()
  let log = await openMemoryLog({ disk })
  for (const [life, batches] of lives.entries()) {
    if (life > 0) log = await openMemoryLog({ disk })
    let position = 0
    for (const events of batches) {
      position += events.length
      await log.writer.append(contribution(events, position, `trainer:${life}`)).durable
    }
  }
  return log.reader()
}

const metrics = (count: number): Event[] => Array.from({ length: count }, (_, i) => metric(i))

describe('U12 the newest batches of a log', () => {
  test('are its last thousand events in order, without pixels', async () => {
    const reader = await logOf([[[...declarations, step(1, 0), frame(1, 0)], metrics(999)]])
    const { seq } = reader.durable()
    const batches = newestBatches(reader, seq)
    expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(1_000)
    const [first, last] = [batches[0], batches.at(-1)]
    expect(first).toMatchObject({ firstSeq: seq - 999, mode: 'live' })
    expect(last!.firstSeq + last!.count - 1).toBe(seq)
    expect(first!.layouts).toHaveLength(declarations.length)
  })

  test('say what was declared with the first of each epoch', async () => {
    const reader = await logOf([
      [[...declarations], [metric(1)]],
      [[metric(2)], [metric(3)]],
    ])
    const told = newestBatches(reader, reader.durable().seq).map(({ epoch, layouts }) => [
      epoch,
      layouts?.length,
    ])
    const all = declarations.length
    const byEpoch = new Map(told.toReversed().map(([epoch, count]) => [epoch, count]))
    expect([...byEpoch.values()]).toEqual([all, all])
    expect(told.filter(([, count]) => count !== undefined)).toHaveLength(2)
  })

  test('end where they are asked to, and are none of an empty log', async () => {
    const reader = await logOf([[[...declarations], metrics(10)]])
    const batches = newestBatches(reader, 5)
    expect(batches.at(-1)!.firstSeq + batches.at(-1)!.count - 1).toBe(5)
    expect(newestBatches(await logOf([]), 0)).toEqual([])
  })

  test('are fewer where they take more than 4 MiB, but one always', async () => {
    const large = metric(1, 3 * MIB)
    const reader = await logOf([[[...declarations], [large], [large], [metric(2)]]])
    const { seq } = reader.durable()
    expect(newestBatches(reader, seq).map(({ firstSeq }) => firstSeq)).toEqual([seq - 1, seq])
    expect(newestBatches(reader, seq - 1).map(({ firstSeq }) => firstSeq)).toEqual([seq - 1])
    const [only] = newestBatches(await logOf([[[metric(1, 5 * MIB)]]]), 1)
    expect(only).toMatchObject({ firstSeq: 1, count: 1 })
  })
})

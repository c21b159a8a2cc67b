import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecord, Layouts, packValue, readRecord } from '../../src/protocol/codec.ts'
import type { Event } from '../../src/protocol/events.ts'
import { Selection } from '../../src/replay/selection.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { row } from '../protocol/predicate/rows.ts'
import { contribution, declarations, metric, step } from '../store/records.ts'

/** A log of the events, with these episodes in its index. */
async function logOf(events: readonly Event[], rows: ReturnType<typeof row>[] = []) {
  const log = await openMemoryLog()
  await log.writer.append({
    ...contribution([...declarations, ...events], 1),
    rows: rows.map(one => ({ episode: one.episode, bytes: packValue(one) })),
  }).durable
  return log.reader()
}

test('L17 what was played side by side is one range, behind the head of the log', async () => {
  const rows = [
    row({ episode: 1, firstSeq: 10, lastSeq: 20 }),
    row({ episode: 2, firstSeq: 15, lastSeq: 30 }),
    row({ episode: 3, firstSeq: 31, lastSeq: 40 }),
    row({ episode: 4, firstSeq: 32, lastSeq: 35 }),
    row({ episode: 5, firstSeq: 50, lastSeq: 60 }),
  ]
  const reader = await logOf([], rows)
  const ranges = (...episodes: number[]) => new Selection(reader, episodes).ranges().slice(1)
  expect(ranges(5, 1, 2)).toEqual([
    { fromSeq: 10, toSeq: 30 },
    { fromSeq: 50, toSeq: 60 },
  ])
  expect(ranges(4, 3)).toEqual([{ fromSeq: 31, toSeq: 40 }])
  expect(() => ranges(6)).toThrow('the run has no finished episode 6')
})

test('L17 the selected keep their events in order, with their numbers, and those of no episode stay', async () => {
  const given = fc.array(fc.nat(3), { minLength: 1, maxLength: 30 })
  const chosen = fc.uniqueArray(fc.integer({ min: 1, max: 3 }))
  await fc.assert(
    fc.asyncProperty(given, chosen, async (order, episodes) => {
      // 0 is an event of no episode.
      const events = order.map((episode, at) => (episode === 0 ? metric(at) : step(episode, at)))
      const reader = await logOf(events)
      const [batch] = [...reader.batches({ fromSeq: 1 })]
      const seen: number[] = []
      const selection = new Selection(reader, episodes)
      for (const part of selection.cut(batch!, reader.layouts())) {
        const layouts = new Layouts(reader.layouts().all())
        let at = 0
        for (let index = 0; index < part.count; index++) {
          const record = readRecord(part.records, at)
          const { event } = decodeRecord(part.records, record, layouts)
          const seq = part.firstSeq + index
          const [original] = [...reader.events({ fromSeq: seq, toSeq: seq })]
          expect(event).toEqual(original?.event)
          seen.push(seq)
          at = record.end
        }
        expect(at).toBe(part.records.byteLength)
      }
      const wanted = order.flatMap((episode, at) =>
        episode === 0 || episodes.includes(episode) ? [at + 3] : [],
      )
      expect(seen).toEqual([1, 2, ...wanted])
    }),
  )
})

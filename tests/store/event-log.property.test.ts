// A model of the log: an array of values. Random appends, flushes, reads, prunes and reopenings
// (clean, and like after a crash) must always agree with it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogReader, LogWriter, OpenReport } from '../../src/store/event-log.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { StorageReader } from '../../src/store/log-reader.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { logDirectory, type OpenOptions, openLog, openLogReader } from '../../src/store/open-log.ts'
import type { LogStorage } from '../../src/store/storage.ts'
import { verifyStorage } from '../../src/store/verify.ts'
import { contribution, declarations, frame, metric, pixelsOf } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

type Command =
  | { kind: 'append'; producer: number; events: number; frames: number; padding: number }
  | { kind: 'duplicate'; producer: number }
  | { kind: 'flush' }
  | { kind: 'reopen' | 'crash' }
  | { kind: 'read'; from: number; length: number; reverse: boolean }
  | { kind: 'prune'; share: number }

const commands = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        producer: fc.nat(2),
        events: fc.nat(40),
        frames: fc.nat(3),
        padding: fc.oneof(fc.nat(50), fc.constant(200_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('duplicate' as const), producer: fc.nat(2) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('flush' as const, 'reopen' as const, 'crash' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(60),
        reverse: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('prune' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
  ),
  { maxLength: 30 },
)

interface Place {
  open(options: OpenOptions): Promise<{ writer: LogWriter; report: OpenReport }>
  reader(): LogReader
  storage(): LogStorage
}

/** What was appended: a metric's value, or the index of a frame. */
type Entry = { metric: number } | { frame: number }

async function run(place: Place, list: readonly Command[]): Promise<void> {
  const model: Entry[] = []
  const positions = new Map<string, number>()
  let prunedBefore = 0
  let dead = false
  const options: OpenOptions = {
    faults: { beforeCommit: () => (dead ? Promise.reject(new Error('crashed')) : undefined) },
  }
  let { writer } = await place.open(options)
  writer.append(contribution(declarations, 1, 'declarer'))
  const base = declarations.length
  let value = 0
  for (const command of list) {
    const producer = `producer-${'producer' in command ? command.producer : 0}`
    if (command.kind === 'append') {
      const metrics = Array.from({ length: command.events }, (): Entry => ({ metric: value++ }))
      const frames = Array.from({ length: command.frames }, (): Entry => ({ frame: value++ }))
      const entries = [...metrics, ...frames]
      const events = entries.map(e =>
        'metric' in e ? metric(e.metric, command.padding) : frame(1, e.frame),
      )
      const position = (positions.get(producer) ?? 0) + 1 + (value % 3)
      const appended = writer.append(contribution(events, position, producer))
      expect(appended).toMatchObject({ firstSeq: base + model.length + 1, count: entries.length })
      model.push(...entries)
      positions.set(producer, position)
    } else if (command.kind === 'duplicate') {
      const position = positions.get(producer)
      if (position === undefined) continue
      expect(writer.append(contribution([metric(-1)], position, producer)).duplicate).toBe(true)
    } else if (command.kind === 'flush') {
      expect(await writer.flush()).toEqual({ epoch: writer.epoch, seq: base + model.length })
    } else if (command.kind === 'reopen' || command.kind === 'crash') {
      await writer.flush()
      // A crash loses what was not acknowledged, and leaves no clean end.
      dead = command.kind === 'crash'
      if (dead) writer.append(contribution([metric(-2)], 1_000_000, 'lost'))
      await writer.close()
      const cleanClose = !dead
      dead = false
      const next = await place.open(options)
      expect(next.report).toMatchObject({ lastSeq: base + model.length, cutBytes: 0, cleanClose })
      expect(next.report.positions['lost']).toBeUndefined()
      expect(next.report.positions).toMatchObject(Object.fromEntries(positions))
      writer = next.writer
    } else if (command.kind === 'prune') {
      await writer.flush()
      const before = Math.floor(command.share * (base + model.length))
      await writer.dropFrames({ beforeSeq: before })
      prunedBefore = Math.max(prunedBefore, before)
    } else if (command.kind === 'read') {
      await writer.flush()
      const reader = place.reader()
      const fromSeq = base + 1 + Math.floor(command.from * model.length)
      const toSeq = fromSeq + command.length
      const expected = model.slice(fromSeq - base - 1, toSeq - base)
      if (command.reverse) expected.reverse()
      const read = [...reader.events({ fromSeq, toSeq, reverse: command.reverse })]
      const entries = read.map(({ event }): Entry => {
        if (event.type === 'frame_captured') return { frame: event.index }
        expect(event.type).toBe('metrics_sampled')
        return { metric: event.type === 'metrics_sampled' ? event.globalStep : -1 }
      })
      expect(entries).toEqual(expected)
      for (const { seq, event } of read) {
        if (event.type !== 'frame_captured') continue
        expect(reader.frame(seq)).toEqual(seq < prunedBefore ? undefined : pixelsOf(event.index))
      }
      await reader.close()
    }
  }
  await writer.close()
  const storage = place.storage()
  expect(verifyStorage(storage)).toMatchObject({
    ok: true,
    lastSeq: base + model.length,
    problems: [],
  })
  await storage.close()
}

describe('the event log as a model', () => {
  test('in memory, any sequence of commands agrees with an array', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async list => {
        const disk = new MemoryDisk()
        await run(
          {
            open: options => openMemoryLog({ ...options, disk }),
            reader: () => new StorageReader(new MemoryStorage(disk)),
            storage: () => new MemoryStorage(disk),
          },
          list,
        )
      }),
      { numRuns: 100 },
    )
  })

  test('on LMDB, any sequence of commands agrees with an array', async () => {
    await fc.assert(
      fc.asyncProperty(commands, list =>
        withRunDirectory(dir =>
          run(
            {
              open: options => openLog(dir, options),
              reader: () => openLogReader(dir, { check: false, readOnly: false }),
              storage: () => new LmdbStorage(logDirectory(dir)),
            },
            list,
          ),
        )(),
      ),
      { numRuns: 40 },
    )
  }, 60_000)
})

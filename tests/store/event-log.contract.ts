// What every event log does, run on each storage.
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { Layouts } from '../../src/protocol/codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Batch, LogReader } from '../../src/store/event-log.ts'
import { decodeBatch } from '../../src/store/log-reader.ts'
import type { OpenLog, OpenOptions } from '../../src/store/open-log.ts'
import { tail } from '../../src/store/tail.ts'
import {
  contribution,
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  frameLayout,
  metric,
  pixelsOf,
  recordsOf,
  step,
  stepLayout,
} from './records.ts'

/** One log that can be opened again and again. */
export interface LogUnderTest {
  open(options?: OpenOptions): Promise<Pick<OpenLog, 'writer' | 'report'>>
  reader(): LogReader
  /** Raises the epoch past the writer that is open, as another writer would. */
  supersede(): Promise<void>
}

const codeOf = (error: unknown): string => (error as RollcastError).code

async function rejection(promise: Promise<unknown>): Promise<RollcastError> {
  const error = await promise.then(
    () => undefined,
    reason => reason,
  )
  expect(error).toBeInstanceOf(RollcastError)
  return error as RollcastError
}

const seqsOf = (batches: Iterable<Batch>): number[] =>
  [...batches].flatMap(b => Array.from({ length: b.count }, (_, i) => b.firstSeq + i))

/** Runs the contract; `withLog` hands out a new log and cleans up after it. */
export function describeEventLog(
  name: string,
  withLog: (body: (log: LogUnderTest) => Promise<void>) => () => Promise<void>,
): void {
  describe(`${name}: the event log`, () => {
    test(
      'P3 numbers records from 1 without a gap, across contributions and openings',
      withLog(async log => {
        const first = await log.open()
        expect(first.report).toMatchObject({
          created: true,
          epoch: 1,
          lastSeq: 0,
          cleanClose: true,
        })
        expect(first.writer.append(contribution([metric(1), metric(2)], 1)).firstSeq).toBe(1)
        expect(first.writer.append(contribution([metric(3)], 2)).firstSeq).toBe(3)
        expect(first.writer.nextSeq).toBe(4)
        await first.writer.close()
        const second = await log.open()
        expect(second.report).toMatchObject({ created: false, epoch: 2, lastSeq: 3 })
        expect(second.report).toMatchObject({ previousEpoch: 1, cleanClose: true })
        expect(second.writer.append(contribution([metric(4)], 3)).firstSeq).toBe(4)
        expect(await second.writer.flush()).toEqual({ epoch: 2, seq: 4 })
        const reader = log.reader()
        expect(seqsOf(reader.batches({ fromSeq: 1 }))).toEqual([1, 2, 3, 4])
        expect([...reader.events({ fromSeq: 1 })].map(e => [e.seq, e.epoch])).toEqual([
          [1, 1],
          [2, 1],
          [3, 1],
          [4, 2],
        ])
        await reader.close()
        await second.writer.close()
      }),
    )

    test(
      'returns events as they were handed in, steps and frames included',
      withLog(async log => {
        const { writer } = await log.open()
        const events = [...declarations, episodeBegan(1), step(1, 0), frame(1, 0), episodeEnded(1)]
        writer.append(contribution(events, 1))
        await writer.flush()
        const reader = log.reader()
        const read = [...reader.events({ fromSeq: 1 })]
        expect(read.map(e => e.event)).toEqual(events)
        expect(read.map(e => e.time)).toEqual([1000, 1001, 1002, 1003, 1004, 1005])
        expect(reader.frame(5)).toEqual(pixelsOf(0))
        expect(reader.frame(4)).toBeUndefined()
        const backwards = [...reader.events({ fromSeq: 2, toSeq: 5, reverse: true })]
        expect(backwards.map(e => e.seq)).toEqual([5, 4, 3, 2])
        expect(backwards[1]!.event).toEqual(step(1, 0))
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'G1 copies pixels before append returns, whatever becomes of their memory, and of its own',
      withLog(async log => {
        const { writer } = await log.open()
        writer.append(contribution(declarations, 1))
        const frames = Array.from({ length: 20 }, (_, i) => frame(1, i))
        for (const [i, event] of frames.entries()) {
          const bytes = pixelsOf(i)
          const payload = { index: 0, bytes, crc: crc32(bytes) }
          writer.append({ ...contribution([event], 2 + i), frames: [payload] })
          bytes.fill(0)
          // What was written is used again for what comes next.
          if (i % 3 === 0) await writer.flush()
        }
        await writer.flush()
        const reader = log.reader()
        expect(frames.map((_, i) => reader.frame(3 + i))).toEqual(frames.map((_, i) => pixelsOf(i)))
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'a reader that starts anywhere decodes steps, because layouts are registered',
      withLog(async log => {
        const { writer } = await log.open()
        writer.append(contribution(declarations, 1))
        await writer.flush()
        writer.append(contribution([step(1, 7)], 2))
        await writer.flush()
        const reader = log.reader()
        expect([...reader.events({ fromSeq: 3 })].map(e => e.event)).toEqual([step(1, 7)])
        expect(reader.layouts().all()).toEqual([stepLayout, frameLayout])
        await reader.close()
        await writer.close()
        const { report, writer: next } = await log.open()
        expect(report.layouts).toEqual([stepLayout, frameLayout])
        await next.close()
      }),
    )

    test(
      'P4 G1 a contribution at or below the stored position writes nothing, also after reopening',
      withLog(async log => {
        const first = await log.open()
        const once = contribution([metric(1)], 10)
        expect(first.writer.append(once).duplicate).toBe(false)
        const again = first.writer.append(once)
        expect(again).toMatchObject({ duplicate: true, count: 0 })
        expect(await again.durable).toEqual({ epoch: 1, seq: 1 })
        first.writer.append(contribution([metric(2)], 5, 'aggregator'))
        await first.writer.close()
        const { writer, report } = await log.open()
        expect(report.positions).toEqual({ 'trainer:test': 10, aggregator: 5 })
        expect(writer.position('trainer:test')).toBe(10)
        expect(writer.append(contribution([metric(3)], 9)).duplicate).toBe(true)
        expect(writer.append(contribution([metric(3)], 11)).firstSeq).toBe(3)
        await writer.flush()
        const reader = log.reader()
        expect(reader.durable()).toEqual({ epoch: 2, seq: 3 })
        expect(reader.position('trainer:test')).toBe(11)
        expect(reader.position('nobody')).toBeUndefined()
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'P4 a duplicate is answered with the number that it got the first time, in any later life',
      withLog(async log => {
        const first = await log.open()
        const sent = Array.from({ length: 20 }, (_, i) => contribution([metric(i)], i + 1))
        for (const [i, one] of sent.entries()) expect(first.writer.append(one).firstSeq).toBe(i + 1)
        const again = sent.map(one => first.writer.append(one))
        expect(again.every(one => one.duplicate)).toBe(true)
        // The last sixteen are remembered; of older ones it is known that they are there.
        expect(again.map(one => one.firstSeq)).toEqual(sent.map((_, i) => (i < 4 ? 0 : i + 1)))
        await first.writer.close()
        const second = await log.open()
        expect(sent.map(one => second.writer.append(one).firstSeq)).toEqual(
          again.map(one => one.firstSeq),
        )
        await second.writer.close()
      }),
    )

    test(
      'P4 what overtakes or overlaps is refused, and is there once when it is sent again in order',
      withLog(async log => {
        const { writer } = await log.open()
        const piece = (after: number, position: number) => ({
          ...contribution([metric(position)], position),
          after,
        })
        const refused = (after: number, position: number, message: RegExp): void => {
          const { nextSeq } = writer
          expect(() => writer.append(piece(after, position))).toThrow(message)
          expect(writer.nextSeq).toBe(nextSeq)
        }
        refused(3, 7, /expected what follows position 0, found 7 after 3/)
        writer.append(piece(0, 3))
        refused(7, 9, /expected what follows position 3, found 9 after 7/)
        refused(0, 7, /expected what follows position 3, found 7 after 0/)
        writer.append(piece(3, 7))
        writer.append(piece(7, 9))
        expect(writer.append(piece(3, 7))).toMatchObject({ duplicate: true, firstSeq: 2 })
        await writer.flush()
        const reader = log.reader()
        const values = [...reader.events({ fromSeq: 1 })].map(({ event }) =>
          event.type === 'metrics_sampled' ? event.globalStep : -1,
        )
        expect(values).toEqual([3, 7, 9])
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'keeps rows and snapshots, and a contribution without records moves the position',
      withLog(async log => {
        const { writer } = await log.open()
        const bytes = new Uint8Array([1, 2, 3])
        const empty = { producer: 'aggregator', records: new Uint8Array(), count: 0 }
        const rows = [1, 2, 3, 70_000].map(episode => ({
          episode,
          bytes: bytes.map(b => b + episode),
        }))
        writer.append({ ...empty, position: 1, rows })
        const snapshot = { name: 'projection', version: 3, position: 12, bytes }
        const appended = writer.append({ ...empty, position: 2, snapshot })
        expect(appended).toMatchObject({ firstSeq: 1, count: 0, duplicate: false })
        await appended.durable.catch(() => {})
        await writer.flush()
        const reader = log.reader()
        expect(reader.episodeRows({ limit: 2 }).map(r => r.episode)).toEqual([70_000, 3])
        expect(reader.episodeRows({ before: 3, limit: 10 }).map(r => r.episode)).toEqual([2, 1])
        expect(reader.episodeRows({ before: 0, limit: 10 })).toEqual([])
        expect(reader.episodeRow(2)).toEqual(new Uint8Array([3, 4, 5]))
        expect(reader.episodeRow(4)).toBeUndefined()
        expect(reader.snapshot('projection')).toEqual(snapshot)
        expect(reader.snapshot('other')).toBeUndefined()
        expect(reader.position('aggregator')).toBe(2)
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'opening tells which episodes are open and which is the last',
      withLog(async log => {
        const first = await log.open()
        const events = [7, 8, 9].map(episodeBegan)
        first.writer.append(contribution([...events, episodeEnded(8)], 1))
        await first.writer.close()
        const second = await log.open()
        expect(second.report).toMatchObject({
          openEpisodes: [{ episode: 7 }, { episode: 9 }],
          lastEpisode: 9,
        })
        second.writer.append(contribution([episodeEnded(7), episodeEnded(9)], 2))
        await second.writer.close()
        const third = await log.open()
        expect(third.report).toMatchObject({ openEpisodes: [], lastEpisode: 9 })
        await third.writer.close()
      }),
    )

    test(
      'batches close at their bounds, split long contributions and cut to the range asked for',
      withLog(async log => {
        const { writer } = await log.open()
        const count = limits.batchCountMax * 2 + 10
        const records = recordsOf(Array.from({ length: count }, (_, i) => metric(i)))
        writer.append({ producer: 'trainer:test', position: 1, records, count })
        const big = contribution([metric(0, limits.batchBytesMax + 5)], 2)
        writer.append(big)
        await writer.flush()
        const reader = log.reader()
        const batches = [...reader.batches({ fromSeq: 1 })]
        expect(batches.every(b => b.count <= limits.batchCountMax)).toBe(true)
        const small = batches.filter(b => b.records.byteLength <= limits.batchBytesMax)
        expect(small.length).toBe(batches.length - 1)
        expect(Buffer.concat(batches.map(b => b.records))).toEqual(
          Buffer.concat([records, big.records]),
        )
        const cut = [...reader.batches({ fromSeq: 100, toSeq: count - 3 })]
        expect(seqsOf(cut)).toEqual(Array.from({ length: count - 102 }, (_, i) => i + 100))
        expect(cut[0]).toMatchObject({ firstSeq: 100, firstTime: 1000 + 99 })
        expect(cut.at(-1)!.lastTime).toBe(1000 + count - 4)
        const [event] = decodeBatch(cut[0]!, new Layouts())
        expect(event).toMatchObject({ seq: 100, event: { globalStep: 99 } })
        expect([...reader.batches({ fromSeq: count + 2 })]).toEqual([])
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'group commit waits for the age of the batch, not longer',
      withLog(async log => {
        const clock = new SimulatedClock()
        const { writer } = await log.open({ clock })
        const appended = writer.append(contribution([metric(1)], 1))
        clock.advance(limits.batchAgeMillisMax - 1)
        expect(writer.stats().transactions).toBe(0)
        writer.append(contribution([metric(2)], 2))
        clock.advance(1)
        expect(await appended.durable).toEqual({ epoch: 1, seq: 2 })
        expect(writer.stats()).toMatchObject({ transactions: 1, batches: 1, events: 2 })
        expect(writer.stats().recentCommits.count).toBe(1)
        await writer.close()
      }),
    )

    test(
      'G12 what somebody waits for is committed at once, with what waited for company before it',
      withLog(async log => {
        const { writer } = await log.open({ clock: new SimulatedClock() })
        writer.append(contribution([metric(1)], 1))
        const awaited = { ...contribution([metric(2)], 2), isAwaited: true }
        expect(await writer.append(awaited).durable).toEqual({ epoch: 1, seq: 2 })
        writer.append(contribution([metric(3)], 3))
        await new Promise(resolve => setImmediate(resolve))
        expect(writer.stats()).toMatchObject({ transactions: 1, pendingEvents: 1 })
        await writer.close()
      }),
    )

    test(
      'level sync commits at once, without a clock that moves',
      withLog(async log => {
        const { writer } = await log.open({ clock: new SimulatedClock(), durability: 'sync' })
        expect(await writer.append(contribution([metric(1)], 1)).durable).toMatchObject({ seq: 1 })
        await writer.close()
      }),
    )

    test(
      'level relaxed commits in groups, and a flush reaches the disk',
      withLog(async log => {
        const { writer } = await log.open({ durability: 'relaxed' })
        expect(await writer.append(contribution([metric(1)], 1)).durable).toMatchObject({ seq: 1 })
        writer.append(contribution([metric(2)], 2))
        expect(await writer.flush()).toEqual({ epoch: 1, seq: 2 })
        await writer.close()
      }),
    )

    test(
      'P9 a slow commit blocks nobody: what comes meanwhile gathers in one transaction',
      withLog(async log => {
        const gate = Promise.withResolvers<void>()
        const faults = { beforeCommit: (n: number) => (n === 1 ? gate.promise : undefined) }
        const { writer } = await log.open({ durability: 'sync', faults })
        const reader = log.reader()
        const durable: number[] = []
        writer.onDurable(position => durable.push(position.seq))
        for (let i = 1; i <= 100; i++) writer.append(contribution([metric(i)], i))
        expect(writer.nextSeq).toBe(101)
        expect(writer.stats()).toMatchObject({ pendingEvents: 100, transactions: 0 })
        expect(reader.durable()).toEqual({ epoch: 1, seq: 0 })
        expect([...reader.batches({ fromSeq: 1 })]).toEqual([])
        gate.resolve()
        await writer.flush()
        expect(durable).toEqual([1, 100])
        expect(writer.stats()).toMatchObject({ pendingEvents: 0, pendingBytes: 0, transactions: 2 })
        expect(reader.durable()).toEqual({ epoch: 1, seq: 100 })
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'refuses, temporarily, what passes the bound of bytes that wait for the disk',
      withLog(async log => {
        const gate = Promise.withResolvers<void>()
        const faults = { beforeCommit: () => gate.promise }
        const { writer } = await log.open({ faults })
        const records = recordsOf([metric(0, 4_000_000)])
        let position = 0
        const fill = (): void => {
          for (;;) {
            const c = { producer: 'trainer:test', position: position + 1, records, count: 1 }
            writer.append(c)
            position++
          }
        }
        expect(fill).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', temporary: true }))
        expect(writer.position('trainer:test')).toBe(position)
        expect(writer.stats().pendingBytes).toBeLessThanOrEqual(2 * limits.ringBytes)
        gate.resolve()
        expect(await writer.flush()).toEqual({ epoch: 1, seq: position })
        expect(writer.append({ ...contribution([metric(1)], position + 1) }).duplicate).toBe(false)
        await writer.close()
      }),
    )

    test(
      'P7 fails stop at the first error: pending and later appends fail, close does not hang',
      withLog(async log => {
        const clock = new SimulatedClock()
        const failing = {
          beforeCommit: (n: number) => (n === 2 ? Promise.reject(new Error('EIO')) : undefined),
        }
        const { writer } = await log.open({ clock, durability: 'sync', faults: failing })
        const failures: string[] = []
        writer.onFailure(error => failures.push(error.code))
        await writer.append(contribution([metric(1)], 1)).durable
        const pending = [2, 3, 4].map(i => writer.append(contribution([metric(i)], i)).durable)
        const dropping = rejection(writer.dropFrames({ beforeSeq: 10 }))
        for (const promise of pending) {
          const error = await rejection(promise)
          expect(error.code).toBe('LOG_FAILED')
          expect(error.message).toContain('after event 1')
          expect(error.cause).toMatchObject({ message: 'EIO' })
        }
        expect((await dropping).code).toBe('LOG_FAILED')
        expect(() => writer.append(contribution([metric(5)], 5))).toThrow(writer.failure)
        expect(codeOf(await rejection(writer.flush()))).toBe('LOG_FAILED')
        expect(writer.durable).toEqual({ epoch: 1, seq: 1 })
        expect(failures).toEqual(['LOG_FAILED'])
        await writer.close()
        const next = await log.open()
        expect(next.report).toMatchObject({
          lastSeq: 1,
          cleanClose: false,
          positions: { 'trainer:test': 1 },
        })
        await next.writer.close()
      }),
    )

    test(
      'P7 a commit that never settles fails at its deadline, and close lets go',
      withLog(async log => {
        const clock = new SimulatedClock()
        const faults = { beforeCommit: () => new Promise<void>(() => {}) }
        const { writer } = await log.open({ clock, durability: 'sync', faults })
        const { durable } = writer.append(contribution([metric(1)], 1))
        clock.advance(30_000)
        expect((await rejection(durable)).message).toContain('did not answer')
        await writer.close()
      }),
    )

    test(
      'P7 G6 stops before the disk is full, naming the reserve',
      withLog(async log => {
        let freeBytes = 1e12
        const faults = { freeBytes: () => freeBytes }
        const clock = new SimulatedClock()
        const { writer } = await log.open({ clock, durability: 'sync', faults })
        await writer.append(contribution([metric(1)], 1)).durable
        freeBytes = limits.freeBytesMin - 1
        clock.advance(1000)
        const error = await rejection(writer.append(contribution([metric(2)], 2)).durable)
        expect(error).toMatchObject({ code: 'DISK_FULL' })
        expect(error.message).toContain('64.0 MiB')
        await writer.close()
        expect(codeOf(await rejection(log.open({ faults })))).toBe('DISK_FULL')
      }),
    )

    test(
      'P5 G8 a writer whose epoch was superseded is fenced: nothing of it is merged',
      withLog(async log => {
        const old = await log.open({ durability: 'sync' })
        await old.writer.append(contribution([metric(1)], 1)).durable
        await log.supersede()
        const error = await rejection(old.writer.append(contribution([metric(2)], 2)).durable)
        expect(error).toMatchObject({ code: 'LOG_FAILED' })
        expect(error.message).toContain('superseded')
        await old.writer.close()
        const reader = log.reader()
        expect([...reader.events({ fromSeq: 1 })].map(e => e.seq)).toEqual([1])
        await reader.close()
      }),
    )

    test(
      'G4 drops frames below a number and keeps their events',
      withLog(async log => {
        const { writer } = await log.open()
        const frames = Array.from({ length: 200 }, (_, i) => frame(1, i))
        writer.append(contribution([...declarations, ...frames], 1))
        await writer.flush()
        const reader = log.reader()
        expect(await writer.dropFrames({ beforeSeq: 152 })).toBe(149)
        expect(await writer.dropFrames({ beforeSeq: 152 })).toBe(0)
        expect(reader.frame(151)).toBeUndefined()
        expect(reader.frame(152)).toEqual(pixelsOf(149))
        expect([151, 152, 1000].map(seq => reader.hasFrame(seq))).toEqual([false, true, false])
        expect([...reader.events({ fromSeq: 1 })].length).toBe(202)
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'G4 drops the frames of one episode from among those of another',
      withLog(async log => {
        const { writer } = await log.open()
        const frames = Array.from({ length: 300 }, (_, i) => frame(1 + (i % 3), i))
        writer.append(contribution([...declarations, ...frames], 1))
        await writer.flush()
        const reader = log.reader()
        expect(await writer.dropFrames({ episode: 2, fromSeq: 30, toSeq: 200 })).toBe(57)
        const left = frames.map((_, i) => reader.hasFrame(3 + i))
        const seqOf = (i: number): number => 3 + i
        expect(left).toEqual(frames.map((_, i) => i % 3 !== 1 || seqOf(i) < 30 || seqOf(i) > 200))
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'G4 drops what a contribution asks for once it is durable, whoever dies in between',
      withLog(async log => {
        const seqs = Array.from({ length: 150 }, (_, i) => 3 + i)
        const frames = seqs.map((_, i) => frame(1, i))
        const first = await log.open()
        first.writer.append(contribution([...declarations, ...frames], 1))
        await first.writer.close()
        const drops = [{ episode: 1, fromSeq: 3, toSeq: 152 }]
        const left = async (): Promise<number> => {
          const reader = log.reader()
          const held = seqs.filter(seq => reader.hasFrame(seq)).length
          await reader.close()
          return held
        }
        const dieAt = async (commit: number): Promise<void> => {
          const beforeCommit = (n: number) =>
            n >= commit ? Promise.reject(new Error('EIO')) : undefined
          const { writer } = await log.open({ durability: 'sync', faults: { beforeCommit } })
          const failed = new Promise<void>(resolve => writer.onFailure(() => resolve()))
          if (writer.position('trainer:test') === 1) {
            const asking = writer.append({ ...contribution([metric(1)], 2), drops })
            await asking.durable.catch(() => undefined)
          }
          await writer.flush().catch(() => undefined)
          await failed
          await writer.close()
        }
        // It never became durable: nothing goes.
        await dieAt(1)
        expect(await left()).toBe(150)
        // It is, and then the writer dies; so does the next one, half way.
        await dieAt(2)
        expect(await left()).toBe(150)
        await dieAt(2)
        expect(await left()).toBe(86)
        const last = await log.open()
        await last.writer.close()
        expect(await left()).toBe(0)
        const after = await log.open()
        expect(await after.writer.dropFrames(drops[0]!)).toBe(0)
        await after.writer.close()
      }),
    )

    test(
      'refuses records that no reader could decode, and adds nothing',
      withLog(async log => {
        const { writer } = await log.open()
        const torn = recordsOf([metric(1)]).subarray(0, -8)
        const other = { ...stepLayout, observation: 4 }
        const bad = [
          { producer: 'a', position: 1, records: torn, count: 1 },
          { producer: 'a', position: 1, records: new Uint8Array(4), count: 1 },
          contribution([step(1, 0)], 1, 'a'),
          contribution([...declarations, { type: 'layout_declared', ...other }], 1, 'a'),
        ]
        for (const c of bad) {
          expect(() => writer.append(c)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
        }
        expect(() => writer.append({ ...contribution([metric(1)], 1, 'a'), count: 2 })).toThrow(
          'says 2 records',
        )
        expect(writer.nextSeq).toBe(1)
        expect(writer.position('a')).toBeUndefined()
        expect(writer.append(contribution(declarations, 1, 'a')).firstSeq).toBe(1)
        expect(writer.append(contribution(declarations, 2, 'a')).firstSeq).toBe(3)
        await writer.close()
        expect(() => writer.append(contribution([metric(1)], 3, 'a'))).toThrow(
          expect.objectContaining({ code: 'CLOSED' }),
        )
      }),
    )

    test(
      'G3 a tail catches up, says so, and goes on with what comes',
      withLog(async log => {
        const { writer } = await log.open({ durability: 'sync' })
        await writer.append(contribution([metric(1), metric(2)], 1)).durable
        const reader = log.reader()
        const stop = new AbortController()
        const follow = tail(reader, {
          fromSeq: 2,
          signal: stop.signal,
          wake: notify => writer.onDurable(notify),
          clock: new SimulatedClock(),
        })
        const seen: number[] = []
        const done = (async () => {
          for await (const batch of follow) {
            seen.push(...seqsOf([batch]))
            if (seen.includes(50)) stop.abort()
          }
        })()
        await follow.whenCaughtUp
        expect(seen).toEqual([2])
        for (let i = 3; i <= 50; i++) {
          const { durable } = writer.append(contribution([metric(i)], i))
          if (i % 7 === 0) await durable
        }
        await done
        expect(seen).toEqual(Array.from({ length: 49 }, (_, i) => i + 2))
        await reader.close()
        await writer.close()
      }),
    )

    test(
      'a tail that misses every push still sees what comes, by its safety timer',
      withLog(async log => {
        const { writer } = await log.open({ durability: 'sync' })
        const reader = log.reader()
        const stop = new AbortController()
        const clock = new SimulatedClock()
        const follow = tail(reader, { signal: stop.signal, wake: () => () => {}, clock })
        const iterator = follow[Symbol.asyncIterator]()
        const next = iterator.next()
        await follow.whenCaughtUp
        await writer.append(contribution([metric(1)], 1)).durable
        clock.advance(1000)
        expect((await next).value).toMatchObject({ firstSeq: 1, count: 1 })
        const last = iterator.next()
        stop.abort()
        expect(await last).toEqual({ done: true, value: undefined })
        expect(clock.pending).toBe(0)
        await reader.close()
        await writer.close()
      }),
    )
  })
}

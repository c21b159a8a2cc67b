// Opening where the lock does not reach (another container, another path): then the fence alone
// stands between two writers, at every instant of the opening (P5, G8).
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import { logDirectory, openLog, openWriter } from '../../src/store/open-log.ts'
import type { LogStorage } from '../../src/store/storage.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

const nothing = async (): Promise<void> => {}

async function withTwoStorages(
  kind: 'memory' | 'lmdb',
  body: (a: LogStorage, b: LogStorage) => Promise<void>,
): Promise<void> {
  if (kind === 'memory') {
    const disk = new MemoryDisk()
    return body(new MemoryStorage(disk), new MemoryStorage(disk))
  }
  return withRunDirectory(async dir => {
    await (await openLog(dir)).writer.close()
    await body(new LmdbStorage(logDirectory(dir)), new LmdbStorage(logDirectory(dir)))
  })()
}

describe.each(['memory', 'lmdb'] as const)('opening a log on %s', kind => {
  test('P5 G8 of two writers that open at the same instant one is told that it is locked', () =>
    withTwoStorages(kind, async (a, b) => {
      for (const storage of [a, b]) {
        // Both have looked at the epoch before either raises it.
        const begin = storage.begin.bind(storage)
        storage.begin = async epoch => {
          await new Promise(resolve => setImmediate(resolve))
          return begin(epoch)
        }
      }
      const opened = await Promise.allSettled([
        openWriter(a, {}, nothing),
        openWriter(b, {}, nothing),
      ])
      const refused = opened.filter(one => one.status === 'rejected')
      expect(refused.map(one => one.reason)).toMatchObject([{ code: 'LOG_LOCKED' }])
      const [first, second] = opened
      await (first.status === 'fulfilled' ? first.value.writer.close() : a.close())
      await (second.status === 'fulfilled' ? second.value.writer.close() : b.close())
    }))

  test('P3 G8 keeps what an earlier writer commits while it opens', () =>
    withTwoStorages(kind, async (a, b) => {
      const old = await openWriter(a, { durability: 'sync' }, nothing)
      const begin = b.begin.bind(b)
      b.begin = async epoch => {
        await old.writer.append(contribution([metric(1)], 1)).durable
        return begin(epoch)
      }
      const { writer, report } = await openWriter(b, { durability: 'sync' }, nothing)
      expect(report.lastSeq).toBe(1)
      expect(writer.append(contribution([metric(2)], 2)).firstSeq).toBe(2)
      await writer.close()
      await old.writer.close()
    }))
})

test('P7 S4 a storage that never answers, as behind a writer that hangs in a transaction, is given up', async () => {
  const clock = new SimulatedClock()
  for (const operation of ['begin', 'commit'] as const) {
    const storage = new MemoryStorage(new MemoryDisk())
    storage[operation] = () => new Promise(() => {})
    const opening = openWriter(storage, { clock, operationMillisMax: 500 }, nothing)
    const refused = expect(opening).rejects.toMatchObject({ code: 'LOG_FAILED' })
    await new Promise(resolve => setImmediate(resolve))
    clock.advance(500)
    await refused
    expect(clock.pending).toBe(0)
  }
})

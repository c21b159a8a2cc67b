// What wakes a tail, what ends it, and that nothing of it stays behind.
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { openMemoryLog } from '../../src/store/memory-log.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { tail, watchLog } from '../../src/store/tail.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

test('G3 a tail is told by who writes, reads from the beginning, and lets go of all in the end', async () => {
  const { writer, reader } = await openMemoryLog({ durability: 'sync' })
  for (let i = 1; i <= 3; i++) await writer.append(contribution([metric(i)], i)).durable
  const clock = new SimulatedClock()
  const stop = new AbortController()
  const notices = new Set<() => void>()
  const wake = (notify: () => void) => {
    notices.add(notify)
    return () => notices.delete(notify)
  }
  const follow = tail(reader(), { signal: stop.signal, wake, clock })
  const seen: number[] = []
  const ended = (async () => {
    for await (const { firstSeq } of follow) seen.push(firstSeq)
  })()
  await follow.whenCaughtUp
  expect(seen).toEqual([1, 2, 3])
  await writer.append(contribution([metric(4)], 4)).durable
  for (const notify of notices) notify()
  await expect.poll(() => seen).toEqual([1, 2, 3, 4])
  // One that is told of nothing goes on waiting, and has one timer.
  for (const notify of notices) notify()
  await new Promise(resolve => setImmediate(resolve))
  expect([seen.length, clock.pending]).toEqual([4, 1])
  stop.abort()
  await ended
  expect([notices.size, clock.pending]).toEqual([0, 0])
  await writer.close()
})

test('a tail that is ended at a batch reads no further', async () => {
  const { writer, reader } = await openMemoryLog({ durability: 'sync' })
  for (let i = 1; i <= 3; i++) await writer.append(contribution([metric(i)], i)).durable
  const stop = new AbortController()
  const seen: number[] = []
  const clock = new SimulatedClock()
  const options = { fromSeq: 2, signal: stop.signal, wake: () => () => {}, clock }
  for await (const { firstSeq } of tail(reader(), options)) {
    seen.push(firstSeq)
    stop.abort()
  }
  expect(seen).toEqual([2])
  for await (const _ of tail(reader(), options)) expect.fail('it had ended before it began')
  await writer.close()
})

test(
  'G3 who watches a run directory is woken by what is written to its log',
  withRunDirectory(async dir => {
    const { writer } = await openLog(dir, { durability: 'sync' })
    const woken = Promise.withResolvers<void>()
    const stop = watchLog(dir)(() => woken.resolve())
    await writer.append(contribution([metric(1)], 1)).durable
    await woken.promise
    stop()
    const reader = openLogReader(dir, { check: false, readOnly: false })
    expect(reader.durable().seq).toBe(1)
    await reader.close()
    await writer.close()
  }),
)

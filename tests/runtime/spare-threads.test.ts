// P11: a restart does not wait for a thread to load, once the run has gone on for a moment. Where there
// is no thread to be had it waits, and nothing else happens.
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { ActorReport, ActorStart } from '../../src/protocol/thread-messages.ts'
import { heapOf } from '../../src/runtime/actor-heap.ts'
import { SpareThreads } from '../../src/runtime/spare-threads.ts'
import { tempDir, until } from './harness.ts'

/** An aggregator that says at once that there is no log, and ends. */
const start = (dir: string): ActorStart => ({
  ...{ name: 'aggregator', placement: 'thread', sends: [], receives: [], restarts: 1 },
  faults: false,
  config: { runDir: join(dir, 'nowhere'), reader: { check: true, readOnly: true }, task: 'record' },
})

test('P11 a spare becomes the actor that it is told to be, and there is another after it', async () => {
  const spares = new SpareThreads(heapOf())
  expect(spares.take(start('/'))).toBeUndefined()
  spares.keep(['aggregator'])
  const dir = tempDir()
  for (const _ of [1, 2, 3]) {
    const worker = await until('a spare', () => spares.take(start(dir)))
    const reports: ActorReport[] = []
    worker.on('message', report => reports.push(report))
    worker.on('error', () => {})
    await new Promise(resolve => worker.once('exit', resolve))
    expect(reports).toContainEqual(expect.objectContaining({ code: 'NOT_FOUND', refused: true }))
  }
  await spares.close()
})

test('S1 closing waits for a spare that loads: to end it meanwhile would end the whole process', async () => {
  const made: Worker[] = []
  const onWorker = (worker: Worker): void => void made.push(worker)
  process.on('worker', onWorker)
  onTestFinished(() => void process.off('worker', onWorker))
  const clock = new SimulatedClock()
  const spares = new SpareThreads(heapOf(), clock)
  spares.keep(['recorder', 'aggregator'])
  clock.advance(2_500)
  await spares.close()
  expect(made.map(worker => worker.threadId)).toEqual([-1])
  // Nor does it start another one.
  clock.advance(10_000)
  expect(made).toHaveLength(1)
})

test('S13: where the system has no thread there is no spare, and the next look finds one', async () => {
  let isShort = true
  let looks = 0
  const heap = {
    // Read when a thread is made, which fails as it does where no thread can be had: it throws.
    get maxYoungGenerationSizeMb(): number {
      looks++
      if (isShort) throw new Error('ERR_WORKER_INIT_FAILED: EAGAIN')
      return 6
    },
  }
  const clock = new SimulatedClock()
  const spares = new SpareThreads(heap, clock)
  spares.keep(['aggregator'])
  clock.advance(2_500)
  expect([looks, spares.take(start('/'))]).toEqual([1, undefined])
  isShort = false
  clock.advance(2_500)
  const worker = spares.take(start(tempDir()))
  expect(worker).toBeDefined()
  void spares.close()
  worker?.on('error', () => {})
  await new Promise(resolve => worker?.once('exit', resolve))
})

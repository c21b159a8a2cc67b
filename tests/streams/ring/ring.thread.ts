// The other side of a ring, for the tests that need a second thread.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../../src/base/clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { RingInlet } from '../../../src/streams/ring/inlet.ts'
import { RingReader } from '../../../src/streams/ring/reader.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'

export type RingThreadTask =
  | { readonly run: 'produce'; readonly buffer: SharedArrayBuffer; readonly records: number }
  | { readonly run: 'produceInBursts'; readonly buffer: SharedArrayBuffer; readonly rounds: number }
  | { readonly run: 'release'; readonly buffer: SharedArrayBuffer; readonly delayMillis: number }

/** What record `index` holds; both sides compute it. */
export function lengthOf(index: number): number {
  return 1 + ((index * 7919) % 200)
}

export function byteOf(index: number, at: number): number {
  return (index * 31 + at * 17) & 255
}

async function runTask(task: RingThreadTask): Promise<void> {
  if (task.run === 'produce') produce(task.buffer, task.records)
  else if (task.run === 'produceInBursts') produceInBursts(task.buffer, task.rounds)
  else await releaseAll(task.buffer, task.delayMillis)
}

/** Under `block`: waits for room, loses nothing. */
function produce(buffer: SharedArrayBuffer, records: number): void {
  const inlet = new RingInlet(buffer, { clock: systemClock, policy: { kind: 'block' } })
  for (let index = 0; index < records; index++) {
    const lengthBytes = lengthOf(index)
    const offset = inlet.claim(lengthBytes)
    if (offset < 0) throw new Error(`record ${index} was refused`)
    for (let at = 0; at < lengthBytes; at++) inlet.bytes[offset + at] = byteOf(index, at)
    inlet.commit(index)
  }
  inlet.writer.close()
}

/** One record, then waits until it was released: the reader falls asleep again and again. */
function produceInBursts(buffer: SharedArrayBuffer, rounds: number): void {
  const writer = new RingWriter(buffer, systemClock)
  const random = seededRandom(1)
  for (let round = 0; round < rounds; round++) {
    // A different delay every time, so that the commit meets every moment of falling asleep.
    for (let spin = random.below(4000); spin > 0; spin--) Atomics.load(writer.words, 0)
    writer.claim(8)
    writer.commit(round)
    if (!writer.waitReleased(writer.position, 20_000)) throw new Error(`round ${round} is stuck`)
  }
  writer.close()
}

async function releaseAll(buffer: SharedArrayBuffer, delayMillis: number): Promise<void> {
  const reader = new RingReader(buffer)
  await new Promise(resolve => setTimeout(resolve, delayMillis))
  while (reader.read()) {}
  reader.release(reader.position)
}

if (parentPort) await runTask(workerData as RingThreadTask)

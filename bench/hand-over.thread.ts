// Takes what another thread hands over, and keeps the count and the sum of the rewards in shared
// memory. By a ring until its producer closes, or by messages until one says that it is enough.
import { parentPort, workerData } from 'node:worker_threads'
import { RingReader } from '../src/streams/ring/reader.ts'

export interface HandOverTask {
  /** By messages when there is none. */
  readonly ring: SharedArrayBuffer | undefined
  readonly tally: SharedArrayBuffer
}

/** In every record of the ring: where the reward is, in its payload. */
export const REWARD_OFFSET = 24

/** What is posted: one step or many, bytes, or the end. */
export type HandedOver = { readonly reward: number } | readonly { readonly reward: number }[]

/** What has arrived, shared by both threads. The sum is as of the count. */
export class Tally {
  readonly #count: Int32Array
  readonly #sum: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    this.#count = new Int32Array(buffer, 0, 1)
    this.#sum = new Float64Array(buffer, 8, 1)
  }

  static readonly bytes = 16

  get count(): number {
    return Atomics.load(this.#count, 0)
  }

  get rewardSum(): number {
    return this.#sum[0]!
  }

  /** Blocks until so many have arrived. */
  waitFor(count: number): void {
    for (let found = this.count; found < count; found = this.count) {
      Atomics.wait(this.#count, 0, found, 1)
    }
  }

  add(count: number, rewardSum: number): void {
    this.#sum[0]! += rewardSum
    Atomics.add(this.#count, 0, count)
  }
}

const READ_AT_ONCE = 256

function takeFromRing(ring: SharedArrayBuffer, tally: Tally): void {
  const reader = new RingReader(ring)
  for (;;) {
    let count = 0
    let sum = 0
    while (count < READ_AT_ONCE && reader.read()) {
      count++
      sum += reader.floats[(reader.byteOffset + REWARD_OFFSET) >>> 3]!
    }
    if (count > 0) {
      reader.release(reader.position)
      tally.add(count, sum)
    } else if (reader.producerClosed && !reader.hasData()) return
    else reader.waitForDataSync(100)
  }
}

function takeMessages(tally: Tally): void {
  parentPort?.on('message', (message: HandedOver | null) => {
    if (message === null) parentPort?.close()
    else if ('reward' in message) tally.add(1, message.reward)
    else {
      let sum = 0
      for (const { reward } of message) sum += reward
      tally.add(message.length, sum)
    }
  })
}

if (parentPort) {
  const { ring, tally } = workerData as HandOverTask
  if (ring) takeFromRing(ring, new Tally(tally))
  else takeMessages(new Tally(tally))
}

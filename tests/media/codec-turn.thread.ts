// Takes turns. With `rounds` it counts in shared memory what no two threads may change at once; without
// it has the turn until it is told, and tells that it has given it back.
import { parentPort, workerData } from 'node:worker_threads'
import { CodecTurn, codecTurn } from '../../src/media/codec-turn.ts'

export interface TurnTask {
  readonly words: SharedArrayBuffer | null
  /** The count and how many are in. */
  readonly shared: SharedArrayBuffer
  readonly rounds: number
}

const { words, shared, rounds } = workerData as TurnTask
const counts = new Int32Array(shared)
const turn = words === null ? codecTurn : new CodecTurn(words)
for (let round = 0; round < rounds; round++) {
  turn.take(() => {
    if (Atomics.add(counts, 1, 1) !== 0) throw new Error('two have the turn')
    counts[0]!++
    Atomics.sub(counts, 1, 1)
  })
}
if (rounds === 0) {
  turn.take(() => {
    parentPort?.postMessage('in')
    Atomics.wait(counts, 0, 0)
  })
  Atomics.store(counts, 1, 1)
  Atomics.notify(counts, 1)
}

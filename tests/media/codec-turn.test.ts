import { once } from 'node:events'
import { threadId, Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { CodecTurn, codecTurn } from '../../src/media/codec-turn.ts'
import type { TurnTask } from './codec-turn.thread.ts'

const start = (task: TurnTask): Worker =>
  new Worker(new URL('./codec-turn.thread.ts', import.meta.url), { workerData: task })

const newShared = () => new SharedArrayBuffer(8)

describe('V12 the turn of encoders that are opened and closed', () => {
  test('is with one at a time, in all threads that were started after it was loaded', async () => {
    expect(codecTurn.take(() => 'loaded')).toBe('loaded')
    const shared = newShared()
    const task: TurnTask = { words: null, shared, rounds: 20_000 }
    const exits = [1, 2, 3].map(() => once(start(task), 'exit'))
    expect(await Promise.all(exits)).toEqual([[0], [0], [0]])
    expect([...new Int32Array(shared)]).toEqual([60_000, 0])
  })

  test('is given back by who throws, and passes on what comes of the work', () => {
    const turn = new CodecTurn(new SharedArrayBuffer(4))
    const fail = (): never => {
      throw new Error('no such codec')
    }
    expect(() => turn.take(fail)).toThrow('no such codec')
    expect(turn.take(() => 5)).toBe(5)
  })

  test('does not stay with a thread that has ended, or that does not come back', async () => {
    const words = new SharedArrayBuffer(4)
    const shared = newShared()
    const holder = start({ words, shared, rounds: 0 })
    await once(holder, 'message')
    const turn = new CodecTurn(words, 50)
    expect(turn.take(() => 'gone on')).toBe('gone on')
    // Who lost it does not give it away when it comes back after all.
    const counts = new Int32Array(shared)
    const exit = once(holder, 'exit')
    const mine = turn.take(() => {
      Atomics.store(counts, 0, 1)
      Atomics.notify(counts, 0)
      Atomics.wait(counts, 1, 0)
      return new Int32Array(words)[0]
    })
    expect(mine).toBe(threadId + 1)
    expect(await exit).toEqual([0])
    expect(new Int32Array(words)[0]).toBe(0)
  })
})

// What goes into the replay buffer and how it comes out: windows of steps, the ring, the draw.
import { describe, expect, test } from 'vitest'
import { NStepWindow } from '../../../examples/gridworld/n-step.ts'
import { createBatch, ReplayBuffer } from '../../../examples/gridworld/replay-buffer.ts'
import { seededRandom } from '../../../src/base/random.ts'

const goesOn = { terminated: false, truncated: false }
const observed = (value: number): Float32Array => Float32Array.of(value)

/** Every transition held, once each, as rows of numbers ordered by observation. */
function contents(replay: ReplayBuffer): number[][] {
  const batch = createBatch(replay.size * 40, 1)
  replay.sample(batch, seededRandom(1))
  const rows = new Map<number, number[]>()
  for (let row = 0; row < batch.rows; row++) {
    const { observations, actions, rewards, nextObservations, discounts } = batch
    const values = [observations, actions, rewards, nextObservations, discounts].map(a => a[row]!)
    rows.set(values[0]!, values)
  }
  return [...rows.values()].sort((a, b) => a[0]! - b[0]!)
}

describe('the replay buffer', () => {
  test('overwrites the oldest transition when it is full', () => {
    const replay = new ReplayBuffer(3, 1)
    for (let i = 0; i < 5; i++) replay.append(observed(i), i, i / 2, observed(i + 1), 0.5)
    expect(replay.size).toBe(3)
    expect(contents(replay)).toEqual([
      [2, 2, 1, 3, 0.5],
      [3, 3, 1.5, 4, 0.5],
      [4, 4, 2, 5, 0.5],
    ])
  })

  test('refuses to draw from nothing', () => {
    const replay = new ReplayBuffer(3, 1)
    expect(() => replay.sample(createBatch(2, 1), seededRandom(1))).toThrow('empty')
  })
})

describe('the window of steps', () => {
  test('sums discounted rewards and hands on the shorter remainders at a time limit', () => {
    const replay = new ReplayBuffer(10, 1)
    const window = new NStepWindow(3, 0.5, 1, replay)
    for (let i = 0; i < 4; i++) {
      const end = i === 3 ? { terminated: false, truncated: true } : goesOn
      window.append(observed(i), i, 1, observed(i + 1), end)
    }
    expect(contents(replay)).toEqual([
      [0, 0, 1.75, 3, 0.125],
      [1, 1, 1.75, 4, 0.125],
      [2, 2, 1.5, 4, 0.25],
      [3, 3, 1, 4, 0.5],
    ])
  })

  test('gives death no future, and begins the next episode empty', () => {
    const replay = new ReplayBuffer(10, 1)
    const window = new NStepWindow(3, 0.5, 1, replay)
    window.append(observed(0), 0, 1, observed(1), goesOn)
    window.append(observed(1), 1, -1, observed(2), { terminated: true, truncated: false })
    window.append(observed(7), 7, 1, observed(8), goesOn)
    expect(contents(replay)).toEqual([
      [0, 0, 0.5, 2, 0],
      [1, 1, -1, 2, 0],
    ])
  })
})

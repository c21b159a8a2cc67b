// The network's arithmetic against finite differences, and its learning against a known function.
import { describe, expect, test } from 'vitest'
import { Network } from '../../../examples/gridworld/network.ts'
import { seededRandom } from '../../../src/base/random.ts'

const rows = 5
const sizes = [7, 9, 6, 3]

function randomArray(length: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  // A third of zeros, because the kernels skip them.
  return new Float32Array(length).map(() => (random.next() < 0.33 ? 0 : 2 * random.next() - 1))
}

describe('the network', () => {
  test('has gradients that agree with finite differences', () => {
    const network = new Network(sizes, rows, seededRandom(1))
    const input = randomArray(rows * 7, 2)
    const weights = randomArray(rows * 3, 3)
    const loss = (): number =>
      network.forward(input, rows).reduce((sum, value, i) => sum + value * weights[i]!, 0)
    loss()
    network.backward(weights, rows)
    const gradients = network.gradients.slice()
    const step = 1e-2
    let agreed = 0
    for (let i = 0; i < network.parameters.length; i++) {
      const value = network.parameters[i]!
      network.parameters[i] = value + step
      const above = loss()
      network.parameters[i] = value - step
      const below = loss()
      network.parameters[i] = value
      const numeric = (above - below) / (2 * step)
      if (Math.abs(numeric - gradients[i]!) < 2e-3) agreed++
    }
    // A few weights sit at the corner of a ReLU, where the difference is not the derivative.
    expect(agreed / gradients.length).toBeGreaterThan(0.97)
    expect(gradients.some(gradient => Math.abs(gradient) > 0.1)).toBe(true)
  })

  test('maps each row on its own', () => {
    const network = new Network(sizes, rows, seededRandom(1))
    const input = randomArray(rows * 7, 4)
    const together = network.forward(input, rows).slice()
    for (let row = 0; row < rows; row++) {
      const alone = network.forward(input.subarray(row * 7, row * 7 + 7), 1).slice(0, 3)
      expect([...alone]).toEqual([...together.slice(row * 3, row * 3 + 3)])
    }
  })

  test('learns a function by Adam', () => {
    const batch = 32
    const network = new Network([2, 24, 1], batch, seededRandom(6))
    const random = seededRandom(7)
    const gradients = new Float32Array(batch)
    const losses: number[] = []
    for (let update = 0; update < 1500; update++) {
      const input = new Float32Array(batch * 2).map(() => 2 * random.next() - 1)
      const output = network.forward(input, batch)
      let loss = 0
      for (let row = 0; row < batch; row++) {
        const error = output[row]! - input[row * 2]! * input[row * 2 + 1]!
        loss += error ** 2 / batch
        gradients[row] = (2 * error) / batch
      }
      losses.push(loss)
      network.backward(gradients, batch)
      network.adamStep(3e-3, 10)
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 50)
  })
})

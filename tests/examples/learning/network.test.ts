// The network's arithmetic against finite differences, and its learning against a known function.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Network } from '../../../examples/learning/network.ts'
import { seededRandom } from '../../../src/base/random.ts'

const rows = 5
const sizes = [7, 9, 6, 3]

function randomArray(length: number, seed: number): Float32Array {
  const random = seededRandom(seed)
  // A third of zeros, because the kernels skip them.
  return new Float32Array(length).map(() => (random.next() < 0.33 ? 0 : 2 * random.next() - 1))
}

/** Slopes of `loss` by parameter `i`, to either side: in one parameter it is made of straight lines,
 * so they are equal unless a ReLU's corner lies near. */
function slopes(parameters: Float32Array, i: number, loss: () => number): [number, number] {
  const step = 2 ** -6
  const value = parameters[i]!
  const here = loss()
  parameters[i] = value + step
  const above = loss()
  parameters[i] = value - step
  const below = loss()
  parameters[i] = value
  return [(here - below) / step, (above - here) / step]
}

describe('the network', () => {
  test('has gradients that agree with finite differences, whatever its size and weights', () => {
    const units = fc.integer({ min: 1, max: 12 })
    const tolerance = 2e-2
    let gradients = 0
    let compared = 0
    const shape = fc.array(units, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 6 }), fc.integer(), (sizes, rows, seed) => {
        const network = new Network(sizes, rows, seededRandom(seed))
        network.parameters.set(randomArray(network.parameters.length, seed + 3))
        const input = randomArray(rows * sizes[0]!, seed + 1)
        const weights = randomArray(rows * sizes.at(-1)!, seed + 2)
        const loss = (): number =>
          network
            .forward(input, rows)
            .subarray(0, weights.length)
            .reduce((sum, value, i) => sum + value * weights[i]!, 0)
        loss()
        network.backward(weights, rows)
        network.gradients.slice().forEach((gradient, i) => {
          const [before, after] = slopes(network.parameters, i, loss)
          if (Math.abs(before - after) > tolerance) return
          compared++
          expect(Math.abs(gradient - before)).toBeLessThan(tolerance * (1 + Math.abs(before)))
        })
        gradients += network.gradients.length
      }),
    )
    expect(compared / gradients).toBeGreaterThan(0.9)
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

  test('begins with outputs that are alike when its output scale is small', () => {
    const input = randomArray(rows * 7, 8)
    const [even, uneven] = [0.01, 1].map(scale =>
      new Network(sizes, rows, seededRandom(1), scale).forward(input, rows),
    )
    const largest = (outputs: Float32Array): number => Math.max(...outputs.map(Math.abs))
    expect(largest(even!)).toBeGreaterThan(0)
    expect(largest(even!)).toBeCloseTo(largest(uneven!) / 100, 4)
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

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

/** The loss in float64 by the textbook's loops, and on which side of its corner each ReLU is:
 * -1, 0 or 1; undefined if one is so near that float32 may see it on another. */
function reference(
  sizes: readonly number[],
  parameters: Float64Array,
  input: Float32Array,
  weights: Float32Array,
): { loss: number; sides: string | undefined } {
  const margin = 1e-4
  let loss = 0
  let sides: string | undefined = ''
  const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
  for (let row = 0; row < input.length / inputs; row++) {
    let layer = [...input.subarray(row * inputs, (row + 1) * inputs)]
    let at = 0
    for (const [index, units] of sizes.entries()) {
      if (index === 0) continue
      const biases = at + layer.length * units
      const sums = Array.from({ length: units }, (_, unit) =>
        layer.reduce(
          (sum, value, i) => sum + value * parameters[at + i * units + unit]!,
          parameters[biases + unit]!,
        ),
      )
      at = biases + units
      layer = sums
      if (index === sizes.length - 1) continue
      layer = sums.map(sum => Math.max(0, sum))
      if (sums.some(sum => sum !== 0 && Math.abs(sum) < margin)) sides = undefined
      if (sides !== undefined) sides += sums.map(Math.sign).join()
    }
    for (const [o, value] of layer.entries()) loss += value * weights[row * outputs + o]!
  }
  return { loss, sides }
}

/** The slope of the loss by parameter `i`. While no ReLU turns its corner the loss is a straight
 * line in one parameter, so two points give it exactly; undefined if one does. */
function slope(parameters: Float64Array, i: number, at: () => ReturnType<typeof reference>) {
  const step = 2 ** -16
  const value = parameters[i]!
  const here = at()
  parameters[i] = value + step
  const above = at()
  parameters[i] = value - step
  const below = at()
  parameters[i] = value
  const straight = here.sides === above.sides && here.sides === below.sides
  return straight && here.sides !== undefined ? (above.loss - below.loss) / (2 * step) : undefined
}

describe('the network', () => {
  test('has the gradients of finite differences, whatever its size and weights', () => {
    const units = fc.integer({ min: 1, max: 12 })
    let gradients = 0
    let compared = 0
    const shape = fc.array(units, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 6 }), fc.integer(), (sizes, rows, seed) => {
        const network = new Network(sizes, rows, seededRandom(seed))
        network.parameters.set(randomArray(network.parameters.length, seed + 3))
        const input = randomArray(rows * sizes[0]!, seed + 1)
        const weights = randomArray(rows * sizes.at(-1)!, seed + 2)
        network.forward(input, rows)
        network.backward(weights, rows)
        const parameters = Float64Array.from(network.parameters)
        network.gradients.forEach((gradient, i) => {
          const exact = slope(parameters, i, () => reference(sizes, parameters, input, weights))
          if (exact === undefined) return
          compared++
          expect(Math.abs(gradient - exact)).toBeLessThan(1e-4 * (1 + Math.abs(exact)))
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

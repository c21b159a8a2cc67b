// A multilayer perceptron (dense layers, ReLU between them) with Adam, in Float32Array maths.
// Every loop skips zero activations: half of the hidden units rest, and some observations are mostly
// one-hot, so this does less than half of the multiplications. The sums are made in a fixed
// order and with exactly rounded operations only, so the same seed gives the same weights anywhere.
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'
import { Adam } from './adam.ts'

type Layer = {
  readonly inputs: number
  readonly outputs: number
  /** `[inputs][outputs]` row-major, then `[outputs]` biases, as views of the network's arrays. */
  readonly weights: Float32Array
  readonly biases: Float32Array
  readonly weightGradients: Float32Array
  readonly biasGradients: Float32Array
  readonly terms: Terms
}

/** Room for a list of the non-zero factors of a sum, and of the rows that they multiply. */
type Terms = { readonly indices: Int32Array; readonly factors: Float32Array }

/** Layers of `sizes` units, input first, for batches of at most `batchSize` rows. */
export class Network {
  readonly sizes: readonly number[]
  /** All weights and biases, layer by layer. */
  readonly parameters: Float32Array
  /** Filled by `backward`; the same layout as `parameters`. */
  readonly gradients: Float32Array
  readonly #layers: Layer[] = []
  /** Row-major `[batchSize][units]` of each layer's output; the first is the caller's input. */
  readonly #activations: Float32Array[]
  readonly #deltas: Float32Array[]
  readonly #optimizer: Adam

  /** `outputScale` shrinks the first weights of the last layer: near 0, all outputs begin alike. */
  constructor(sizes: readonly number[], batchSize: number, random: Random, outputScale = 1) {
    assert(sizes.length >= 2, `sizes needs an input and an output, got ${sizes.length} entries`)
    this.sizes = sizes
    const total = sizes.slice(1).reduce((sum, units, i) => sum + (sizes[i]! + 1) * units, 0)
    this.parameters = new Float32Array(total)
    this.gradients = new Float32Array(total)
    this.#optimizer = new Adam(this.parameters, this.gradients)
    this.#activations = sizes.map((units, i) => new Float32Array(i === 0 ? 0 : batchSize * units))
    this.#deltas = sizes.map(units => new Float32Array(batchSize * units))
    let offset = 0
    for (let index = 1; index < sizes.length; index++) {
      const layer = this.#viewLayer(sizes[index - 1]!, sizes[index]!, offset, batchSize)
      // He's uniform initialisation.
      const scale = index === sizes.length - 1 ? outputScale : 1
      const limit = scale * Math.sqrt(6 / layer.inputs)
      for (let i = 0; i < layer.weights.length; i++) {
        layer.weights[i] = (2 * random.next() - 1) * limit
      }
      this.#layers.push(layer)
      offset += (layer.inputs + 1) * layer.outputs
    }
  }

  #viewLayer(inputs: number, outputs: number, offset: number, batchSize: number): Layer {
    const longest = Math.max(inputs, batchSize)
    const middle = offset + inputs * outputs
    const end = middle + outputs
    return {
      inputs,
      outputs,
      weights: this.parameters.subarray(offset, middle),
      biases: this.parameters.subarray(middle, end),
      weightGradients: this.gradients.subarray(offset, middle),
      biasGradients: this.gradients.subarray(middle, end),
      terms: { indices: new Int32Array(longest), factors: new Float32Array(longest) },
    }
  }

  /** Maps `rows` rows of `input` to rows of outputs. The result is reused by the next call. */
  forward(input: Float32Array, rows: number): Float32Array {
    this.#activations[0] = input
    const last = this.#layers.length - 1
    for (let index = 0; index <= last; index++) {
      const source = this.#activations[index]!
      const target = this.#activations[index + 1]!
      forwardLayer(this.#layers[index]!, source, target, rows, index < last)
    }
    return this.#activations[last + 1]!
  }

  /** Sets `gradients` to those of the loss whose derivative by the newest outputs is given. */
  backward(outputGradients: Float32Array, rows: number): void {
    this.gradients.fill(0)
    const last = this.#layers.length
    this.#deltas[last]!.set(outputGradients.subarray(0, rows * this.sizes[last]!))
    for (let index = last - 1; index >= 0; index--) {
      const layer = this.#layers[index]!
      const source = this.#activations[index]!
      addGradients(layer, source, this.#deltas[index + 1]!, rows)
      if (index > 0)
        backwardLayer(layer, source, this.#deltas[index + 1]!, this.#deltas[index]!, rows)
    }
  }

  /** One step of Adam along `gradients`, scaled down where their norm exceeds `maxNorm`. */
  adamStep(learningRate: number, maxNorm: number): void {
    this.#optimizer.step(learningRate, maxNorm)
  }
}

function forwardLayer(
  { inputs, outputs, weights, biases, terms }: Layer,
  source: Float32Array,
  target: Float32Array,
  rows: number,
  rectify: boolean,
): void {
  for (let row = 0; row < rows; row++) {
    const to = row * outputs
    const count = gatherTerms(terms, source, row * inputs, 1, inputs)
    for (let o = 0; o < outputs; o++) target[to + o] = biases[o]!
    addRows(target, to, terms, count, weights, outputs)
    if (!rectify) continue
    for (let o = 0; o < outputs; o++) if (target[to + o]! < 0) target[to + o] = 0
  }
}

function addGradients(
  { inputs, outputs, weightGradients, biasGradients, terms }: Layer,
  source: Float32Array,
  deltas: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * outputs
    for (let o = 0; o < outputs; o++) biasGradients[o] = biasGradients[o]! + deltas[at + o]!
  }
  for (let i = 0; i < inputs; i++) {
    const count = gatherTerms(terms, source, i, inputs, rows)
    addRows(weightGradients, i * outputs, terms, count, deltas, outputs)
  }
}

/** The deltas of the layer below; zero where its ReLU rested. */
function backwardLayer(
  { inputs, outputs, weights, terms }: Layer,
  source: Float32Array,
  deltas: Float32Array,
  below: Float32Array,
  rows: number,
): void {
  const { indices } = terms
  below.fill(0, 0, rows * inputs)
  for (let row = 0; row < rows; row++) {
    const to = row * outputs
    const from = row * inputs
    const count = gatherTerms(terms, source, from, 1, inputs)
    // Two units at a time: each delta is loaded once for both, and the sums do not wait in line.
    for (let term = 0; term < count; term += 2) {
      const a = indices[term]!
      const b = term + 1 < count ? indices[term + 1]! : a
      const atA = a * outputs
      const atB = b * outputs
      let sumA = 0
      let sumB = 0
      for (let o = 0; o < outputs; o++) {
        const delta = deltas[to + o]!
        sumA += delta * weights[atA + o]!
        sumB += delta * weights[atB + o]!
      }
      below[from + a] = sumA
      below[from + b] = sumB
    }
  }
}

/** Lists the entries that are not zero among `count` entries of `source`; returns how many. */
function gatherTerms(
  { indices, factors }: Terms,
  source: Float32Array,
  start: number,
  stride: number,
  count: number,
): number {
  let found = 0
  for (let i = 0; i < count; i++) {
    const value = source[start + i * stride]!
    if (value === 0) continue
    indices[found] = i
    factors[found++] = value
  }
  return found
}

/** Adds to `width` numbers of `target` the listed rows of `matrix`, each times its factor; four
 * rows at a time, because loading and storing the target is what costs. */
function addRows(
  target: Float32Array,
  at: number,
  { indices, factors }: Terms,
  count: number,
  matrix: Float32Array,
  width: number,
): void {
  let term = 0
  for (; term + 4 <= count; term += 4) {
    const a = factors[term]!
    const b = factors[term + 1]!
    const c = factors[term + 2]!
    const d = factors[term + 3]!
    const atA = indices[term]! * width
    const atB = indices[term + 1]! * width
    const atC = indices[term + 2]! * width
    const atD = indices[term + 3]! * width
    for (let o = 0; o < width; o++) {
      target[at + o] =
        target[at + o]! +
        (a * matrix[atA + o]! + b * matrix[atB + o]!) +
        (c * matrix[atC + o]! + d * matrix[atD + o]!)
    }
  }
  for (; term < count; term++) {
    const factor = factors[term]!
    const from = indices[term]! * width
    for (let o = 0; o < width; o++) target[at + o] = target[at + o]! + factor * matrix[from + o]!
  }
}

// A multilayer perceptron (dense layers, ReLU between them) with Adam, in Float32Array maths.
// Every loop skips zero activations: the observations are mostly one-hot and half of the hidden
// units rest, so this does less than half of the multiplications. The sums are made in a fixed
// order and with exactly rounded operations only, so the same seed gives the same weights anywhere.
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'

type Layer = {
  readonly inputs: number
  readonly outputs: number
  /** `[inputs][outputs]` row-major, then `[outputs]` biases, as views of the network's arrays. */
  readonly weights: Float32Array
  readonly biases: Float32Array
  readonly weightGradients: Float32Array
  readonly biasGradients: Float32Array
}

const adamBeta1 = 0.9
const adamBeta2 = 0.999
const adamEpsilon = 1e-8

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
  readonly #firstMoments: Float32Array
  readonly #secondMoments: Float32Array
  #beta1Power = 1
  #beta2Power = 1

  constructor(sizes: readonly number[], batchSize: number, random: Random) {
    assert(sizes.length >= 2, `sizes needs an input and an output, got ${sizes.length} entries`)
    this.sizes = sizes
    const total = sizes.slice(1).reduce((sum, units, i) => sum + (sizes[i]! + 1) * units, 0)
    this.parameters = new Float32Array(total)
    this.gradients = new Float32Array(total)
    this.#firstMoments = new Float32Array(total)
    this.#secondMoments = new Float32Array(total)
    this.#activations = sizes.map((units, i) => new Float32Array(i === 0 ? 0 : batchSize * units))
    this.#deltas = sizes.map(units => new Float32Array(batchSize * units))
    let offset = 0
    for (let index = 1; index < sizes.length; index++) {
      const layer = this.#viewLayer(sizes[index - 1]!, sizes[index]!, offset)
      // He's uniform initialisation.
      const limit = Math.sqrt(6 / layer.inputs)
      for (let i = 0; i < layer.weights.length; i++) {
        layer.weights[i] = (2 * random.next() - 1) * limit
      }
      this.#layers.push(layer)
      offset += (layer.inputs + 1) * layer.outputs
    }
  }

  #viewLayer(inputs: number, outputs: number, offset: number): Layer {
    const middle = offset + inputs * outputs
    const end = middle + outputs
    return {
      inputs,
      outputs,
      weights: this.parameters.subarray(offset, middle),
      biases: this.parameters.subarray(middle, end),
      weightGradients: this.gradients.subarray(offset, middle),
      biasGradients: this.gradients.subarray(middle, end),
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
    this.#beta1Power *= adamBeta1
    this.#beta2Power *= adamBeta2
    const { parameters, gradients } = this
    const first = this.#firstMoments
    const second = this.#secondMoments
    const scale = clipScale(gradients, maxNorm)
    const correction = Math.sqrt(1 - this.#beta2Power)
    const rate = (learningRate * correction) / (1 - this.#beta1Power)
    const epsilon = adamEpsilon * correction
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i]! * scale
      const m = adamBeta1 * first[i]! + (1 - adamBeta1) * gradient
      const v = adamBeta2 * second[i]! + (1 - adamBeta2) * gradient * gradient
      first[i] = m
      second[i] = v
      parameters[i] = parameters[i]! - (rate * m) / (Math.sqrt(v) + epsilon)
    }
  }
}

function forwardLayer(
  { inputs, outputs, weights, biases }: Layer,
  source: Float32Array,
  target: Float32Array,
  rows: number,
  rectify: boolean,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * inputs
    const to = row * outputs
    for (let o = 0; o < outputs; o++) target[to + o] = biases[o]!
    for (let i = 0; i < inputs; i++) {
      const x = source[from + i]!
      if (x === 0) continue
      const at = i * outputs
      for (let o = 0; o < outputs; o++) target[to + o] = target[to + o]! + x * weights[at + o]!
    }
    if (!rectify) continue
    for (let o = 0; o < outputs; o++) if (target[to + o]! < 0) target[to + o] = 0
  }
}

function addGradients(
  { inputs, outputs, weightGradients, biasGradients }: Layer,
  source: Float32Array,
  deltas: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * inputs
    const to = row * outputs
    for (let o = 0; o < outputs; o++) biasGradients[o] = biasGradients[o]! + deltas[to + o]!
    for (let i = 0; i < inputs; i++) {
      const x = source[from + i]!
      if (x === 0) continue
      const at = i * outputs
      for (let o = 0; o < outputs; o++) {
        weightGradients[at + o] = weightGradients[at + o]! + x * deltas[to + o]!
      }
    }
  }
}

/** The deltas of the layer below; zero where its ReLU rested. */
function backwardLayer(
  { inputs, outputs, weights }: Layer,
  source: Float32Array,
  deltas: Float32Array,
  below: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * inputs
    const to = row * outputs
    for (let i = 0; i < inputs; i++) {
      let sum = 0
      if (source[from + i] !== 0) {
        const at = i * outputs
        for (let o = 0; o < outputs; o++) sum += deltas[to + o]! * weights[at + o]!
      }
      below[from + i] = sum
    }
  }
}

function clipScale(gradients: Float32Array, maxNorm: number): number {
  let squares = 0
  for (let i = 0; i < gradients.length; i++) squares += gradients[i]! * gradients[i]!
  const norm = Math.sqrt(squares)
  return norm > maxNorm ? maxNorm / norm : 1
}

// Adam (Kingma and Ba 2015) in Float32Array maths, with the gradient's norm clipped. Only exactly
// rounded operations, so the same gradients give the same weights anywhere.

const beta1 = 0.9
const beta2 = 0.999
const adamEpsilon = 1e-8

/** Moves `parameters` along `gradients`, two arrays of one layout that others fill and read. */
export class Adam {
  readonly #parameters: Float32Array
  readonly #gradients: Float32Array
  readonly #firstMoments: Float32Array
  readonly #secondMoments: Float32Array
  #beta1Power = 1
  #beta2Power = 1

  constructor(parameters: Float32Array, gradients: Float32Array) {
    this.#parameters = parameters
    this.#gradients = gradients
    this.#firstMoments = new Float32Array(parameters.length)
    this.#secondMoments = new Float32Array(parameters.length)
  }

  /** One step along the gradients, scaled down where their norm exceeds `maxNorm`. */
  step(learningRate: number, maxNorm: number): void {
    this.#beta1Power *= beta1
    this.#beta2Power *= beta2
    const parameters = this.#parameters
    const gradients = this.#gradients
    const first = this.#firstMoments
    const second = this.#secondMoments
    const scale = clipScale(gradients, maxNorm)
    const correction = Math.sqrt(1 - this.#beta2Power)
    const rate = (learningRate * correction) / (1 - this.#beta1Power)
    const epsilon = adamEpsilon * correction
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i]! * scale
      const m = beta1 * first[i]! + (1 - beta1) * gradient
      const v = beta2 * second[i]! + (1 - beta2) * gradient * gradient
      first[i] = m
      second[i] = v
      parameters[i] = parameters[i]! - (rate * m) / (Math.sqrt(v) + epsilon)
    }
  }
}

function clipScale(gradients: Float32Array, maxNorm: number): number {
  let squares = 0
  for (let i = 0; i < gradients.length; i++) squares += gradients[i]! * gradients[i]!
  const norm = Math.sqrt(squares)
  return norm > maxNorm ? maxNorm / norm : 1
}

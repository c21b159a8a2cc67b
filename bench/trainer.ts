// A trainer that computes: a stack of dense layers, evaluated on every step. Its weights do not
// fit the first caches, so recording meets the caches as a real trainer leaves them.
import { seededRandom } from '../src/base/random.ts'
import { medianOf } from './statistics.ts'

const WIDTH = 96
const WARM_UP_STEPS = 200
const CALIBRATION_STEPS = 400

export class Trainer {
  readonly #layers: Float32Array[]
  #state = new Float32Array(WIDTH).fill(1)
  #next = new Float32Array(WIDTH)

  constructor(layers: number, seed: number) {
    const random = seededRandom(seed)
    this.#layers = Array.from({ length: layers }, () =>
      Float32Array.from({ length: WIDTH * WIDTH }, () => (random.next() - 0.5) / 4),
    )
  }

  /** One step's computation; the sum depends on every step before. */
  step(): number {
    for (const weights of this.#layers) {
      const [state, next] = [this.#state, this.#next]
      for (let row = 0; row < WIDTH; row++) {
        let sum = 0
        for (let column = 0; column < WIDTH; column++) {
          sum += weights[row * WIDTH + column]! * state[column]!
        }
        next[row] = Math.tanh(sum) + 0.01
      }
      this.#state = next
      this.#next = state
    }
    return this.#state[0]!
  }
}

/** How many layers take `micros` a step on this machine now; at least 1. */
export function calibrateLayers(micros: number): number {
  const layers = 16
  const trainer = new Trainer(layers, 0)
  for (let i = 0; i < WARM_UP_STEPS; i++) trainer.step()
  const times: number[] = []
  for (let i = 0; i < CALIBRATION_STEPS; i++) {
    const startedAt = performance.now()
    trainer.step()
    times.push(1000 * (performance.now() - startedAt))
  }
  return Math.max(1, Math.round((layers * micros) / medianOf(times)))
}

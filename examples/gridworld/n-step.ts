// Turns the steps of one environment into transitions over `length` steps, which carry a reward
// back faster than single steps do. At an episode's end the shorter remainders are handed on too,
// so every step begins exactly one transition.
import type { ReplayBuffer } from './replay-buffer.ts'

/** A window over the newest steps of one environment's episode. */
export class NStepWindow {
  readonly #length: number
  readonly #discount: number
  readonly #replay: ReplayBuffer
  /** Ring of the steps whose transition is still open; `#oldest` is the first of `#size`. */
  readonly #observations: Float32Array[]
  readonly #actions: Uint8Array
  readonly #rewards: Float64Array
  #oldest = 0
  #size = 0

  constructor(length: number, discount: number, observationSize: number, replay: ReplayBuffer) {
    this.#length = length
    this.#discount = discount
    this.#replay = replay
    this.#observations = Array.from({ length }, () => new Float32Array(observationSize))
    this.#actions = new Uint8Array(length)
    this.#rewards = new Float64Array(length)
  }

  /** Adds one step. `terminated` and `truncated` end the episode; only death ends the future. */
  append(
    observation: Float32Array,
    action: number,
    reward: number,
    nextObservation: Float32Array,
    { terminated, truncated }: { readonly terminated: boolean; readonly truncated: boolean },
  ): void {
    const slot = (this.#oldest + this.#size) % this.#length
    this.#observations[slot]!.set(observation)
    this.#actions[slot] = action
    this.#rewards[slot] = reward
    this.#size++
    const ended = terminated || truncated
    while (this.#size === this.#length || (ended && this.#size > 0)) {
      this.#emit(nextObservation, terminated)
    }
  }

  #emit(nextObservation: Float32Array, terminated: boolean): void {
    let reward = 0
    let discount = 1
    for (let i = 0; i < this.#size; i++) {
      reward += discount * this.#rewards[(this.#oldest + i) % this.#length]!
      discount *= this.#discount
    }
    const slot = this.#oldest
    const future = terminated ? 0 : discount
    const action = this.#actions[slot]!
    this.#replay.append(this.#observations[slot]!, action, reward, nextObservation, future)
    this.#oldest = (slot + 1) % this.#length
    this.#size--
  }
}

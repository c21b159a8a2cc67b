// How fast an agent steps and what it earns, over the last second: the numbers that stand beside the
// newest frame. Computed when a frame is shown, from sums that the recorder has anyway.
import type { LaneHud } from '../protocol/lane.ts'

const WINDOW_MILLIS = 1000
/** After so long without a look the last one says nothing of now. */
const STALE_MILLIS = 10_000

interface Mark {
  readonly time: number
  readonly steps: number
  readonly rewards: number
}

export class Pulse {
  /** Of the newest step, and of the newest metrics; NaN before. */
  lastReward = Number.NaN
  loss = Number.NaN
  #steps = 0
  #rewards = 0
  /** Looks in the order of time: one that is a window old, if there is one, and those since. */
  #marks: Mark[] = []

  /** The sums start over: with the next episode. */
  endEpisode(steps: number, rewards: number): void {
    this.#steps += steps
    this.#rewards += rewards
  }

  /** What it does at `time` (milliseconds), `steps` and `rewards` into its episode. */
  look(
    time: number,
    steps: number,
    rewards: number,
  ): Pick<LaneHud, 'lastReward' | 'meanReward' | 'stepsPerSecond' | 'loss'> {
    const now = { time, steps: this.#steps + steps, rewards: this.#rewards + rewards }
    const marks = this.#marks
    if (time - (marks.at(-1)?.time ?? time) > STALE_MILLIS) marks.length = 0
    while (marks.length > 1 && time - marks[1]!.time >= WINDOW_MILLIS) marks.shift()
    marks.push(now)
    const since = marks[0]!
    const taken = now.steps - since.steps
    const millis = time - since.time
    return {
      lastReward: this.lastReward,
      meanReward: taken > 0 ? (now.rewards - since.rewards) / taken : Number.NaN,
      stepsPerSecond: millis > 0 ? (1000 * taken) / millis : Number.NaN,
      loss: this.loss,
    }
  }
}

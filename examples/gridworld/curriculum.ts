// Which stage new episodes begin in. It follows the count of steps survived, never the clock, so
// that a seed gives one training on every machine.
import { RecentMean } from '../learning/schedule.ts'
import { lastStage } from './world.ts'

/** Promotes to the next stage when the mean survival of the newest `episodes` episodes begun in
 * this stage is at least `survivalSteps`. There is no way back. */
export class Curriculum {
  stage = 1
  readonly #survivalSteps: number
  readonly #recent: RecentMean

  constructor(options: { episodes: number; survivalSteps: number }) {
    this.#survivalSteps = options.survivalSteps
    this.#recent = new RecentMean(options.episodes)
  }

  /** Counts an episode that began in `stage` and lasted `steps` steps; true when it promotes. */
  episodeEnded(stage: number, steps: number): boolean {
    if (stage !== this.stage || stage === lastStage) return false
    this.#recent.append(steps)
    if (!this.#recent.full || this.#recent.mean < this.#survivalSteps) return false
    this.stage++
    this.#recent.clear()
    return true
  }
}

// An episode that is being played: its steps as viewers get them, bounded, and its sums.
import type { StepTaken } from '../../protocol/events.ts'
import type { EpisodeRow } from '../../protocol/projection.ts'
import { type KeptMax, ThinnedSteps } from '../../protocol/thinned-steps.ts'
import type { EpisodeMaterial, HistoryStep } from '../../protocol/thread-messages.ts'

export class OpenEpisode {
  readonly agent: string
  readonly episode: number
  readonly startTime: number
  readonly firstSeq: number
  stage: number | null = null
  epsilon: number | null = null
  seed: number | null = null
  frames = 0
  #complete: boolean
  #doubted = false
  #steps = new ThinnedSteps()
  #count = 0
  #firstStepTime = 0
  #lastTime: number
  #extrinsic = 0
  #intrinsic = 0

  /** `complete`: nothing of it was missed so far. */
  constructor(
    fields: Pick<OpenEpisode, 'agent' | 'episode' | 'startTime' | 'firstSeq'>,
    complete: boolean,
  ) {
    this.agent = fields.agent
    this.episode = fields.episode
    this.startTime = fields.startTime
    this.firstSeq = fields.firstSeq
    this.#lastTime = fields.startTime
    this.#complete = complete
  }

  /** True unless something of it was missed, as far as its steps so far tell. */
  get complete(): boolean {
    return this.#complete
  }

  /** True when nothing was missed, not even at its end. */
  get certain(): boolean {
    return this.#complete && !this.#doubted
  }

  /** Steps seen. */
  get stepCount(): number {
    return this.#count
  }

  /** Something was missed, perhaps of this episode: its next step, or its end, will tell. */
  doubt(): void {
    this.#doubted = true
  }

  /** Takes the next step. The cumulative reward is NaN (unknown) once something was missed. */
  take(step: StepTaken, time: number, max: KeptMax): HistoryStep {
    if (step.step !== this.#count) this.#giveUp()
    this.#doubted = false
    if (this.#count === 0) this.#firstStepTime = time
    this.#count = step.step + 1
    this.#lastTime = time
    this.#extrinsic += step.reward
    this.#intrinsic += step.intrinsicReward
    const taken: HistoryStep = {
      offsetMillis: time - this.#firstStepTime,
      step: step.step,
      cumulativeReward: this.#complete ? this.#extrinsic + this.#intrinsic : Number.NaN,
      position: step.position ?? null,
      meters: step.meters ?? null,
      action: step.action ?? null,
      qValues: step.qValues ?? null,
      ...(step.logits && { logits: step.logits }),
      reward: step.reward,
      done: step.terminated || step.truncated,
    }
    if (this.#complete) this.#steps.take(taken, max)
    return taken
  }

  /** Everything of it; call only when it is complete. */
  material(row: EpisodeRow): EpisodeMaterial {
    // Pixels are read from the log; what was shown live was lossy.
    return { row, thinnedBy: this.#steps.thinnedBy, steps: this.#steps.ended(), frames: 0 }
  }

  /** The row as far as it was seen, for an episode whose end was not. */
  rowSoFar(reason: string, lastSeq: number): EpisodeRow {
    const unknown = this.certain ? 0 : Number.NaN
    return {
      episode: this.episode,
      agent: this.agent,
      startTime: this.startTime,
      endTime: this.#lastTime,
      steps: this.#count,
      frames: this.frames,
      totalReward: this.#extrinsic + this.#intrinsic + unknown,
      extrinsicReward: this.#extrinsic + unknown,
      intrinsicReward: this.#intrinsic + unknown,
      stage: this.stage,
      epsilon: this.epsilon,
      seed: this.seed,
      terminated: false,
      truncated: false,
      reason,
      firstSeq: this.firstSeq,
      lastSeq,
    }
  }

  /** Sums are unknown from here on, and it is no material. */
  #giveUp(): void {
    this.#complete = false
    this.#steps = new ThinnedSteps()
  }
}

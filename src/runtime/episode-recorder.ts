// What a trainer holds for each of its environments: begin, step, frame, metrics, insight, end.
// Every call is synchronous, needs no turn of the event loop, and never throws: what cannot be
// recorded is refused with a reason, counted, and told once. What it costs is timed here.
import { RollcastError, typeName } from '../base/errors.ts'
import { canonicalMetrics } from '../protocol/metric-names.ts'
import type { StepInput } from '../protocol/step-layout.ts'
import { type Camera, Cameras, type CamerasOptions } from './cameras.ts'
import type { CostGuard } from './cost-guard.ts'
import {
  badInput,
  EpisodeInput,
  type EpisodeOutcome,
  type EpisodeStart,
  packInfo,
} from './episode-input.ts'
import type { RecordedEpisode } from './episode-tape.ts'
import type { FrameInput } from './frame-input.ts'
import { type Ingress, problemOf, type TrainerTime } from './ingress.ts'
import { OpenEpisode } from './open-episode.ts'

export interface RecorderOptions extends CamerasOptions {
  /** The agent's (environment's) name: 1 to 64 letters, digits and `._:-`. */
  readonly agent: string
  readonly onEpisode?: ((episode: RecordedEpisode) => void) | undefined
}

/** Records the episodes of one environment or agent. Made by `run.recorder(agent)`. */
export class EpisodeRecorder {
  readonly agent: string
  readonly #ingress: Ingress
  readonly #guard: CostGuard
  readonly #time: TrainerTime
  readonly #cameras: Cameras
  readonly #checked: EpisodeInput
  readonly #open: OpenEpisode

  constructor(ingress: Ingress, guard: CostGuard, options: RecorderOptions) {
    const { agent } = options
    this.agent = agent
    this.#ingress = ingress
    this.#guard = guard
    this.#time = ingress.time
    this.#cameras = new Cameras(ingress, options)
    this.#checked = new EpisodeInput(agent, ingress.inlet.payloadBytesMax, problem =>
      ingress.refuse(agent, problem),
    )
    this.#open = new OpenEpisode(ingress, { ...options, onUnbegun: () => this.begin() })
  }

  /** The number of the open episode, unique in the run; 0 when none is open. */
  get episode(): number {
    return this.#open.number
  }

  /** Begins an episode; one that is still open ends with the reason `superseded`. */
  begin(start: EpisodeStart = {}): void {
    this.#rarely('the beginning of an episode', () => {
      if (this.episode !== 0) this.#open.finish('superseded', undefined)
      this.#cameras.restart()
      this.#open.begin(this.#checked.start(start))
    })
  }

  /**
   * Records one step. Without an open episode it begins one. Fields may be left out in any step;
   * the length of a list and the names of the meters stay what they were the first time.
   */
  step(step: StepInput): void {
    const startedAt = this.#time.monotonic()
    try {
      if (!this.#isClosed()) this.#open.step(step, this.#time.origin + startedAt)
    } catch (error) {
      this.#refuse(error, 'a step')
    }
    this.#ingress.loss.mark(startedAt)
    if (this.#guard.count()) this.#guard.addTimed(this.#time.monotonic() - startedAt)
  }

  /** Records a frame of the open episode, after its last step: one copy into shared memory. */
  frame(frame: FrameInput): void {
    const startedAt = this.#time.monotonic()
    const camera = this.#tryPlace(frame)
    if (camera !== undefined) {
      // The first comes after what was told because of it: the camera, and perhaps an episode.
      const { index } = camera
      const time = index === 0 ? this.#ingress.now() : this.#time.origin + startedAt
      try {
        this.#open.frame(camera, frame, time)
      } catch (error) {
        this.#refuse(error, 'a frame')
      }
      // Viewers get it whether or not there was room for it, and the log whether or not they do.
      if (camera.stream?.isDue(time)) this.#open.showFrame(camera, frame, time, index)
    }
    this.#ingress.loss.mark(startedAt)
    this.#guard.addFrame(this.#time.monotonic() - startedAt)
  }

  /** The frame's camera, with an episode to record it in; undefined when it cannot be recorded. */
  #tryPlace(frame: FrameInput): Camera | undefined {
    try {
      if (this.#isClosed()) return undefined
      const camera = this.#cameras.of(frame)
      if (this.episode === 0) this.begin()
      return camera
    } catch (error) {
      this.#refuse(error, 'a frame')
      return undefined
    }
  }

  /**
   * Records metrics under their canonical names (names of SB3, CleanRL and RLlib are known).
   * `globalStep` is the trainer's own count of steps; the x of every chart.
   */
  metrics(values: Readonly<Record<string, number>>, globalStep: number): void {
    this.#rarely('metrics', () => {
      const { agent } = this
      const isObject = typeof values === 'object' && values !== null
      if (!isObject) throw badInput(agent, 'metrics as an object', typeName(values))
      if (!Number.isFinite(globalStep)) {
        throw badInput(agent, 'a finite number as globalStep', String(globalStep))
      }
      const numbers: Record<string, number> = Object.create(null)
      for (const [name, value] of Object.entries(values)) {
        if (typeof value === 'number') numbers[name] = value
        else this.#refuse(badInput(agent, `metric ${name} as a number`, typeof value), 'a metric')
      }
      const canonical = canonicalMetrics(numbers)
      this.#open.pulse.loss = canonical['train/loss'] ?? this.#open.pulse.loss
      this.#ingress.write({ type: 'metrics_sampled', globalStep, values: canonical, agent })
    })
  }

  /**
   * Records anything worth showing that is neither a step nor a number over time. Data of the shape
   * `{ levels: { beginner, intermediate, advanced } }`, or some of these, tells each viewer what is
   * meant for its level, or else the nearest simpler one.
   */
  insight(kind: string, data: unknown): void {
    this.#rarely('an insight', () => {
      const { agent } = this
      if (typeof kind !== 'string') throw badInput(agent, 'a text as kind of insight', typeof kind)
      packInfo(agent, data, this.#ingress.inlet.payloadBytesMax)
      this.#ingress.write({ type: 'insight_given', kind, data, agent })
    })
  }

  /** Ends the open episode. Its end cannot be dropped by a full ring. */
  end(outcome: EpisodeOutcome = {}): void {
    this.#rarely('the end of an episode', () => {
      if (this.episode === 0) {
        const message = `agent ${this.agent}: end() without an open episode; it had ended before`
        throw new RollcastError('BAD_INPUT', message)
      }
      const { reason, info } = this.#checked.outcome(outcome)
      this.#open.finish(reason ?? this.#open.naturalEnd, info)
    })
  }

  /**
   * Ends the open episode with the reason `discarded` and gives it up: its frames and videos are
   * deleted in the next moments and it counts for no ranking, series or milestone. Its steps and
   * its row in the index stay. For takes that are to be recorded again.
   */
  discard(): void {
    this.#rarely('the discarding of an episode', () => {
      if (this.episode === 0) {
        const message = `agent ${this.agent}: discard() without an open episode; it had ended before`
        throw new RollcastError('BAD_INPUT', message)
      }
      this.#open.finish('discarded', undefined, true)
    })
  }

  /** A call that is not on the path of every step: safe, and timed. */
  #rarely(what: string, record: () => void): void {
    const startedAt = this.#time.monotonic()
    try {
      if (!this.#isClosed()) record()
    } catch (error) {
      this.#refuse(error, what)
    }
    this.#ingress.loss.mark(startedAt)
    this.#guard.addOther(this.#time.monotonic() - startedAt)
  }

  /** Ends what is open because the run ends. */
  interrupt(): void {
    if (this.episode !== 0) this.#open.finish('interrupted', undefined)
  }

  /** After the run has closed nothing is recorded; that is said once. */
  #isClosed(): boolean {
    if (!this.#ingress.closed) return false
    this.#ingress.tellLate()
    return true
  }

  #refuse(error: unknown, what: string): void {
    this.#ingress.refuse(this.agent, problemOf(error, what))
  }
}

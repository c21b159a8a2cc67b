// What a trainer holds for each of its environments: begin, step, frame, metrics, insight, end.
// Every call is synchronous, needs no turn of the event loop, and never throws: what cannot be
// recorded is refused with a reason, counted, and told once. A step allocates nothing of its own.
import { describeError, RollcastError } from '../base/errors.ts'
import { FRAME_HEADER_BYTES, tagOf } from '../protocol/codec.ts'
import {
  bytesPerPixel,
  type EndReason,
  type EpisodeEnded,
  type FrameLayout,
  type StepLayout,
} from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import { canonicalMetrics } from '../protocol/metric-names.ts'
import {
  fitsShape,
  STEP_HEADER_BYTES,
  STEP_TERMINATED,
  STEP_TRUNCATED,
  type StepInput,
  valueCount,
  writeValues,
} from '../protocol/step-layout.ts'
import type { LaneStream } from '../streams/fast-lane/stream.ts'
import type { CostGuard } from './cost-guard.ts'
import {
  badInput,
  EpisodeInput,
  type EpisodeOutcome,
  type EpisodeStart,
  packInfo,
} from './episode-input.ts'
import { EpisodeTape, type RecordedEpisode } from './episode-tape.ts'
import { checkFrame, type FrameInput, isPixels } from './frame-input.ts'
import { type Ingress, problemOf, type TrainerTime } from './ingress.ts'
import type { LanePublisher } from './lane-publisher.ts'
import { Pulse } from './pulse.ts'
import { hasRewards, StepLayouts } from './step-layouts.ts'

const STEP_TAG = tagOf('step_taken')
const FRAME_TAG = tagOf('frame_captured')

export interface RecorderOptions {
  /** The agent's (environment's) name: 1 to 64 letters, digits and `._:-`. */
  readonly agent: string
  readonly onEpisode?: ((episode: RecordedEpisode) => void) | undefined
  /** Where viewers get the newest frames from; left out when there can be none. */
  readonly lane?: LanePublisher | undefined
}

interface Camera {
  readonly layout: FrameLayout
  /** What viewers want of it. */
  readonly stream: LaneStream | undefined
  /** Of its next frame. */
  index: number
}

/** Records the episodes of one environment or agent. Made by `run.recorder(agent)`. */
export class EpisodeRecorder {
  readonly agent: string
  readonly #ingress: Ingress
  readonly #guard: CostGuard
  readonly #time: TrainerTime
  readonly #layouts: StepLayouts
  readonly #cameras = new Map<string, Camera>()
  readonly #lane: LanePublisher | undefined
  readonly #pulse = new Pulse()
  readonly #onEpisode: ((episode: RecordedEpisode) => void) | undefined
  readonly #tape: EpisodeTape | undefined
  readonly #checked: EpisodeInput

  #episode = 0
  #layout: StepLayout | undefined
  #layoutValues = 0
  #start: EpisodeStart = {}
  #startTime = 0
  #steps = 0
  #frames = 0
  #extrinsic = 0
  #intrinsic = 0
  #terminated = false
  #truncated = false

  constructor(ingress: Ingress, guard: CostGuard, options: RecorderOptions) {
    this.agent = options.agent
    this.#ingress = ingress
    this.#guard = guard
    this.#time = ingress.time
    this.#layouts = new StepLayouts(options.agent)
    this.#lane = options.lane
    this.#onEpisode = options.onEpisode
    this.#tape = options.onEpisode ? new EpisodeTape() : undefined
    this.#checked = new EpisodeInput(options.agent, ingress.inlet.payloadBytesMax, problem =>
      ingress.refuse(options.agent, problem),
    )
  }

  /** The number of the open episode, unique in the run; 0 when none is open. */
  get episode(): number {
    return this.#episode
  }

  /** Begins an episode; one that is still open ends with the reason `superseded`. */
  begin(start: EpisodeStart = {}): void {
    this.#rarely('the beginning of an episode', () => this.#begin(start))
  }

  #begin(start: EpisodeStart): void {
    if (this.#episode !== 0) this.#finish('superseded', undefined)
    const { info, ...numbers } = this.#checked.start(start)
    this.#episode = this.#ingress.newEpisode()
    this.#start = numbers
    this.#startTime = this.#ingress.now()
    this.#steps = 0
    this.#frames = 0
    this.#extrinsic = 0
    this.#intrinsic = 0
    this.#terminated = false
    this.#truncated = false
    for (const camera of this.#cameras.values()) camera.index = 0
    this.#tape?.start()
    const { agent } = this
    const event = { type: 'episode_began' as const, agent, episode: this.#episode, ...numbers }
    this.#ingress.write(info === undefined ? event : { ...event, info }, true)
  }

  /**
   * Records one step. Without an open episode it begins one. Fields may be left out in any step;
   * the length of a list and the names of the meters stay what they were the first time.
   */
  step(step: StepInput): void {
    const startedAt = this.#time.monotonic()
    try {
      this.#recordStep(step, this.#time.origin + startedAt)
    } catch (error) {
      this.#refuse(error, 'a step')
    }
    this.#ingress.loss.mark(startedAt)
    if (this.#guard.count()) this.#guard.addTimed(this.#time.monotonic() - startedAt)
  }

  #recordStep(step: StepInput, calledAt: number): void {
    let time = calledAt
    if (this.#isClosed()) return
    let layout = this.#layout
    if (layout === undefined || !hasRewards(step) || !fitsShape(layout, step)) {
      layout = this.#switchLayout(step)
      if (layout === undefined) return
      time = this.#ingress.now()
    }
    if (this.#episode === 0) {
      this.begin()
      time = this.#ingress.now()
    }
    const info = step.info === undefined ? undefined : this.#packInfo(step.info)
    const valuesEnd = STEP_HEADER_BYTES + this.#layoutValues * 8
    const length = info === undefined ? valuesEnd : valuesEnd + info.byteLength
    const at = this.#ingress.claim(length)
    if (at >= 0) this.#writeStep(step, layout, time, at, length, info)
    else this.#tape?.miss()
    // Also a step that found no room was taken; the gap that is marked tells of it.
    this.#steps++
    this.#pulse.lastReward = step.reward
    this.#extrinsic += step.reward
    this.#intrinsic += step.intrinsicReward ?? 0
    if (step.terminated === true) this.#terminated = true
    if (step.truncated === true) this.#truncated = true
  }

  #writeStep(
    step: StepInput,
    layout: StepLayout,
    time: number,
    at: number,
    length: number,
    info: Uint8Array | undefined,
  ): void {
    const { inlet } = this.#ingress
    const { words, floats } = inlet
    const flags =
      (step.terminated === true ? STEP_TERMINATED : 0) |
      (step.truncated === true ? STEP_TRUNCATED : 0)
    try {
      floats[at >>> 3] = time
      words[(at + 8) >>> 2] = layout.layout | (flags << 16)
      words[(at + 12) >>> 2] = this.#episode
      words[(at + 16) >>> 2] = this.#steps
      words[(at + 20) >>> 2] = info === undefined ? 0 : info.byteLength
      floats[(at + 24) >>> 3] = step.reward
      floats[(at + 32) >>> 3] = step.intrinsicReward ?? 0
      writeValues(floats, (at + STEP_HEADER_BYTES) >>> 3, step)
      if (info !== undefined) inlet.bytes.set(info, at + length - info.byteLength)
    } catch (error) {
      inlet.abort()
      throw error
    }
    if (this.#tape) this.#tape.addStep(inlet.bytes.subarray(at, at + length), STEP_TAG)
    inlet.commit(STEP_TAG)
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
        this.#recordFrame(camera, frame, time)
      } catch (error) {
        this.#refuse(error, 'a frame')
      }
      // Viewers get it whether or not there was room for it, and the log whether or not they do.
      if (camera.stream?.isDue(time)) this.#showFrame(camera, frame, time, index)
    }
    this.#ingress.loss.mark(startedAt)
    this.#guard.addFrame(this.#time.monotonic() - startedAt)
  }

  /** The frame's camera, with an episode to record it in; undefined when it cannot be recorded. */
  #tryPlace(frame: FrameInput): Camera | undefined {
    try {
      if (this.#isClosed()) return undefined
      const camera = this.#camera(frame)
      if (this.#episode === 0) this.begin()
      return camera
    } catch (error) {
      this.#refuse(error, 'a frame')
      return undefined
    }
  }

  #recordFrame(camera: Camera, frame: FrameInput, time: number): void {
    const at = this.#ingress.claim(FRAME_HEADER_BYTES + frame.data.byteLength)
    if (at < 0) return
    const { words, floats, bytes } = this.#ingress.inlet
    floats[at >>> 3] = time
    words[(at + 8) >>> 2] = camera.layout.layout
    words[(at + 12) >>> 2] = this.#episode
    words[(at + 16) >>> 2] = Math.max(0, this.#steps - 1)
    words[(at + 20) >>> 2] = camera.index++
    words[(at + 24) >>> 2] = frame.data.byteLength
    words[(at + 28) >>> 2] = 0
    bytes.set(frame.data, at + FRAME_HEADER_BYTES)
    this.#ingress.inlet.commit(FRAME_TAG)
    this.#frames++
  }

  /** Never throws. */
  #showFrame({ layout }: Camera, frame: FrameInput, time: number, index: number): void {
    const step = Math.max(0, this.#steps - 1)
    this.#lane?.show(
      layout,
      { episode: this.#episode, step, index, time, pixels: frame.data },
      this.#pulse.look(time, this.#steps, this.#extrinsic),
    )
  }

  /**
   * Records metrics under their canonical names (names of SB3, CleanRL and RLlib are known).
   * `globalStep` is the trainer's own count of steps; the x of every chart.
   */
  metrics(values: Readonly<Record<string, number>>, globalStep: number): void {
    this.#rarely('metrics', () => {
      const { agent } = this
      if (!Number.isFinite(globalStep)) {
        throw badInput(agent, 'a finite number as globalStep', String(globalStep))
      }
      const numbers: Record<string, number> = Object.create(null)
      for (const [name, value] of Object.entries(values)) {
        if (typeof value === 'number') numbers[name] = value
        else this.#refuse(badInput(agent, `metric ${name} as a number`, typeof value), 'a metric')
      }
      const canonical = canonicalMetrics(numbers)
      this.#pulse.loss = canonical['train/loss'] ?? this.#pulse.loss
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
      this.#packInfo(data)
      this.#ingress.write({ type: 'insight_given', kind, data, agent })
    })
  }

  /** Ends the open episode. Its end cannot be dropped by a full ring. */
  end(outcome: EpisodeOutcome = {}): void {
    this.#rarely('the end of an episode', () => {
      if (this.#episode === 0) {
        const message = `agent ${this.agent}: end() without an open episode; it had ended before`
        throw new RollcastError('BAD_INPUT', message)
      }
      const natural = this.#terminated ? 'terminated' : this.#truncated ? 'truncated' : 'ended'
      const { reason, info } = this.#checked.outcome(outcome)
      this.#finish(reason ?? natural, info)
    })
  }

  /**
   * Ends the open episode with the reason `discarded` and gives it up: its frames and videos are
   * deleted in the next moments and it counts for no ranking, series or milestone. Its steps and
   * its row in the index stay. For takes that are to be recorded again.
   */
  discard(): void {
    this.#rarely('the discarding of an episode', () => {
      if (this.#episode === 0) {
        const message = `agent ${this.agent}: discard() without an open episode; it had ended before`
        throw new RollcastError('BAD_INPUT', message)
      }
      this.#finish('discarded', undefined, true)
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
    if (this.#episode !== 0) this.#finish('interrupted', undefined)
  }

  #finish(reason: EndReason, info: unknown, discarded: boolean = false): void {
    const event: EpisodeEnded = {
      type: 'episode_ended',
      agent: this.agent,
      episode: this.#episode,
      steps: this.#steps,
      frames: this.#frames,
      totalReward: this.#extrinsic + this.#intrinsic,
      extrinsicReward: this.#extrinsic,
      intrinsicReward: this.#intrinsic,
      terminated: this.#terminated,
      truncated: this.#truncated,
      reason,
      startTime: this.#startTime,
    }
    const { seed, stage, epsilon } = this.#start
    if (seed !== undefined) event.seed = seed
    if (stage !== undefined) event.stage = stage
    if (epsilon !== undefined) event.epsilon = epsilon
    if (info !== undefined) event.info = info
    if (discarded) event.discarded = true
    this.#episode = 0
    this.#pulse.endEpisode(this.#steps, this.#extrinsic)
    this.#ingress.write(event, true)
    if (this.#tape && this.#onEpisode) this.#callBack(this.#tape, this.#onEpisode, event)
  }

  #callBack(
    tape: EpisodeTape,
    onEpisode: (episode: RecordedEpisode) => void,
    event: EpisodeEnded,
  ): void {
    try {
      onEpisode(tape.finish(event, this.#ingress.now()))
    } catch (error) {
      const message = `onEpisode threw for episode ${event.episode}: ${describeError(error)}`
      this.#ingress.refuse(this.agent, new RollcastError('INTERNAL', message, { cause: error }))
    }
  }

  /** The layout of this step: one that is known, or a new one that is declared first. */
  #switchLayout(step: StepInput): StepLayout | undefined {
    const found = this.#layouts.find(step) ?? this.#declare(step)
    if (found === undefined) return undefined
    this.#layout = found
    this.#layoutValues = valueCount(found)
    return found
  }

  #declare(step: StepInput): StepLayout | undefined {
    const shape = this.#layouts.check(step)
    const bytes = STEP_HEADER_BYTES + valueCount(shape) * 8
    const { payloadBytesMax } = this.#ingress.inlet
    if (bytes > payloadBytesMax) {
      throw badInput(this.agent, `at most ${payloadBytesMax} B a step`, `${bytes} B`)
    }
    const number = this.#ingress.nextLayout
    if (number < 0) {
      throw new RollcastError('BAD_STEP', `a run has at most ${limits.layoutsMax} layouts`)
    }
    const layout: StepLayout = { kind: 'step', layout: number, agent: this.agent, ...shape }
    if (!this.#ingress.declare(layout)) return undefined
    this.#layouts.add(layout)
    this.#tape?.addLayout(layout)
    return layout
  }

  #camera(frame: FrameInput): Camera {
    const { width, height, data, format = 'rgb8', camera = 'main' } = frame
    const known = this.#cameras.get(camera)
    if (
      known?.layout.width === width &&
      known.layout.height === height &&
      known.layout.format === format &&
      isPixels(data) &&
      data.byteLength === width * height * bytesPerPixel[known.layout.format]
    ) {
      return known
    }
    checkFrame(this.agent, camera, frame, known?.layout, this.#ingress.inlet.payloadBytesMax)
    const number = this.#ingress.nextLayout
    if (number < 0) {
      throw new RollcastError('BAD_FRAME', `a run has at most ${limits.layoutsMax} layouts`)
    }
    const { agent } = this
    const layout: FrameLayout = {
      kind: 'frame',
      layout: number,
      agent,
      camera,
      width,
      height,
      format,
    }
    if (!this.#ingress.declare(layout)) {
      throw new RollcastError('UNAVAILABLE', `no room to declare camera ${camera}`)
    }
    const made = { layout, stream: this.#lane?.stream(layout), index: 0 }
    this.#cameras.set(camera, made)
    return made
  }

  /** After the run has closed nothing is recorded; that is said once. */
  #isClosed(): boolean {
    if (!this.#ingress.closed) return false
    this.#ingress.tellLate()
    return true
  }

  #packInfo(info: unknown): Uint8Array {
    return packInfo(this.agent, info, this.#ingress.inlet.payloadBytesMax)
  }

  #refuse(error: unknown, what: string): void {
    this.#ingress.refuse(this.agent, problemOf(error, what))
  }
}

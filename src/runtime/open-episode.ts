// The episode of one agent that is open, as it is written into the ring: what its end has to say of
// it is summed up on the way. A step allocates nothing of its own. What is handed in wrongly throws;
// whoever calls has to bear that (episode-recorder.ts).
import { describeError, RollcastError } from '../base/errors.ts'
import { FRAME_HEADER_BYTES, tagOf } from '../protocol/codec.ts'
import type { EndReason, EpisodeEnded, StepLayout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import {
  fitsShape,
  STEP_HEADER_BYTES,
  STEP_TERMINATED,
  STEP_TRUNCATED,
  type StepInput,
  valueCount,
  writeValues,
} from '../protocol/step-layout.ts'
import type { Camera } from './cameras.ts'
import { badInput, type EpisodeStart, packInfo } from './episode-input.ts'
import { EpisodeTape, type RecordedEpisode } from './episode-tape.ts'
import type { FrameInput } from './frame-input.ts'
import type { Ingress } from './ingress.ts'
import type { LanePublisher } from './lane-publisher.ts'
import { Pulse } from './pulse.ts'
import { hasRewards, StepLayouts } from './step-layouts.ts'

const STEP_TAG = tagOf('step_taken')
const FRAME_TAG = tagOf('frame_captured')

export interface OpenEpisodeOptions {
  readonly agent: string
  readonly onEpisode?: ((episode: RecordedEpisode) => void) | undefined
  readonly lane?: LanePublisher | undefined
  /** Called for a step without an open episode; begins one. */
  readonly onUnbegun: () => void
}

export class OpenEpisode {
  /** The newest rewards and loss, for those who watch. */
  readonly pulse = new Pulse()
  readonly #agent: string
  readonly #ingress: Ingress
  readonly #layouts: StepLayouts
  readonly #lane: LanePublisher | undefined
  readonly #onEpisode: ((episode: RecordedEpisode) => void) | undefined
  readonly #onUnbegun: () => void
  readonly #tape: EpisodeTape | undefined

  #episode = 0
  #layout: StepLayout | undefined
  #layoutValues = 0
  #start: Omit<EpisodeStart, 'info'> = {}
  #startTime = 0
  #steps = 0
  #frames = 0
  #extrinsic = 0
  #intrinsic = 0
  #terminated = false
  #truncated = false

  constructor(ingress: Ingress, { agent, onEpisode, lane, onUnbegun }: OpenEpisodeOptions) {
    this.#agent = agent
    this.#ingress = ingress
    this.#layouts = new StepLayouts(agent)
    this.#lane = lane
    this.#onEpisode = onEpisode
    this.#onUnbegun = onUnbegun
    this.#tape = onEpisode ? new EpisodeTape() : undefined
  }

  /** Its number, unique in the run; 0 when none is open. */
  get number(): number {
    return this.#episode
  }

  /** How it ended as far as its last step says. */
  get naturalEnd(): EndReason {
    return this.#terminated ? 'terminated' : this.#truncated ? 'truncated' : 'ended'
  }

  /** Begins one that has been checked; none is open. */
  begin({ info, ...numbers }: EpisodeStart): void {
    this.#episode = this.#ingress.newEpisode()
    this.#start = numbers
    this.#startTime = this.#ingress.now()
    this.#steps = 0
    this.#frames = 0
    this.#extrinsic = 0
    this.#intrinsic = 0
    this.#terminated = false
    this.#truncated = false
    this.#tape?.start()
    this.#lane?.noteBegan()
    const agent = this.#agent
    const event = { type: 'episode_began' as const, agent, episode: this.#episode, ...numbers }
    this.#ingress.write(info === undefined ? event : { ...event, info }, true)
  }

  step(step: StepInput, calledAt: number): void {
    let time = calledAt
    let layout = this.#layout
    if (layout === undefined || !hasRewards(step) || !fitsShape(layout, step)) {
      layout = this.#switchLayout(step)
      if (layout === undefined) return
      time = this.#ingress.now()
    }
    if (this.#episode === 0) {
      this.#onUnbegun()
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
    this.pulse.lastReward = step.reward
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

  /** A frame of the step before it. */
  frame(camera: Camera, frame: FrameInput, time: number): void {
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

  /** Shows the frame to those who watch now; never throws. */
  showFrame({ layout }: Camera, frame: FrameInput, time: number, index: number): void {
    const step = Math.max(0, this.#steps - 1)
    this.#lane?.show(
      layout,
      { episode: this.#episode, step, index, time, pixels: frame.data },
      this.pulse.look(time, this.#steps, this.#extrinsic),
    )
  }

  /** Ends it; its end cannot be dropped by a full ring. */
  finish(reason: EndReason, info: unknown, discarded: boolean = false): void {
    const event: EpisodeEnded = {
      type: 'episode_ended',
      agent: this.#agent,
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
      ...this.#start,
    }
    if (info !== undefined) event.info = info
    if (discarded) event.discarded = true
    this.#episode = 0
    this.#lane?.noteEnded()
    this.pulse.endEpisode(this.#steps, this.#extrinsic)
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
      this.#ingress.refuse(this.#agent, new RollcastError('INTERNAL', message, { cause: error }))
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
      throw badInput(this.#agent, `at most ${payloadBytesMax} B a step`, `${bytes} B`)
    }
    const number = this.#ingress.nextLayout
    if (number < 0) {
      throw new RollcastError('BAD_STEP', `a run has at most ${limits.layoutsMax} layouts`)
    }
    const layout: StepLayout = { kind: 'step', layout: number, agent: this.#agent, ...shape }
    if (!this.#ingress.declare(layout)) return undefined
    this.#layouts.add(layout)
    this.#tape?.addLayout(layout)
    return layout
  }

  #packInfo(info: unknown): Uint8Array {
    return packInfo(this.#agent, info, this.#ingress.inlet.payloadBytesMax)
  }
}

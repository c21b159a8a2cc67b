// What one viewer watches: which agent, how its episodes are delivered, and as what its frames come.
import type { Clock } from '../base/clock.ts'
import type { ClientMessage, Delivery } from '../protocol/viewer-messages.ts'
import { Credit } from './credit.ts'
import { FrameOutlet } from './frame-outlet.ts'
import type { Lane } from './lane.ts'
import { startMessage } from './messages.ts'
import { Playback } from './playback.ts'
import type { Previews } from './previews.ts'
import type { FinishedEpisode, Stage } from './publication.ts'
import type { SharedFrame } from './shared-frame.ts'
import { SharedMessage } from './shared-message.ts'
import { Throttle } from './throttle.ts'

export type Preferences = Pick<
  Extract<ClientMessage, { type: 'set' }>,
  'delivery' | 'step_delay' | 'max_fps' | 'agent' | 'encoding' | 'quality'
>

const DEFAULT_STEP_MILLIS = 200
const DEFAULT_FPS = 30
/** Trainers that play at the viewer's rate do so to a few milliseconds. */
const EARLY = 0.25

export interface ViewingOptions {
  readonly clock: Clock
  readonly lane: Lane
  readonly stage: Stage
  readonly previews: Previews
  /** Called for each frame that gave way to a newer one before it was handed to the lane. */
  readonly onFrameDropped: () => void
  /** Told why frames come as pixels and not as the viewer wants them. */
  readonly onProblem: (problem: string) => void
  /** The message of a whole episode, shared by all who get it. */
  readonly wholeOf: (finished: FinishedEpisode) => SharedMessage
  /** The newest state update of the agent's open episode. */
  readonly newestState: (agent: string) => SharedMessage | undefined
}

export class Viewing {
  readonly playback: Playback
  readonly #options: ViewingOptions
  readonly #states: Throttle<SharedMessage>
  readonly #frames: Throttle<SharedFrame>
  readonly #outlet: FrameOutlet
  readonly #credit = new Credit()
  #fps = DEFAULT_FPS
  #framesOffered = 0
  #framesDropped = 0
  #delivery: Delivery = 'newest'
  #agent: string | null = null

  constructor(options: ViewingOptions) {
    const { clock, lane, stage, previews, onFrameDropped, onProblem } = options
    this.#options = options
    this.#outlet = new FrameOutlet({
      ...{ lane, previews, onProblem },
      onDropped: () => {
        this.#framesDropped++
        onFrameDropped()
      },
      onReplaced: () => this.#framesDropped++,
    })
    const pace = <T>(emit: (item: T) => void) =>
      new Throttle<T>(clock, 1000 / DEFAULT_FPS, emit, EARLY)
    this.#states = pace(message => lane.latest('state', message))
    this.#frames = pace(frame => {
      this.#framesOffered++
      this.#outlet.offer(frame)
    })
    this.playback = new Playback({
      clock,
      lane,
      mode: () => stage.mode,
      newest: () => this.#newestFinished(),
    })
    this.playback.stepMillis = DEFAULT_STEP_MILLIS
  }

  get delivery(): Delivery {
    return this.#delivery
  }

  /** Frames a second that the viewer asks for and can take; of `followed`. */
  get wantedFps(): number {
    const wantsAny = this.#delivery === 'newest' && this.#options.lane.wants('frames')
    return wantsAny ? this.#credit.rateOf(this.#fps) : 0
  }

  /** A second is over: were frames given up? */
  reviewCredit(): void {
    this.#credit.review(this.#framesOffered, this.#framesDropped, this.#fps)
    this.#framesOffered = 0
    this.#framesDropped = 0
  }

  /** True when the viewer leaves the choice of the agent to the server. */
  get followsDefault(): boolean {
    return this.#agent === null
  }

  follows(agent: string): boolean {
    return agent === this.followed
  }

  /** Takes over what is given; true when the view has to start anew. */
  prefer(preferences: Preferences): boolean {
    const { delivery, step_delay, max_fps, agent } = preferences
    const before = [this.#delivery, this.followed]
    if (delivery !== undefined) this.#delivery = delivery
    if (agent !== undefined) this.#agent = agent
    if (max_fps !== undefined) {
      this.#fps = max_fps
      this.#states.intervalMillis = 1000 / max_fps
      this.#frames.intervalMillis = 1000 / max_fps
    }
    this.#outlet.prefer(preferences)
    if (step_delay !== undefined) {
      this.playback.stepMillis = step_delay * 1000
      this.playback.pump()
    }
    return before[0] !== this.#delivery || before[1] !== this.followed
  }

  /** Starts with what is on stage now. */
  start(): void {
    this.stop()
    const { stage, lane, wholeOf, newestState } = this.#options
    if (!lane.wants('episodes')) return
    const followed = this.followed
    if (this.#delivery === 'paced') this.playback.start()
    else if (this.#delivery === 'whole') {
      const finished = this.#newestFinished()
      if (finished !== undefined) lane.whole(wholeOf(finished))
    } else {
      const open = followed === null ? undefined : stage.open(followed)
      if (open === undefined) return
      lane.queue(SharedMessage.text('episodes', () => startMessage(stage.mode, open, null), 512))
      // A trainer that pauses sends nothing that would bring the viewer up to date.
      const state = newestState(open.agent)
      if (state !== undefined) lane.latest('state', state)
    }
  }

  stop(): void {
    this.playback.stop()
    this.#states.reset()
    this.#frames.reset()
    this.#outlet.reset()
  }

  /** A state update of the agent that it follows; at most `max_fps` a second are sent. */
  state(message: SharedMessage): void {
    if (this.#options.lane.wants('episodes')) this.#states.offer(message)
  }

  /** The same with a frame. */
  frame(frame: SharedFrame): void {
    if (this.#options.lane.wants('frames')) this.#frames.offer(frame)
  }

  /** The socket has room for a frame again. */
  room(): void {
    this.#outlet.room()
  }

  /** The agent that it follows; null while there is none. */
  get followed(): string | null {
    return this.#agent ?? this.#options.stage.defaultAgent
  }

  #newestFinished(): FinishedEpisode | undefined {
    const followed = this.followed
    return followed === null ? undefined : this.#options.stage.newestFinished(followed)
  }
}

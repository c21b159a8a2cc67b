// What one viewer watches: which agents, how their episodes are delivered and which of them, and as
// what frames come. Several agents share the frames a second that the viewer can take.
import type { Clock } from '../base/clock.ts'
import { QUALITY_DEFAULT, sharedQuality } from '../protocol/frame-encoding.ts'
import type { Subject } from '../protocol/predicate/evaluate.ts'
import type { ClientMessage, Delivery } from '../protocol/viewer-messages.ts'
import { Credit } from './credit.ts'
import type { Filter, Verdicts } from './filter.ts'
import { Following } from './following.ts'
import { FrameOutlet, type FrameTaste } from './frame-outlet.ts'
import type { Lane } from './lane.ts'
import { startMessage } from './messages.ts'
import { Playback } from './playback.ts'
import type { Previews } from './previews.ts'
import type { FinishedEpisode, Stage } from './publication.ts'
import type { SharedFrame } from './shared-frame.ts'
import { SharedMessage } from './shared-message.ts'
import { Throttle } from './throttle.ts'

export type Preferences = Omit<Extract<ClientMessage, { type: 'set' }>, 'type' | 'where'>

/** What an agent's state updates are kept under while they wait. */
export const stateKey = (agent: string): string => `state/${agent}`

const DEFAULT_STEP_MILLIS = 200
const DEFAULT_FPS = 30
/** Frames a second that each of several agents has at least. */
const SHARE_FPS_MIN = 1
/** Trainers that play at the viewer's rate do so to a few milliseconds. */
const EARLY = 0.25

export interface ViewingOptions {
  readonly clock: Clock
  readonly lane: Lane
  readonly stage: Stage
  readonly previews: Previews
  readonly verdicts: Verdicts
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
  readonly #following: Following
  /** Of each agent that has shown a frame. */
  readonly #outlets = new Map<string, FrameOutlet>()
  readonly #taste: FrameTaste = { encoding: 'auto', quality: sharedQuality(QUALITY_DEFAULT) }
  #problem: string | undefined
  readonly #credit = new Credit()
  #fps = DEFAULT_FPS
  #framesOffered = 0
  #framesDropped = 0
  #delivery: Delivery = 'newest'
  #filter: Filter | null = null

  constructor(options: ViewingOptions) {
    const { clock, lane, stage } = options
    this.#options = options
    this.#following = new Following(stage)
    const pace = <T>(emit: (key: string, item: T) => void) =>
      new Throttle<T>(clock, 1000 / DEFAULT_FPS, emit, EARLY)
    this.#states = pace((agent, message) => lane.latest(stateKey(agent), message))
    this.#frames = pace((agent, frame) => {
      this.#framesOffered++
      this.#outletOf(agent).offer(frame)
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

  /** Frames a second that the viewer asks for and can take, of each that it follows. */
  get wantedFps(): number {
    return this.#delivery === 'newest' ? this.#credit.rateOf(this.#shareFps) : 0
  }

  /** A second is over: were frames given up? */
  reviewCredit(): void {
    this.#credit.review(this.#framesOffered, this.#framesDropped, this.#shareFps)
    this.#framesOffered = 0
    this.#framesDropped = 0
  }

  /** True when the viewer leaves the choice of the agent to the server. */
  get followsDefault(): boolean {
    return this.#following.choice === 'default'
  }

  follows(agent: string): boolean {
    return this.#following.follows(agent)
  }

  /** True when the viewer wants this episode, of an agent that it follows. */
  means(subject: Subject): boolean {
    return this.#options.verdicts.means(this.#filter, subject)
  }

  /** Takes over what is given (`filter` null wants all); true when the view has to start anew. */
  prefer(preferences: Preferences, filter?: Filter | null): boolean {
    const { delivery, step_delay, max_fps, agent, agents, encoding, quality } = preferences
    const before = this.#delivery
    if (delivery !== undefined) this.#delivery = delivery
    const isFiltered = filter !== undefined && filter?.key !== this.#filter?.key
    if (filter !== undefined) this.#filter = filter
    const one = agent === null ? 'default' : agent === undefined ? undefined : [agent]
    const choice = agents ?? one
    const isElsewhere = choice !== undefined && this.#following.choose(choice)
    if (max_fps !== undefined) this.#fps = max_fps
    if (quality !== undefined) this.#taste.quality = sharedQuality(quality)
    if (encoding !== undefined) {
      this.#taste.encoding = encoding
      this.#problem = undefined
    }
    if (step_delay !== undefined) {
      this.playback.stepMillis = step_delay * 1000
      this.playback.pump()
    }
    const picks = this.#delivery !== 'newest'
    return before !== this.#delivery || isElsewhere || (isFiltered && picks)
  }

  /** Starts with what is on stage now. */
  start(): void {
    this.stop()
    const { stage, lane, wholeOf, newestState } = this.#options
    if (this.#delivery === 'paced') this.playback.start()
    else if (this.#delivery === 'whole') {
      const finished = this.#newestFinished()
      if (finished !== undefined) lane.whole(wholeOf(finished))
    } else {
      for (const agent of this.followed) {
        const open = stage.open(agent)
        if (open === undefined) continue
        lane.queue(SharedMessage.text(() => startMessage(stage.mode, open, null), 512))
        // A trainer that pauses sends nothing that would bring the viewer up to date.
        const state = newestState(agent)
        if (state !== undefined) lane.latest(stateKey(agent), state)
      }
    }
  }

  stop(): void {
    this.playback.stop()
    this.#states.reset()
    this.#frames.reset()
    for (const outlet of this.#outlets.values()) outlet.reset()
    this.#outlets.clear()
  }

  /** A state update of an agent that it follows; at most its share of `max_fps` a second are sent. */
  state(agent: string, message: SharedMessage): void {
    this.#states.intervalMillis = 1000 / this.#shareFps
    this.#states.offer(agent, message)
  }

  /** The same with a frame. */
  frame(shared: SharedFrame): void {
    this.#frames.intervalMillis = 1000 / this.#shareFps
    this.#frames.offer(shared.frame.agent, shared)
  }

  /** An episode of an agent that it follows has ended. */
  ended(subject: Subject): void {
    if (this.means(subject)) this.playback.noteEnded()
  }

  /** The socket has room for frames again. */
  room(): void {
    for (const outlet of this.#outlets.values()) outlet.room()
  }

  /** The agents that it follows; none while there is none. */
  get followed(): readonly string[] {
    return this.#following.agents
  }

  get #shareFps(): number {
    const share = this.#fps / this.#following.count
    return Math.max(share, Math.min(this.#fps, SHARE_FPS_MIN))
  }

  #newestFinished(): FinishedEpisode | undefined {
    return this.#options.stage.newestFinished(
      ({ subject }) => this.follows(subject.row.agent) && this.means(subject),
    )
  }

  #outletOf(agent: string): FrameOutlet {
    const known = this.#outlets.get(agent)
    if (known !== undefined) return known
    const { lane, previews, onFrameDropped } = this.#options
    const outlet = new FrameOutlet({
      ...{ agent, taste: this.#taste, lane, previews },
      onDropped: () => {
        this.#framesDropped++
        onFrameDropped()
      },
      onReplaced: () => this.#framesDropped++,
      onProblem: problem => this.#tell(problem),
    })
    this.#outlets.set(agent, outlet)
    return outlet
  }

  /** Once for each reason. */
  #tell(problem: string): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#options.onProblem(problem)
  }
}

// What one viewer watches: which agents, how their episodes are delivered and which of them, and as
// what frames come. Several agents share the frames a second that the viewer can take.
import type { Clock } from '../base/clock.ts'
import type { ClientMessage, Delivery } from '../protocol/client-messages.ts'
import { QUALITY_DEFAULT, sharedQuality } from '../protocol/frame-encoding.ts'
import { DEFAULT_LEVEL, type Level } from '../protocol/levels.ts'
import type { Subject } from '../protocol/predicate/evaluate.ts'
import { AgentFeed, stateKey } from './agent-feed.ts'
import { Credit } from './credit.ts'
import type { Filter, Verdicts } from './filter.ts'
import { Following } from './following.ts'
import type { FrameTaste } from './frame-outlet.ts'
import type { Lane } from './lane.ts'
import { startMessage } from './messages.ts'
import type { ShownInsight } from './past-insights.ts'
import { Playback } from './playback.ts'
import type { Previews } from './previews.ts'
import type { FinishedEpisode, Stage } from './publication.ts'
import type { SharedFrame } from './shared-frame.ts'
import { SharedMessage } from './shared-message.ts'

export type Preferences = Omit<
  Extract<ClientMessage, { type: 'set' }>,
  'type' | 'where' | 'channels'
>

const DEFAULT_STEP_MILLIS = 200
const DEFAULT_FPS = 30
/** A trainer that brings no frame for so long may be pausing. */
const QUIET_MILLIS = 250
/** Frames a second that each of several agents has at least. */
const SHARE_FPS_MIN = 1

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
  /** Calls `use` with the newest frame that the log has of the agent; never where there is none. */
  readonly newestPicture: (agent: string, use: (shared: SharedFrame) => void) => void
}

export class Viewing {
  readonly playback: Playback
  readonly #options: ViewingOptions
  readonly #following: Following
  /** Of each agent that has shown something since the view began. */
  readonly #feeds = new Map<string, AgentFeed>()
  readonly #taste: FrameTaste = { encoding: 'auto', quality: sharedQuality(QUALITY_DEFAULT) }
  #problem: string | undefined
  readonly #credit = new Credit()
  #level: Level = DEFAULT_LEVEL
  #fps = DEFAULT_FPS
  #framesOffered = 0
  #framesDropped = 0
  #delivery: Delivery = 'newest'
  #filter: Filter | null = null
  #expectNoPictures = (): void => {}

  constructor(options: ViewingOptions) {
    const { clock, lane, stage } = options
    this.#options = options
    this.#following = new Following(stage)
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
    const wantsAny = this.#delivery === 'newest' && this.#options.lane.wants('frames')
    return wantsAny ? this.#credit.rateOf(this.#shareFps) : 0
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
    const { delivery, step_delay, max_fps, agent, agents, encoding, quality, level } = preferences
    const before = this.#delivery
    if (delivery !== undefined) this.#delivery = delivery
    const isFiltered = filter !== undefined && filter?.key !== this.#filter?.key
    if (filter !== undefined) this.#filter = filter
    const one = agent === null ? 'default' : agent === undefined ? undefined : [agent]
    const choice = agents ?? one
    const isElsewhere = choice !== undefined && this.#following.choose(choice)
    if (max_fps !== undefined) this.#fps = max_fps
    if (level !== undefined) this.#level = level
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
    this.expectPictures()
    const { stage, lane, wholeOf, newestState } = this.#options
    if (!lane.wants('episodes')) return
    if (this.#delivery === 'paced') this.playback.start()
    else if (this.#delivery === 'whole') {
      const finished = this.#newestFinished()
      if (finished !== undefined) lane.whole(wholeOf(finished))
    } else {
      for (const agent of this.followed) {
        const open = stage.open(agent)
        if (open === undefined) continue
        lane.queue(SharedMessage.text('episodes', () => startMessage(stage.mode, open, null), 512))
        // A trainer that pauses sends nothing that would bring the viewer up to date.
        const state = newestState(agent)
        if (state !== undefined) lane.latest(stateKey(agent), state)
      }
    }
  }

  /** Of agents that show none for a while, those that the log has. */
  expectPictures(): void {
    const { clock, lane, newestPicture } = this.#options
    this.#expectNoPictures()
    if (this.#delivery !== 'newest' || !lane.wants('frames')) return
    let expected = true
    const cancel = clock.schedule(QUIET_MILLIS, () => {
      for (const agent of this.followed) {
        const isMissing = () => expected && !this.#feeds.get(agent)?.hasShown
        if (isMissing()) newestPicture(agent, shared => isMissing() && this.frame(shared))
      }
    })
    this.#expectNoPictures = () => {
      expected = false
      cancel()
    }
  }

  stop(): void {
    this.#expectNoPictures()
    this.playback.stop()
    for (const feed of this.#feeds.values()) feed.reset()
    this.#feeds.clear()
  }

  /** A state update of an agent that it follows; at most its share of `max_fps` a second are sent. */
  state(agent: string, message: SharedMessage): void {
    if (!this.#options.lane.wants('episodes')) return
    this.#feedOf(agent).state(message, 1000 / this.#shareFps)
  }

  /** The same with a frame. */
  frame(shared: SharedFrame): void {
    if (!this.#options.lane.wants('frames')) return
    this.#feedOf(shared.frame.agent).frame(shared, 1000 / this.#shareFps)
  }

  /** An insight, if it is about an agent that it follows or about all of them. */
  insight({ agent, messageFor }: ShownInsight): void {
    if (agent === null || this.follows(agent)) this.#options.lane.queue(messageFor(this.#level))
  }

  /** An episode of an agent that it follows has ended. */
  ended(subject: Subject): void {
    if (this.means(subject)) this.playback.noteEnded()
  }

  /** The socket has room for frames again. */
  room(): void {
    for (const [agent, feed] of [...this.#feeds]) {
      if (!feed.room() || this.#feeds.get(agent) !== feed) continue
      // Behind the others, so that one agent does not keep them waiting.
      this.#feeds.delete(agent)
      this.#feeds.set(agent, feed)
    }
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

  #feedOf(agent: string): AgentFeed {
    const known = this.#feeds.get(agent)
    if (known !== undefined) return known
    const { clock, lane, previews, onFrameDropped } = this.#options
    const feed = new AgentFeed({
      ...{ clock, agent, taste: this.#taste, lane, previews },
      onFrame: () => this.#framesOffered++,
      onDropped: () => {
        this.#framesDropped++
        onFrameDropped()
      },
      onReplaced: () => this.#framesDropped++,
      onProblem: problem => this.#tell(problem),
    })
    this.#feeds.set(agent, feed)
    return feed
  }

  /** Once for each reason. */
  #tell(problem: string): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#options.onProblem(problem)
  }
}

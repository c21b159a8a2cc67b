// All viewers, and what is shown to them. A message is made once, however many get it, and not at
// all while nobody watches.
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { materialBytes } from '../protocol/answer-bytes.ts'
import { limits } from '../protocol/limits.ts'
import type { RunTotals } from '../protocol/projection.ts'
import { localVisitor, type Visitor } from '../protocol/rights.ts'
import type {
  LiveFrame,
  ProjectionNotice,
  RecordedFrame,
  SystemNotice,
} from '../protocol/thread-messages.ts'
import { Backlog, type BacklogCounters } from './backlog.ts'
import { Continuity } from './continuity.ts'
import { Verdicts } from './filter.ts'
import { FirstCameras } from './first-cameras.ts'
import { Greeting } from './greeting.ts'
import { episodeMessage } from './messages.ts'
import { NewestPictures } from './newest-pictures.ts'
import { PastInsights, type ShownInsight } from './past-insights.ts'
import { type MakeStill, Previews } from './previews.ts'
import { ProjectionFeed } from './projection-feed.ts'
import type { FinishedEpisode, History, Publication, Stage } from './publication.ts'
import { type ReliefCounters, relieve } from './relief.ts'
import { SharedFrame } from './shared-frame.ts'
import { SharedMessage } from './shared-message.ts'
import { type Audience, Showing } from './showing.ts'
import { Throttle } from './throttle.ts'
import { Viewer } from './viewer.ts'
import type { ViewerHost, ViewerSocket } from './viewer-host.ts'

const TICK_MILLIS = 1000
const SYSTEM_MILLIS = 250
/** How long `stop` waits for viewers that do not answer. */
const STOP_MILLIS_MAX = 250

export interface HubCounters extends BacklogCounters, ReliefCounters {
  /** Viewers connected now. */
  viewers: number
  /** Distinct messages that were built; 0 while nobody watches. */
  built: number
  /** Episodes that were held against an expression of a viewer; once for each of both. */
  judged: number
  /** Messages handed to sockets, and messages given up, over all viewers. */
  sent: number
  dropped: number
}

export interface HubOptions {
  readonly clock: Clock
  readonly stage: Stage
  readonly history: History
  /** Makes pictures of frames; without it viewers get pixels. */
  readonly makeStill?: MakeStill | undefined
  /** Called when a viewer has come or gone. */
  readonly onAudience?: (viewers: number) => void
  /** Bytes that may wait for all viewers together. Default 256 MiB. */
  readonly queuedBytesMax?: number | undefined
}

export class Hub implements ViewerHost, Audience {
  readonly clock: Clock
  readonly stage: Stage
  readonly history: History
  readonly previews: Previews
  readonly greeting: Greeting
  readonly counters: HubCounters = {
    ...{ viewers: 0, built: 0, judged: 0, sent: 0, dropped: 0 },
    ...{ queuedBytes: 0, crowdedOut: 0, answersRefused: 0 },
  }
  readonly backlog: Backlog
  readonly verdicts = new Verdicts(() => this.counters.judged++)
  readonly #cameras = new FirstCameras()
  readonly #viewers = new Set<Viewer>()
  readonly #continuity = new Continuity()
  readonly #insights = new PastInsights()
  readonly #pictures: NewestPictures
  readonly #projection: ProjectionFeed
  readonly #onAudience: (viewers: number) => void
  readonly #systemPace: Throttle<SystemNotice>
  readonly #showing: Showing
  readonly #wholes = new WeakMap<FinishedEpisode, SharedMessage>()
  #system: SystemNotice | null = null
  #defaultAgent: string | null = null
  #viewersSoFar = 0
  #framesSoFar = 0
  #cancelTick: (() => void) | undefined
  #stopping: (() => void) | undefined

  constructor(options: HubOptions) {
    const { clock, stage, history, makeStill, onAudience = () => {} } = options
    const { queuedBytesMax = limits.viewersBufferBytesMax } = options
    this.#onAudience = onAudience
    this.clock = clock
    this.stage = stage
    this.history = history
    this.backlog = new Backlog(queuedBytesMax, this.counters, wantedBytes =>
      relieve(this.backlog, this.#viewers, this.counters, wantedBytes),
    )
    this.previews = new Previews(clock, makeStill)
    this.#pictures = new NewestPictures({
      ...{ stage, history },
      share: frame => (this.#cameras.note(frame) ? this.#share(frame, 'live') : undefined),
    })
    this.#projection = new ProjectionFeed({
      clock,
      stage,
      continuity: this.#continuity,
      watched: () => this.#viewers.size > 0,
      onMessage: message => this.toAll(viewer => viewer.lane.queue(message)),
      onMetrics: change => this.toAll(viewer => viewer.metrics.offer(change)),
    })
    this.#showing = new Showing(stage, this)
    this.greeting = new Greeting({
      ...{ clock, stage, continuity: this.#continuity, insights: this.#insights },
      projection: this.#projection,
      system: () => this.#system,
      viewerCount: () => this.#viewers.size,
    })
    this.#systemPace = new Throttle(clock, SYSTEM_MILLIS, notice => {
      const message = this.greeting.systemMessage(notice)
      this.toAll(viewer => viewer.lane.latest('system', message))
    })
  }

  /** The last notice of the host; null before the first. */
  get system(): SystemNotice | null {
    return this.#system
  }

  /** Sums over the run; undefined before the first projection. */
  get totals(): RunTotals | undefined {
    return this.#projection.totals
  }

  /** Takes over the socket of somebody who may watch, or closes it when there are too many. */
  attach(socket: ViewerSocket, visitor: Visitor = localVisitor): Viewer {
    const viewer = new Viewer(`v${++this.#viewersSoFar}`, socket, this, visitor)
    this.#viewers.add(viewer)
    this.counters.viewers = this.#viewers.size
    if (this.#stopping !== undefined) viewer.close('goingAway')
    else if (this.#viewers.size > limits.viewersMax) viewer.close('serverFull')
    this.#cancelTick ??= this.#tick()
    this.#onAudience(this.#viewers.size)
    return viewer
  }

  /** Shows what happened, in order. */
  publish(publications: readonly Publication[]): void {
    this.#continuity.note(this.stage.position)
    for (const publication of publications) {
      if (publication.kind === 'restarted') this.#restart()
      else this.#showing.show(publication)
    }
    this.#followDefault()
  }

  /**
   * Shows a frame to those who watch. Its pixels must not change before `onReleased`, which is called
   * once, when nobody needs them any more.
   */
  showFrame(frame: LiveFrame, onReleased: () => void = () => {}): void {
    if (!this.#cameras.note(frame) || this.#viewers.size === 0) {
      onReleased()
      return
    }
    this.#followDefault()
    const shared = this.#share(frame, frame.mode, onReleased)
    this.toFollowers(frame.agent, 'newest', viewer => viewer.viewing.frame(shared))
    shared.release()
  }

  /** Frames a second of each agent that somebody wants now: the most that anyone asks for. */
  wantedFps(): Map<string, number> {
    this.#followDefault()
    const wanted = new Map<string, number>()
    this.toAll(({ viewing: { followed, wantedFps } }) => {
      if (wantedFps === 0) return
      for (const agent of followed) {
        wanted.set(agent, Math.max(wantedFps, wanted.get(agent) ?? 0))
      }
    })
    return wanted
  }

  /** Whether frames of this camera would be shown, if anybody wants any of its agent. */
  shows(camera: Pick<LiveFrame, 'agent' | 'camera'>): boolean {
    return this.#cameras.has(camera)
  }

  showProjection(notice: ProjectionNotice): void {
    this.#projection.take(notice)
  }

  showSystem(notice: SystemNotice): void {
    this.#system = notice
    this.#continuity.note(notice.newest)
    if (this.#viewers.size > 0) this.#systemPace.offer(notice)
  }

  /** Tells all viewers that the server goes, and waits for them for at most 250 ms. */
  async stop(): Promise<void> {
    assert(this.#stopping === undefined, 'a hub is stopped once')
    this.#projection.stop()
    this.#systemPace.reset()
    await new Promise<void>(resolve => {
      const cancel = this.clock.schedule(STOP_MILLIS_MAX, resolve)
      this.#stopping = () => {
        cancel()
        resolve()
      }
      for (const viewer of this.#viewers) viewer.close('goingAway')
      if (this.#viewers.size === 0) this.#stopping()
    })
    for (const viewer of [...this.#viewers]) viewer.terminate()
    this.#cancelTick?.()
  }

  remember(insight: ShownInsight, bytes: number): void {
    this.#insights.remember(this.#continuity.position.seq, bytes, insight)
  }

  forget(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    this.counters.viewers = this.#viewers.size
    this.backlog.review()
    this.#onAudience(this.#viewers.size)
    if (this.#viewers.size > 0) return
    this.#cancelTick?.()
    this.#cancelTick = undefined
    this.#stopping?.()
  }

  wholeOf(finished: FinishedEpisode): SharedMessage {
    const made = this.#wholes.get(finished)
    if (made !== undefined) return made
    const { material } = finished
    const build = () => episodeMessage(this.stage.mode, null, material, 0)
    const message = SharedMessage.text('episodes', build, materialBytes(material))
    this.#wholes.set(finished, message)
    return message
  }

  metricsOf(names: ReadonlySet<string>, withPoints: boolean): SharedMessage | undefined {
    return this.#projection.metricsOf(names, withPoints)
  }

  newestPicture(agent: string, use: (shared: SharedFrame) => void): void {
    this.#pictures.ask(agent, use)
  }

  newestState(agent: string): SharedMessage | undefined {
    return this.#showing.newestState(agent)
  }

  /** Kept by who calls it. `whileWaiting`: the mode that it is shown in while the stage has none. */
  #share(
    frame: RecordedFrame,
    whileWaiting: LiveFrame['mode'],
    onReleased: () => void = () => {},
  ): SharedFrame {
    const mode = this.stage.mode === 'waiting' ? whileWaiting : this.stage.mode
    const now = () => this.clock.now()
    return new SharedFrame(frame, {
      serial: ++this.#framesSoFar,
      ...{ mode, now, backlog: this.backlog, onReleased },
    })
  }

  #restart(): void {
    this.#showing.restart()
    this.#continuity.restart(this.stage.position)
    this.#insights.restart(this.stage.position.seq)
    // Finished episodes that are played again change nothing of what was made of the log.
    if (this.stage.mode !== 'checkpoint') this.#projection.restart()
    this.toAll(viewer => viewer.restart())
  }

  /** Viewers that left the choice to us follow the default agent, when that is another one now. */
  #followDefault(): void {
    const { defaultAgent } = this.stage
    const before = this.#defaultAgent
    if (defaultAgent === before) return
    this.#defaultAgent = defaultAgent
    this.toAll(viewer => {
      // The very first agent was followed from its first event on, but its frames may all be past.
      if (before === null) viewer.viewing.expectPictures()
      else if (viewer.viewing.followsDefault) viewer.viewing.start()
    })
  }

  /** Those who are past their hello and can take something. */
  toAll(action: (viewer: Viewer) => void): void {
    for (const viewer of this.#viewers) if (viewer.playing) action(viewer)
  }

  /** Those who follow the agent and have its episodes delivered in that way. */
  toFollowers(
    agent: string,
    delivery: Viewer['viewing']['delivery'],
    action: (viewer: Viewer) => void,
  ): void {
    this.toAll(viewer => {
      if (viewer.viewing.delivery === delivery && viewer.viewing.follows(agent)) action(viewer)
    })
  }

  #tick(): () => void {
    return this.clock.schedule(TICK_MILLIS, () => {
      this.#cancelTick = this.#tick()
      for (const viewer of this.#viewers) viewer.tick()
      this.backlog.review()
    })
  }
}

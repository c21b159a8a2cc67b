// What a viewer is sent first: who is here and what there is now, or what it has missed since it left.
import type { Clock } from '../base/clock.ts'
import type { ViewerChannel } from '../protocol/client-messages.ts'
import type { Position } from '../protocol/position.ts'
import type { SystemNotice } from '../protocol/thread-messages.ts'
import type { Continuity } from './continuity.ts'
import type { Lane } from './lane.ts'
import { establishedMessage, systemMessage } from './messages.ts'
import type { MetricsOutlet } from './metrics-outlet.ts'
import type { PastInsights, ShownInsight } from './past-insights.ts'
import type { ProjectionFeed } from './projection-feed.ts'
import type { Stage } from './publication.ts'
import { SharedMessage } from './shared-message.ts'
import type { Viewing } from './viewing.ts'

const ACTOR_BYTES = 1024

/** Where a viewer was, and in which run if it says so. */
export interface Resume extends Position {
  readonly run?: string | undefined
}

/** A viewer that is greeted. */
export interface Newcomer {
  readonly id: string
  readonly lane: Lane
  readonly viewing: Viewing
  readonly metrics: MetricsOutlet
  /** True when it was sent its first messages already, so that further ones start it over. */
  readonly greetedBefore: boolean
}

export interface GreetingOptions {
  readonly clock: Clock
  readonly stage: Stage
  readonly continuity: Continuity
  readonly insights: PastInsights
  readonly projection: ProjectionFeed
  /** The last notice of the host; null before the first. */
  readonly system: () => SystemNotice | null
  readonly viewerCount: () => number
}

export class Greeting {
  readonly #options: GreetingOptions

  constructor(options: GreetingOptions) {
    this.#options = options
  }

  /** Sends the first messages: what it missed since `resume`, or everything of now. */
  greet(viewer: Newcomer, resume: Resume | undefined): void {
    const { clock, stage, continuity, projection, system } = this.#options
    const { run, name } = projection.run ?? stage
    const isOfRun = resume !== undefined && (resume.run ?? run) === run
    const missed = isOfRun ? this.#missedSince(resume, viewer.lane.wants('insights')) : null
    const fresh = resume === undefined && !viewer.greetedBefore
    const established = establishedMessage(stage, {
      client_id: viewer.id,
      server_time: clock.now(),
      continuation: missed !== null ? 'resume' : fresh ? 'fresh' : 'resync',
      position: continuity.position,
      run,
      name,
    })
    viewer.lane.queue(SharedMessage.text(null, () => established, 1024))
    const first = missed?.messages ?? projection.firstMessages()
    viewer.metrics.clear()
    for (const message of first) viewer.lane.queue(message)
    for (const insight of missed?.insights ?? []) viewer.viewing.insight(insight)
    // At last: it says a position, which a viewer has reached when all before it has come.
    const notice = system()
    if (notice !== null) viewer.lane.queue(this.systemMessage(notice))
  }

  /** Sends what the first messages have of these channels. */
  introduce({ lane }: Newcomer, channels: ReadonlySet<ViewerChannel>): void {
    const { projection, system } = this.#options
    const first = channels.size === 0 ? [] : projection.firstMessages()
    for (const message of first) {
      if (message.channel !== null && channels.has(message.channel)) lane.queue(message)
    }
    const notice = system()
    if (channels.has('system') && notice !== null) lane.queue(this.systemMessage(notice))
  }

  systemMessage(notice: SystemNotice): SharedMessage {
    const { stage, viewerCount } = this.#options
    return SharedMessage.text(
      'system',
      () => systemMessage(stage, notice, viewerCount()),
      ACTOR_BYTES * (1 + notice.actors.length),
    )
  }

  /** Null when some of it may be forgotten, so that the viewer has to start over. */
  #missedSince(
    position: Position,
    wantsInsights: boolean,
  ): { messages: readonly SharedMessage[]; insights: readonly ShownInsight[] } | null {
    const { continuity, projection, insights: past } = this.#options
    const from = continuity.missedSince(position)
    const messages = from === null ? null : projection.reachingBack(from)
    const insights = wantsInsights ? past.missedSince(position.seq) : []
    return messages === null || insights === null ? null : { messages, insights }
  }
}

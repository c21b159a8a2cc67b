// What happens in a run, as messages to those who follow it: each made once, and the last state of an
// episode shown whatever was thinned out before it.
import { stateKey } from './agent-feed.ts'
import { endMessage, insightMessage, startMessage, stateMessage } from './messages.ts'
import { messagesByLevel } from './messages-by-level.ts'
import type { ShownInsight } from './past-insights.ts'
import type {
  EndedPublication,
  FinishedEpisode,
  InsightPublication,
  Publication,
  Stage,
  SteppedPublication,
} from './publication.ts'
import { type Life, SharedMessage } from './shared-message.ts'
import type { Viewer } from './viewer.ts'

const STATE_BYTES = 1024

/** The viewers, as far as something is shown to them. */
export interface Audience {
  toAll(action: (viewer: Viewer) => void): void
  /** Those who follow the agent and have its episodes delivered in that way. */
  toFollowers(
    agent: string,
    delivery: Viewer['viewing']['delivery'],
    action: (viewer: Viewer) => void,
  ): void
  wholeOf(finished: FinishedEpisode): SharedMessage
  /** For those who come back; `bytes` is about what it takes. */
  remember(insight: ShownInsight, bytes: number): void
}

/** The newest state update of an agent's open episode. */
interface Shown {
  readonly message: SharedMessage
  readonly life: Life
  readonly episode: number
}

export class Showing {
  readonly #stage: Pick<Stage, 'mode'>
  readonly #audience: Audience
  readonly #shown = new Map<string, Shown>()

  constructor(stage: Pick<Stage, 'mode'>, audience: Audience) {
    this.#stage = stage
    this.#audience = audience
  }

  newestState(agent: string): SharedMessage | undefined {
    return this.#shown.get(agent)?.message
  }

  /** What was shown is void. */
  restart(): void {
    for (const { life } of this.#shown.values()) life.over = true
    this.#shown.clear()
  }

  /** Shows one thing that happened; nothing is built unless somebody is sent it. */
  show(publication: Exclude<Publication, { kind: 'restarted' }>): void {
    const { mode } = this.#stage
    if (publication.kind === 'stepped') this.#showStep(publication)
    else if (publication.kind === 'ended') this.#showEnd(publication)
    else if (publication.kind === 'began') {
      const message = SharedMessage.text(
        'episodes',
        () => startMessage(mode, publication, null),
        512,
      )
      this.#audience.toFollowers(publication.agent, 'newest', viewer => viewer.lane.queue(message))
    } else this.#showInsight(publication)
  }

  #showInsight({ insight: kind, agent, time, data, bytes }: InsightPublication): void {
    const { mode } = this.#stage
    const messageFor = messagesByLevel(data, said => {
      const build = () => insightMessage(mode, { kind, agent, time, data: said })
      return SharedMessage.text('insights', build, STATE_BYTES + bytes)
    })
    const insight = { agent, messageFor }
    this.#audience.remember(insight, STATE_BYTES + bytes)
    this.#audience.toAll(({ viewing }) => viewing.insight(insight))
  }

  #showStep(stepped: SteppedPublication): void {
    const { agent, episode } = stepped
    const { mode } = this.#stage
    const before = this.#shown.get(agent)
    const life = before?.episode === episode ? before.life : { over: false }
    const message = SharedMessage.text(
      'episodes',
      () => stateMessage(mode, stepped),
      STATE_BYTES,
      life,
    )
    this.#shown.set(agent, { message, life, episode })
    this.#audience.toFollowers(agent, 'newest', viewer => viewer.viewing.state(agent, message))
  }

  /** The last state is shown whatever was thinned out, and nothing of the episode after its end. */
  #showEnd({ subject, finished }: EndedPublication): void {
    const { row } = subject
    const { agent, episode } = row
    const { mode } = this.#stage
    const shown = this.#shown.get(agent)
    const last = shown?.episode === episode ? shown : undefined
    if (last !== undefined) {
      last.life.over = true
      this.#shown.delete(agent)
    }
    const message = SharedMessage.text('episodes', () => endMessage(mode, row, 0), 512)
    this.#audience.toFollowers(agent, 'newest', viewer => {
      if (last !== undefined) viewer.lane.finalState(stateKey(agent), last.message)
      viewer.lane.queue(message)
    })
    this.#audience.toFollowers(agent, 'paced', viewer => viewer.viewing.ended(subject))
    if (finished === null) return
    const whole = this.#audience.wholeOf(finished)
    this.#audience.toFollowers(agent, 'whole', viewer => {
      if (viewer.viewing.means(subject)) viewer.lane.whole(whole)
    })
  }
}

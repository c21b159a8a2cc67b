// What one viewer watches: which agent, and how its episodes are delivered.
import type { Clock } from '../base/clock.ts'
import type { ClientMessage, Delivery } from '../protocol/viewer-messages.ts'
import type { Lane } from './lane.ts'
import { startMessage } from './messages.ts'
import { Playback } from './playback.ts'
import type { FinishedEpisode, Stage } from './publication.ts'
import { SharedMessage } from './shared-message.ts'
import { Throttle } from './throttle.ts'

export type Preferences = Pick<
  Extract<ClientMessage, { type: 'set' }>,
  'delivery' | 'step_delay' | 'max_fps' | 'agent'
>

const DEFAULT_STEP_MILLIS = 200
const DEFAULT_FPS = 30

export interface ViewingOptions {
  readonly clock: Clock
  readonly lane: Lane
  readonly stage: Stage
  /** The message of a whole episode, shared by all who get it. */
  readonly wholeOf: (finished: FinishedEpisode) => SharedMessage
  /** The newest state update of the agent's open episode. */
  readonly newestState: (agent: string) => SharedMessage | undefined
}

export class Viewing {
  readonly playback: Playback
  readonly #options: ViewingOptions
  readonly #throttle: Throttle<SharedMessage>
  #delivery: Delivery = 'newest'
  #agent: string | null = null

  constructor(options: ViewingOptions) {
    const { clock, lane, stage } = options
    this.#options = options
    this.#throttle = new Throttle(clock, 1000 / DEFAULT_FPS, (key, message) =>
      lane.latest(key, message),
    )
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

  /** True when the viewer leaves the choice of the agent to the server. */
  get followsDefault(): boolean {
    return this.#agent === null
  }

  follows(agent: string): boolean {
    return agent === this.#followed
  }

  /** Takes over what is given; true when the view has to start anew. */
  prefer({ delivery, step_delay, max_fps, agent }: Preferences): boolean {
    const before = [this.#delivery, this.#followed]
    if (delivery !== undefined) this.#delivery = delivery
    if (agent !== undefined) this.#agent = agent
    if (max_fps !== undefined) this.#throttle.intervalMillis = 1000 / max_fps
    if (step_delay !== undefined) {
      this.playback.stepMillis = step_delay * 1000
      this.playback.pump()
    }
    return before[0] !== this.#delivery || before[1] !== this.#followed
  }

  /** Starts with what is on stage now. */
  start(): void {
    this.stop()
    const { stage, lane, wholeOf, newestState } = this.#options
    const followed = this.#followed
    if (this.#delivery === 'paced') this.playback.start()
    else if (this.#delivery === 'whole') {
      const finished = this.#newestFinished()
      if (finished !== undefined) lane.whole(wholeOf(finished))
    } else {
      const open = followed === null ? undefined : stage.open(followed)
      if (open === undefined) return
      lane.queue(SharedMessage.text(() => startMessage(stage.mode, open, null), 512))
      // A trainer that pauses sends nothing that would bring the viewer up to date.
      const state = newestState(open.agent)
      if (state !== undefined) lane.latest('state', state)
    }
  }

  stop(): void {
    this.playback.stop()
    this.#throttle.reset()
  }

  /** A state update or frame of the agent that it follows, at most `max_fps` a key. */
  newest(key: string, message: SharedMessage): void {
    this.#throttle.offer(key, message)
  }

  get #followed(): string | null {
    return this.#agent ?? this.#options.stage.defaultAgent
  }

  #newestFinished(): FinishedEpisode | undefined {
    const followed = this.#followed
    return followed === null ? undefined : this.#options.stage.newestFinished(followed)
  }
}

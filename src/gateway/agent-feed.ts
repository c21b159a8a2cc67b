// What one viewer sees of one agent while it plays: the newest state and the newest frame, each at
// the pace that the viewer can take, and under keys of the agent's own, so that none of another
// takes their place.
import type { Clock } from '../base/clock.ts'
import { FrameOutlet, type FrameOutletOptions } from './frame-outlet.ts'
import { FramePlace, type SharedFrame } from './shared-frame.ts'
import type { SharedMessage } from './shared-message.ts'
import { Throttle } from './throttle.ts'

/** What an agent's state updates are kept under while they wait. */
export const stateKey = (agent: string): string => `state/${agent}`

export interface AgentFeedOptions extends FrameOutletOptions {
  readonly clock: Clock
  /** Called for each frame that its time has come for. */
  readonly onFrame: () => void
}

export class AgentFeed {
  readonly #states: Throttle<SharedMessage>
  readonly #frames: Throttle<FramePlace>
  /** The newest frame, until its time has come. */
  readonly #newest = new FramePlace()
  readonly #outlet: FrameOutlet
  #hasShown = false

  constructor({ clock, onFrame, ...options }: AgentFeedOptions) {
    const { agent, lane } = options
    const key = stateKey(agent)
    // Trainers that play at the viewer's rate do so to some milliseconds.
    const allowing = { allowsJitter: true }
    this.#outlet = new FrameOutlet(options)
    this.#states = new Throttle(clock, 0, message => lane.latest(key, message), allowing)
    const show = (newest: FramePlace): void => {
      newest.take(shared => {
        onFrame()
        this.#outlet.offer(shared)
      })
    }
    this.#frames = new Throttle(clock, 0, show, allowing)
  }

  /** At most one is sent every `intervalMillis`; so of frames. */
  state(message: SharedMessage, intervalMillis: number): void {
    this.#states.intervalMillis = intervalMillis
    this.#states.offer(message)
  }

  frame(shared: SharedFrame, intervalMillis: number): void {
    this.#hasShown = true
    this.#frames.intervalMillis = intervalMillis
    this.#newest.put(shared)
    this.#frames.offer(this.#newest)
  }

  /** Whether there was a frame. */
  get hasShown(): boolean {
    return this.#hasShown
  }

  /** The socket has room for a frame again. Whether one had waited for that. */
  room(): boolean {
    return this.#outlet.room()
  }

  /** Forgets what waits. */
  reset(): void {
    this.#hasShown = false
    this.#states.reset()
    this.#frames.reset()
    this.#newest.put(undefined)
    this.#outlet.reset()
  }
}

// What one viewer is told of metrics. While there is room it gets what all get. When there is none,
// what changes meanwhile is remembered by name, and told as it is then once there is room: a viewer
// that is slow gets the newest, in one message, instead of all that it had no time for.
import type { Lane } from './lane.ts'
import type { SharedMessage } from './shared-message.ts'

/** The changed series of one moment. */
export interface MetricsChange {
  readonly names: ReadonlySet<string>
  /** Whether their points are told too, or only what sums them up. */
  readonly withPoints: boolean
  readonly message: SharedMessage
}

export interface MetricsOutletOptions {
  readonly lane: Lane
  /** These series as they are now; undefined when there are none any more. */
  readonly messageOf: (names: ReadonlySet<string>, withPoints: boolean) => SharedMessage | undefined
  /** Called for each message that another takes the place of. */
  readonly onReplaced: () => void
}

export class MetricsOutlet {
  readonly #options: MetricsOutletOptions
  /** What it has not been told of; undefined when it has been told everything. */
  #owed: Set<string> | undefined
  #withPoints = false

  constructor(options: MetricsOutletOptions) {
    this.#options = options
  }

  offer({ names, withPoints, message }: MetricsChange): void {
    const { lane, onReplaced } = this.#options
    if (this.#owed === undefined && lane.roomy) {
      lane.queue(message)
      return
    }
    if (!lane.wants('metrics')) return
    if (this.#owed !== undefined) onReplaced()
    this.#owed ??= new Set()
    for (const name of names) this.#owed.add(name)
    this.#withPoints ||= withPoints
    this.room()
  }

  /** The socket has room again; true when it was used. */
  room(): boolean {
    const { lane, messageOf } = this.#options
    if (this.#owed === undefined || !lane.roomy) return false
    const message = messageOf(this.#owed, this.#withPoints)
    this.clear()
    if (message !== undefined) lane.queue(message)
    return message !== undefined
  }

  /** It is told everything in another way. */
  clear(): void {
    this.#owed = undefined
    this.#withPoints = false
  }
}

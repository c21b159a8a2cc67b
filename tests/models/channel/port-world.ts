// A sender under its policy, receivers that die and are replaced, and a port in between that takes
// its time. Lossless: every item that was accepted is handled, in order, by one receiver after the
// other; lossy: what is handled is newer each time, and what is missing is counted.
import type fc from 'fast-check'
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { Policy } from '../../../src/protocol/policies.ts'
import { PortReceiver, PortSender } from '../../../src/streams/port.ts'
import type { Invariants } from '../campaign.ts'
import { scheduledPortPair } from './scheduled-ports.ts'

export const WINDOW = { countMax: 4, bytesMax: 100 }
const LINGER_MILLIS = 1

interface Item {
  readonly id: number
  readonly bytes: number
}

export interface PortSetup {
  readonly policy: Policy
  /** `redeliver`: at least once; without it at most once. */
  readonly redeliver: boolean
  readonly acknowledge: 'auto' | 'manual'
  /** A fault of the port, for negative controls: does with each message what it likes. */
  readonly plant?: (post: () => void, ordinal: number) => void
}

export class PortWorld {
  readonly #scheduler: fc.Scheduler
  readonly #setup: PortSetup
  readonly #invariants: Invariants
  readonly #clock = new SimulatedClock()
  readonly #sender: PortSender<Item>
  #receiver!: PortReceiver<Item>
  #receivers = 0
  #ids = 0
  readonly #accepted: number[] = []
  /** What each receiver got, in order. */
  readonly #got: number[][] = []
  /** Items that the receiver of now has not acknowledged. */
  #open = 0

  constructor(scheduler: fc.Scheduler, setup: PortSetup, invariants: Invariants) {
    this.#scheduler = scheduler
    this.#setup = setup
    this.#invariants = invariants
    this.#sender = new PortSender<Item>(
      { name: 'test', policy: setup.policy, countMax: 8, bytesMax: 1000 },
      {
        ...{ clock: this.#clock, sizeOf: item => item.bytes, lingerMillis: LINGER_MILLIS },
        ...{ window: WINDOW, batchCountMax: 3, redeliver: setup.redeliver },
      },
    )
    this.connect()
  }

  /** A new receiver takes the place of the one that was there. */
  connect(): void {
    const [near, far] = scheduledPortPair(this.#scheduler, `receiver ${++this.#receivers}`)
    const { acknowledge, plant } = this.#setup
    if (plant) {
      const post = near.postMessage.bind(near)
      let ordinal = 0
      near.postMessage = message => plant(() => post(message), ++ordinal)
    }
    const receiver = new PortReceiver<Item>(far, { acknowledge })
    this.#receiver = receiver
    this.#open = 0
    const got: number[] = []
    this.#got.push(got)
    this.#receiver.messages.subscribe(({ id }) => {
      got.push(id)
      if (this.#receiver === receiver) this.#open++
    })
    this.#sender.attach(near)
    this.#look()
  }

  offer(count: number, bytes: number): void {
    for (let i = 0; i < count; i++) {
      const item = { id: this.#ids++, bytes }
      if (this.#sender.offer(item) === 'accepted') this.#accepted.push(item.id)
    }
    this.#look()
  }

  pass(): void {
    this.#clock.advance(LINGER_MILLIS)
    this.#look()
  }

  /** The receiver has handled some of what it got. */
  acknowledge(share: number): void {
    const count = Math.ceil(share * this.#open)
    if (this.#setup.acknowledge === 'auto' || count === 0) return
    this.#open -= count
    this.#receiver.acknowledge(count)
    this.#look()
  }

  #look(): void {
    const now = this.#sender.counters
    const books = now.offered === now.taken + now.dropped + now.depth
    this.#invariants.holds(12, books, () => `books ${JSON.stringify(now)}`)
    const flying = now.inFlight <= WINDOW.countMax && now.inFlightBytes <= WINDOW.bytesMax
    this.#invariants.holds(12, flying, () => `in flight ${JSON.stringify(now)}`)
    const newest = this.#got.at(-1) ?? []
    const rising = newest.every((id, i) => i === 0 || id > newest[i - 1]!)
    this.#invariants.holds(13, rising, () => `received ${newest}`)
  }

  /** Everything that is under way arrives, to the last receiver. */
  async finish(): Promise<void> {
    const closing = this.#sender.close()
    let closed = false
    void closing.then(() => {
      closed = true
    })
    for (let rounds = 0; !closed && rounds < 200; rounds++) {
      this.pass()
      await this.#scheduler.waitIdle()
      this.acknowledge(1)
      await this.#scheduler.waitIdle()
    }
    this.#invariants.holds(12, closed, () => 'the sender never came to its end')
    this.#judge()
  }

  #judge(): void {
    const { acknowledged, lostInFlight, dropped } = this.#sender.counters
    const distinct = new Set(this.#got.flat())
    if (this.#setup.redeliver) {
      const all = this.#accepted.length === distinct.size
      const few = `${distinct.size} of ${this.#accepted.length} handled, ${acknowledged} acknowledged`
      this.#invariants.holds(12, all || dropped > 0, () => few)
      this.#invariants.holds(12, acknowledged <= this.#accepted.length, () => few)
      return
    }
    const atMostOnce = distinct.size === this.#got.flat().length
    this.#invariants.holds(13, atMostOnce, () => `handled twice: ${this.#got.flat()}`)
    const { length } = this.#got.flat()
    const counted = length >= acknowledged && length <= acknowledged + lostInFlight
    this.#invariants.holds(13, counted, () => `${length} handled, ${acknowledged} acknowledged`)
  }
}

// A channel beside its model: a list, and one sentence for each policy. What the channel answers,
// counts and hands out has to be what the list says.
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { Policy } from '../../../src/protocol/policies.ts'
import { Channel } from '../../../src/streams/channel.ts'
import type { Invariants } from '../campaign.ts'

export interface Item {
  readonly id: number
  readonly key: number
  readonly bytes: number
}

export const COUNT_MAX = 4
export const BYTES_MAX = 20
const SPILL_COUNT = 7
const SPILL_BYTES = 60
const SAMPLE_MILLIS = 5

export const policies: readonly Policy[] = [
  { kind: 'block' },
  { kind: 'drop-oldest' },
  { kind: 'drop-newest' },
  { kind: 'latest' },
  { kind: 'sample', everyMillis: SAMPLE_MILLIS },
  { kind: 'spill', spillCountMax: SPILL_COUNT, spillBytesMax: SPILL_BYTES },
  { kind: 'disconnect' },
]
const lossless: readonly Policy['kind'][] = ['block', 'spill']

const bytesOf = (items: readonly Item[]): number => items.reduce((sum, one) => sum + one.bytes, 0)
const fits = (items: readonly Item[], item: Item, countMax = COUNT_MAX, bytesMax = BYTES_MAX) =>
  items.length < countMax && bytesOf(items) + item.bytes <= bytesMax

export class ChannelWorld {
  readonly #policy: Policy
  readonly #invariants: Invariants
  readonly #clock = new SimulatedClock()
  readonly #channel: Channel<Item>
  #items: Item[] = []
  /** Behind `#items`, under `spill`. */
  #spilled: Item[] = []
  #ids = 0
  #in = 0
  #out = 0
  #dropped = 0
  #closed = false
  #due = 0

  constructor(
    policy: Policy,
    invariants: Invariants,
    plant = (channel: Channel<Item>): Channel<Item> => channel,
  ) {
    this.#policy = policy
    this.#invariants = invariants
    const spec = { name: 'test', policy, countMax: COUNT_MAX, bytesMax: BYTES_MAX }
    const options = {
      clock: this.#clock,
      sizeOf: (item: Item) => item.bytes,
      keyOf: (item: Item) => item.key,
    }
    this.#channel = plant(new Channel<Item>(spec, options))
  }

  /** What this policy is about: that nothing is lost, or that the newest is not. */
  get #invariant(): number {
    return lossless.includes(this.#policy.kind) ? 12 : 13
  }

  offer(key: number, bytes: number): void {
    const item = { id: this.#ids++, key, bytes }
    const answer = this.#channel.offer(item)
    const expected = this.#expect(item)
    if (expected !== 'full') this.#in++
    const right = answer === expected
    this.#invariants.holds(this.#invariant, right, () => `${answer}, expected ${expected}`)
    this.#look()
  }

  #expect(item: Item): string {
    if (this.#closed || item.bytes > BYTES_MAX)
      return this.#drop(this.#closed ? 'closed' : 'dropped')
    const hasRoom = fits(this.#items, item)
    switch (this.#policy.kind) {
      case 'block':
        return hasRoom ? this.#push(item) : 'full'
      case 'drop-newest':
        return hasRoom ? this.#push(item) : this.#drop('dropped')
      case 'drop-oldest':
        return this.#pushOverOldest(item)
      case 'latest':
        return this.#pushLatest(item)
      case 'sample':
        return this.#pushInTime(item)
      case 'spill':
        return this.#pushOrSpill(item)
      case 'disconnect':
        return hasRoom ? this.#push(item) : this.#disconnect()
    }
  }

  #push(item: Item): string {
    this.#items.push(item)
    return 'accepted'
  }

  #drop(answer: string): string {
    this.#dropped++
    return answer
  }

  #dropOldest(): void {
    this.#items.shift()
    this.#dropped++
  }

  #pushOverOldest(item: Item): string {
    while (!fits(this.#items, item)) this.#dropOldest()
    return this.#push(item)
  }

  /** In the place of the older one of its key; when that comes up for want of room, at the end. */
  #pushLatest(item: Item): string {
    const older = this.#items.find(one => one.key === item.key)
    if (older === undefined) return this.#pushOverOldest(item)
    this.#dropped++
    while (bytesOf(this.#items) - older.bytes + item.bytes > BYTES_MAX) {
      if (this.#items[0] === older) this.#items.push(this.#items.shift()!)
      else this.#dropOldest()
    }
    this.#items = this.#items.map(one => (one === older ? item : one))
    return 'accepted'
  }

  #pushInTime(item: Item): string {
    if (this.#clock.monotonic() < this.#due) return this.#drop('dropped')
    this.#due = this.#clock.monotonic() + SAMPLE_MILLIS
    return this.#pushOverOldest(item)
  }

  #pushOrSpill(item: Item): string {
    if (this.#spilled.length === 0 && fits(this.#items, item)) return this.#push(item)
    if (!fits(this.#spilled, item, SPILL_COUNT, SPILL_BYTES)) return this.#drop('dropped')
    this.#spilled.push(item)
    return 'accepted'
  }

  #disconnect(): string {
    this.#closed = true
    this.#dropped += this.#items.length
    this.#items = []
    return this.#drop('closed')
  }

  take(): void {
    const item = this.#channel.take()
    const expected = this.#items.shift()
    if (expected) this.#out++
    const right = item?.id === expected?.id
    this.#invariants.holds(this.#invariant, right, () => `took ${item?.id}, not ${expected?.id}`)
    while (this.#spilled[0] && fits(this.#items, this.#spilled[0])) {
      this.#items.push(this.#spilled.shift()!)
    }
    this.#look()
  }

  advance(millis: number): void {
    this.#clock.advance(millis)
  }

  close(held: 'keep' | 'discard'): void {
    this.#channel.close(held)
    this.#closed = true
    if (held === 'discard') {
      const gone = this.#items.splice(0).length + this.#spilled.splice(0).length
      this.#dropped += gone
    }
    this.#look()
  }

  #look(): void {
    const found = this.#channel.counters
    const inside = [...this.#items, ...this.#spilled]
    const expected = [this.#in, this.#out, this.#dropped, inside.length, bytesOf(inside)]
    const counted = [found.offered, found.taken, found.dropped, found.depth, found.depthBytes]
    const same = counted.join() === expected.join()
    this.#invariants.holds(this.#invariant, same, () => `counts ${counted}, expected ${expected}`)
    const caps =
      found.depth <= COUNT_MAX + SPILL_COUNT && found.depthBytes <= BYTES_MAX + SPILL_BYTES
    this.#invariants.holds(12, caps, () => `${found.depth} items, ${found.depthBytes} B`)
  }

  finish(): void {
    while (this.#items.length + this.#spilled.length > 0) this.take()
    this.take()
  }
}

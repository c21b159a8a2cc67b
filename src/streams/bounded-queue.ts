// A first-in first-out queue with a bound in count and in bytes. It refuses to go past either
// (an assertion), so whoever fills it asks `fits` first and decides what gives way. It is a
// circular array that doubles when needed: every operation is O(1), amortised.
import { assert } from '../base/assert.ts'

/** An item with the size that it is accounted at; `key` is used by the `latest` policy only. */
export interface Entry<T> {
  item: T
  bytes: number
  readonly key?: string | number
}

const SLOTS_MIN = 16

export class BoundedQueue<T> {
  readonly countMax: number
  readonly bytesMax: number
  #slots: (Entry<T> | undefined)[] = new Array(SLOTS_MIN).fill(undefined)
  #first = 0
  #count = 0
  #bytes = 0

  /** Bounds are inclusive; `countMax` is at least 1. */
  constructor(countMax: number, bytesMax: number) {
    assert(Number.isInteger(countMax) && countMax >= 1, `countMax ${countMax}: expected 1 or more`)
    assert(bytesMax >= 0, `bytesMax ${bytesMax}: expected 0 or more`)
    this.countMax = countMax
    this.bytesMax = bytesMax
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The oldest entry, left in place. */
  get oldest(): Entry<T> | undefined {
    return this.#slots[this.#first]
  }

  /** Whether one more item of `bytes` stays within both bounds. */
  fits(bytes: number): boolean {
    return this.#count < this.countMax && this.#bytes + bytes <= this.bytesMax
  }

  /** Appends an entry that fits. */
  push(entry: Entry<T>): void {
    assert(this.fits(entry.bytes), 'push past the bound of a queue')
    if (this.#count === this.#slots.length) this.#grow()
    this.#slots[(this.#first + this.#count) & (this.#slots.length - 1)] = entry
    this.#count++
    this.#bytes += entry.bytes
  }

  /** Removes and returns the oldest entry. */
  shift(): Entry<T> | undefined {
    const entry = this.#slots[this.#first]
    if (entry === undefined) return undefined
    this.#slots[this.#first] = undefined
    this.#first = (this.#first + 1) & (this.#slots.length - 1)
    this.#count--
    this.#bytes -= entry.bytes
    return entry
  }

  /** Puts another item into the place of an entry that is in the queue; its growth must fit. */
  replace(entry: Entry<T>, item: T, bytes: number): void {
    this.#bytes += bytes - entry.bytes
    assert(this.#bytes <= this.bytesMax, 'replacement past the bound of a queue')
    entry.item = item
    entry.bytes = bytes
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = [...old.slice(this.#first), ...old.slice(0, this.#first)]
    this.#slots.length = old.length * 2
    this.#slots.fill(undefined, old.length)
    this.#first = 0
  }
}

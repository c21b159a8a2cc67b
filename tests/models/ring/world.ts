// The ingress ring beside its model: the records that were accepted and are not yet durable, in
// order. Whatever way they take (the ring, the heap), whoever dies, they come out once, whole and in
// that order, and what was refused is counted.
import { type Clock, SimulatedClock } from '../../../src/base/clock.ts'
import { RingInlet } from '../../../src/streams/ring/inlet.ts'
import { createRing, declareConsumerGone } from '../../../src/streams/ring/layout.ts'
import { RingReader } from '../../../src/streams/ring/reader.ts'
import type { Invariants } from '../campaign.ts'

export const CAPACITY = 1024
const SPILL_COUNT = 12
const SPILL_BYTES = 2048
const CRITICAL_BYTES = 512

export type InletPolicy = 'spill' | 'block' | 'drop-newest'
const policies = {
  spill: { kind: 'spill', spillCountMax: SPILL_COUNT, spillBytesMax: SPILL_BYTES },
  block: { kind: 'block' },
  'drop-newest': { kind: 'drop-newest' },
} as const

export interface RingPlants {
  readonly plantInlet?: (inlet: RingInlet) => RingInlet
  readonly plantReader?: (reader: RingReader) => RingReader
}

interface Accepted {
  readonly tag: number
  readonly lengthBytes: number
  /** Where it ends in the ring; known once it was read. */
  end: number
}

/** Runs on at every look, so that who waits for room gives up without waiting. */
function hastyClock(): Clock {
  const clock = new SimulatedClock()
  return {
    now: () => clock.now(),
    schedule: (delayMillis, callback) => clock.schedule(delayMillis, callback),
    monotonic() {
      clock.advance(20)
      return clock.monotonic()
    },
    turn: () => clock.turn(),
  }
}

export class RingWorld {
  readonly #invariants: Invariants
  readonly #policy: InletPolicy
  readonly #plants: RingPlants
  readonly #buffer: SharedArrayBuffer
  #inlet: RingInlet
  #reader: RingReader
  /** Accepted and not durable; the first `#cursor` of them were read. */
  #held: Accepted[] = []
  #cursor = 0
  /** The ring's position up to which all is durable. */
  #durable: number
  #tag = 0
  #claim: { tag: number; lengthBytes: number; offset: number } | undefined
  #accepted = 0
  #refused = 0
  #lost = 0

  constructor(
    policy: InletPolicy,
    startPosition: number,
    invariants: Invariants,
    plants: RingPlants = {},
  ) {
    this.#policy = policy
    this.#invariants = invariants
    this.#plants = plants
    this.#buffer = createRing({ capacityBytes: CAPACITY, ringId: 7, startPosition })
    this.#durable = startPosition
    this.#inlet = this.#openInlet()
    this.#reader = this.#openReader()
  }

  #openInlet(): RingInlet {
    const inlet = new RingInlet(this.#buffer, {
      clock: hastyClock(),
      policy: policies[this.#policy],
      criticalBytesMax: CRITICAL_BYTES,
      blockMillisMax: 10,
    })
    return this.#plants.plantInlet?.(inlet) ?? inlet
  }

  #openReader(startPosition?: number): RingReader {
    const options = startPosition === undefined ? {} : { startPosition }
    const reader = new RingReader(this.#buffer, options)
    return this.#plants.plantReader?.(reader) ?? reader
  }

  /** Claims room and writes half of the record into it. */
  claim(lengthBytes: number, critical: boolean): void {
    const offset = this.#inlet.claim(lengthBytes, critical)
    this.#claim = offset < 0 ? undefined : { tag: this.#tag++, lengthBytes, offset }
    if (this.#claim === undefined) this.#refused++
    else this.#write(0, lengthBytes >> 1)
    this.#look()
  }

  commit(): void {
    const claim = this.#claim
    if (claim) {
      this.#write(claim.lengthBytes >> 1, claim.lengthBytes)
      this.#held.push({ tag: claim.tag, lengthBytes: claim.lengthBytes, end: -1 })
      this.#accepted++
    }
    this.#inlet.commit(claim?.tag ?? -1)
    this.#claim = undefined
    this.#look()
  }

  #write(from: number, to: number): void {
    const { tag, offset } = this.#claim!
    for (let i = from; i < to; i++) this.#inlet.bytes[offset + i] = tag + i
  }

  abort(): void {
    this.#inlet.abort()
    this.#claim = undefined
    this.#look()
  }

  flushSpill(): void {
    this.#inlet.flushSpill()
    this.#look()
  }

  tellLost(): void {
    this.#lost += this.#inlet.takeLost()?.count ?? 0
    const { holds } = this.#checks
    holds(13, this.#lost === this.#refused, () => `told ${this.#lost} of ${this.#refused} lost`)
    this.#look()
  }

  read(count: number): void {
    for (let i = 0; i < count && this.#reader.read(); i++) this.#checkRecord()
    this.#look()
  }

  #checkRecord(): void {
    const { holds } = this.#checks
    const { tag, lengthBytes, byteOffset, bytes } = this.#reader
    const next = this.#held[this.#cursor]
    const right = next?.tag === tag && next.lengthBytes === lengthBytes
    holds(12, right, () => `read ${tag} (${lengthBytes} B), expected ${next?.tag}`)
    const payload = bytes.subarray(byteOffset, byteOffset + lengthBytes)
    const whole = payload.every((byte, i) => byte === ((tag + i) & 255))
    holds(15, whole, () => `record ${tag} is torn: ${payload}`)
    next!.end = this.#reader.position
    this.#cursor++
  }

  /** The first part of what was read is durable; its room is given back, now or never. */
  persist(share: number, release: boolean): void {
    const count = Math.ceil(share * this.#cursor)
    const last = this.#held[count - 1]
    if (last === undefined) return
    this.#durable = last.end
    this.#held = this.#held.slice(count)
    this.#cursor -= count
    if (release) this.#reader.release(this.#durable)
    this.#look()
  }

  /** The reader died; the next one goes on behind what is durable, released or not. */
  restartReader(): void {
    const from = this.#durable
    let problem = ''
    try {
      this.#reader = this.#openReader(from)
    } catch (error) {
      problem = String(error)
    }
    this.#checks.holds(12, problem === '', () => `nobody can go on from ${from}: ${problem}`)
    this.#cursor = 0
    this.#look()
  }

  /** The writer died: what was on its heap and what it had claimed went with it. */
  restartWriter(): void {
    const { depth } = this.#inlet.counters
    this.#held.length -= depth
    this.#claim = undefined
    this.#inlet = this.#openInlet()
    this.#accepted = 0
    this.#refused = 0
    this.#lost = 0
    this.#look()
  }

  consumerGone(): void {
    declareConsumerGone(this.#buffer)
    this.#look()
  }

  get #checks(): { holds: Invariants['holds'] } {
    return { holds: (...args) => this.#invariants.holds(...args) }
  }

  #look(): void {
    const { holds } = this.#checks
    const { offered, taken, dropped, depth, depthBytes } = this.#inlet.counters
    const books = offered === taken + dropped + depth && taken + depth === this.#accepted
    holds(12, books, () => `${offered} offered, ${taken} taken, ${dropped} dropped, ${depth} held`)
    holds(13, dropped === this.#refused, () => `${dropped} dropped, ${this.#refused} refused`)
    const bound = (this.#policy === 'spill' ? SPILL_BYTES : 0) + CRITICAL_BYTES
    holds(12, depthBytes <= bound, () => `${depthBytes} B on the heap`)
    const { position, releasedPosition } = this.#inlet.writer
    const used = position - releasedPosition
    holds(12, used >= 0 && used <= CAPACITY, () => `${used} B in a ring of ${CAPACITY}`)
    const more = this.#held.length - depth > this.#cursor
    holds(12, this.#reader.hasData() === more, () => `the reader ${more ? 'has' : 'has not'} data`)
  }

  /** Everything that was accepted comes out in the end. */
  finish(): void {
    this.abort()
    this.restartReader()
    for (let rounds = 0; this.#held.length > 0 && rounds < 100; rounds++) {
      this.read(1_000)
      this.persist(1, true)
      this.flushSpill()
    }
    const left = this.#held.length
    this.#checks.holds(12, left === 0, () => `${left} records never came out`)
    this.tellLost()
  }
}

// Who follows a log: first what is there, then what comes. A LogFollower that is told how far it may
// read, and a tail that is woken (or not: wake-ups get lost), while a writer appends. Both see every
// event once, in order, and nothing that is not durable; a follower that dies is followed by another
// from its cursor on.
import type fc from 'fast-check'
import { LogFollower } from '../../../src/actors/log-follower.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { LogReader, LogWriter } from '../../../src/store/event-log.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { MemoryDisk, MemoryStorage } from '../../../src/store/memory-storage.ts'
import { openWriter } from '../../../src/store/open-log.ts'
import { tail } from '../../../src/store/tail.ts'
import { contribution, metric } from '../../store/records.ts'
import type { Invariants } from '../campaign.ts'
import { type Life, ScheduledStorage, scheduledClock } from './scheduled.ts'

export interface FollowerPlants {
  readonly reader?: (reader: LogReader) => LogReader
}

export class FollowerWorld {
  readonly #scheduler: fc.Scheduler
  readonly #invariants: Invariants
  readonly #clock = new SimulatedClock()
  readonly #disk = new MemoryDisk()
  readonly #durable = new StorageReader(new MemoryStorage(this.#disk))
  readonly #reader: LogReader
  readonly #stop = new AbortController()
  #writer: LogWriter | undefined
  #follower: { readonly follower: LogFollower; readonly life: Life } | undefined
  #events = 0
  #notify = (): void => {}
  /** The last event that each of the two has seen. */
  #followed = 0
  #tailed = 0

  constructor(scheduler: fc.Scheduler, invariants: Invariants, plants: FollowerPlants = {}) {
    this.#scheduler = scheduler
    this.#invariants = invariants
    this.#reader = plants.reader?.(this.#durable) ?? this.#durable
    invariants.begin()
  }

  async start(): Promise<void> {
    const life: Life = { over: false }
    const storage = new ScheduledStorage(this.#disk, this.#scheduler, life)
    const clock = scheduledClock(this.#scheduler, this.#clock, life)
    const opening = openWriter(storage, { clock }, async () => {})
    this.#writer = (await this.#scheduler.waitFor(opening)).writer
    this.#follow(0)
    void this.#tail().catch(error => this.#invariants.note(3, false, () => String(error)))
  }

  #follow(cursor: number): void {
    const life: Life = { over: false }
    const clock = scheduledClock(this.#scheduler, this.#clock, life)
    const follower = new LogFollower(this.#reader, clock, cursor, {
      // Sometimes it has to wait for room, as somebody who hands facts on does.
      onEvent: async ({ seq }) => {
        this.#sees('the follower', seq, this.#followed)
        if (seq % 3 === 0) await this.#scheduler.schedule(Promise.resolve(), 'room for a fact')
        if (!life.over) this.#followed = seq
        else await new Promise(() => {})
      },
      onSlice: () => {},
    })
    this.#follower = { follower, life }
    follower.run().catch(error => this.#invariants.note(3, false, () => String(error)))
  }

  async #tail(): Promise<void> {
    const wake = (notify: () => void) => {
      this.#notify = notify
      return () => {}
    }
    const { signal } = this.#stop
    for await (const batch of tail(this.#reader, { signal, wake, clock: this.#clock })) {
      this.#sees('the tail', batch.firstSeq, this.#tailed)
      this.#tailed = batch.firstSeq + batch.count - 1
      await this.#scheduler.schedule(Promise.resolve(), 'a batch is dealt with')
    }
  }

  #sees(who: string, seq: number, last: number): void {
    const { seq: durable } = this.#durable.durable()
    this.#invariants.note(7, seq <= durable, () => `${who} saw ${seq}, durable is ${durable}`)
    this.#invariants.note(3, seq === last + 1, () => `${who} saw ${seq} after ${last}`)
  }

  append(count: number): void {
    const events = Array.from({ length: count }, () => metric(++this.#events))
    this.#writer?.append(contribution(events, this.#events))
    this.#invariants.rethrow()
  }

  pass(millis: number): void {
    this.#clock.advance(millis)
    this.#invariants.rethrow()
  }

  /** The recorder's notice of what is durable is on its way, or a push that there is more. */
  announce(to: 'follower' | 'tail'): void {
    const seq = this.#writer?.durable.seq ?? 0
    void this.#scheduler.schedule(Promise.resolve(), `${seq} to the ${to}`).then(() => {
      if (to === 'tail') this.#notify()
      else this.#follower?.follower.advanceTo(seq)
    })
  }

  restart(): void {
    if (this.#follower) this.#follower.life.over = true
    this.#follow(this.#followed)
  }

  async finish(): Promise<void> {
    for (let rounds = 0; this.#tailed < this.#events || this.#followed < this.#events; rounds++) {
      this.#invariants.holds(
        12,
        rounds < 60,
        () => `of ${this.#events}: ${this.#followed} followed, ${this.#tailed} tailed`,
      )
      await this.#scheduler.waitIdle()
      // No push for the tail: the time alone brings it on.
      this.pass(200)
      this.announce('follower')
    }
    await this.#scheduler.waitIdle()
    this.#follower?.follower.stop()
    this.#stop.abort()
    await this.#scheduler.waitIdle()
    this.#invariants.rethrow()
    const over = this.#followed === this.#events && this.#tailed === this.#events
    this.#invariants.holds(5, over, () => `more than ${this.#events} events were seen`)
  }
}

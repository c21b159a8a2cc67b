// The real recorder between a ring and a log, with a consumer of that log at its side, beside a
// list of what the trainer wrote. Every await of theirs is scheduled. Nothing is acknowledged
// before it is durable: neither room in the ring, nor a fact, nor a position.
import type fc from 'fast-check'
import { recorderIn } from '../../../src/actors/recorder/actor.ts'
import { runActor } from '../../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { recordingTopology } from '../../../src/runtime/topology.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { formatWrite } from '../../../src/store/log-state.ts'
import { MemoryDisk, MemoryStorage } from '../../../src/store/memory-storage.ts'
import { openWriter } from '../../../src/store/open-log.ts'
import { readPosition } from '../../../src/store/producers.ts'
import { verifyStorage } from '../../../src/store/verify.ts'
import { createRing } from '../../../src/streams/ring/layout.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'
import { FakeEndpoint } from '../../actors/fake-endpoint.ts'
import { metric, recordsOf } from '../../store/records.ts'
import type { Invariants } from '../campaign.ts'
import { scheduledPortPair } from '../channel/scheduled-ports.ts'
import { CONSUMER, Consumer, FACT, metricOf } from './consumer.ts'
import { type DiskPlant, type Life, ScheduledStorage, scheduledClock } from './scheduled.ts'

const RING_ID = 7
const { channels } = recordingTopology({
  live: false,
  encoderPlacement: 'thread',
  logPlacement: 'thread',
})
const specOf = (name: string) => channels.find(route => route.spec.name === name)!.spec

export interface RecorderPlants {
  readonly disk?: DiskPlant
  readonly credulous?: boolean
}

export class RecorderWorld {
  readonly #scheduler: fc.Scheduler
  readonly #invariants: Invariants
  readonly #plants: RecorderPlants
  readonly #clock = new SimulatedClock()
  readonly #ring = createRing({ capacityBytes: 4096, ringId: RING_ID })
  readonly #trainer = new RingWriter(this.#ring, this.#clock)
  readonly #disk = new MemoryDisk()
  readonly #storage = new MemoryStorage(this.#disk)
  readonly #reader = new StorageReader(this.#storage)
  #written = 0
  #recorder!: { readonly endpoint: FakeEndpoint; readonly life: Life }
  #consumer!: { readonly consumer: Consumer; readonly life: Life }
  #restarts = 0
  #wake: (() => void)[] = []

  constructor(scheduler: fc.Scheduler, invariants: Invariants, plants: RecorderPlants = {}) {
    this.#scheduler = scheduler
    this.#invariants = invariants
    this.#plants = plants
    invariants.begin()
    // A file begins with this; a memory has to be told.
    void this.#storage.commit(0, [formatWrite()])
    this.#startConsumer()
    this.#startRecorder()
  }

  #startRecorder(): void {
    const life: Life = { over: false }
    const endpoint = new FakeEndpoint({
      ...{ name: 'recorder', restarts: this.#restarts++ },
      sends: [specOf('aggregator.durable')],
      receives: [specOf('aggregator.facts')],
      config: {
        ...{ runDir: 'x', ring: this.#ring, durability: 'group', software: 'test' },
        run: { id: 'r', name: 'r', config: undefined },
      },
    })
    const definition = recorderIn({
      pid: 1,
      openLog: (_dir, options = {}) => {
        const storage = new ScheduledStorage(this.#disk, this.#scheduler, life, this.#plants.disk)
        return openWriter(storage, options, async () => {})
      },
      waitForData: () => new Promise<void>(resolve => this.#wake.push(resolve)),
    })
    this.#recorder = { endpoint, life }
    runActor(endpoint, definition, scheduledClock(this.#scheduler, this.#clock, life))
    this.#connect()
  }

  #startConsumer(): void {
    const life: Life = { over: false }
    let last = 0
    const consumer = new Consumer({
      reader: this.#reader,
      clock: scheduledClock(this.#scheduler, this.#clock, life),
      credulous: this.#plants.credulous ?? false,
      onEvent: seq => {
        if (life.over) return
        const next = last === 0 || seq === last + 1
        this.#invariants.note(3, next, () => `event ${seq} came after ${last}`)
        const { seq: durable } = this.#reader.durable()
        this.#invariants.note(7, seq <= durable, () => `event ${seq} was shown before ${durable}`)
        last = seq
      },
      onFailure: error => this.#invariants.note(3, life.over, () => String(error)),
    })
    this.#consumer = { consumer, life }
  }

  /** Fresh ports between the two, as the host hands them out. */
  #connect(): void {
    const [factsAtConsumer, factsAtRecorder] = scheduledPortPair(this.#scheduler, 'facts')
    const [noticeAtRecorder, noticeAtConsumer] = scheduledPortPair(this.#scheduler, 'notices')
    const { endpoint } = this.#recorder
    endpoint.command({ type: 'connect', channel: 'aggregator.facts', port: factsAtRecorder })
    endpoint.command({ type: 'connect', channel: 'aggregator.durable', port: noticeAtRecorder })
    this.#consumer.consumer.connect(factsAtConsumer, noticeAtConsumer)
  }

  /** The trainer records so many events; those that find no room are not counted as written. */
  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const record = recordsOf([metric(this.#written + 1)])
      const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
      const length = view.getUint32(0, true)
      const offset = this.#trainer.claim(length)
      if (offset < 0) break
      this.#trainer.bytes.set(record.subarray(8, 8 + length), offset)
      this.#trainer.commit(view.getUint32(4, true) | 0)
      this.#written++
    }
    for (const wake of this.#wake.splice(0)) wake()
    this.#look()
  }

  pass(millis: number): void {
    this.#clock.advance(millis)
    for (const wake of this.#wake.splice(0)) wake()
    this.#look()
  }

  killRecorder(): void {
    this.#invariants.saw('recorderDeaths')
    this.#recorder.life.over = true
    this.#startRecorder()
    this.#look()
  }

  killConsumer(): void {
    this.#invariants.saw('consumerDeaths')
    this.#consumer.life.over = true
    this.#consumer.consumer.facts.detach()
    this.#startConsumer()
    this.#connect()
    this.#look()
  }

  #look(): void {
    this.#invariants.rethrow()
    const failed = this.#recorder.endpoint.reportsOf('failed')
    this.#invariants.holds(12, failed.length === 0, () => JSON.stringify(failed))
    const committed = readPosition(this.#storage, `trainer:${RING_ID}`) ?? 0
    const released = this.#trainer.releasedPosition
    this.#invariants.holds(2, released <= committed, () => `released ${released} of ${committed}`)
    // The line begins with a batch of nothing; after it, what was acknowledged is durable.
    const { acknowledged } = this.#consumer.consumer.facts.counters
    const known = this.#reader.position(CONSUMER) !== undefined
    this.#invariants.holds(2, acknowledged === 0 || known, () => `${acknowledged} acknowledged`)
  }

  /** All goes quiet: whatever was written is recorded once, and so is the fact made of it. */
  async finish(): Promise<void> {
    for (let rounds = 0; !this.#isComplete(); rounds++) {
      this.#invariants.holds(12, rounds < 60, () => `recorded ${this.#values()}`)
      await this.#scheduler.waitIdle()
      this.pass(12)
    }
    await this.#scheduler.waitIdle()
    const values = this.#values()
    const wanted = Array.from({ length: this.#written }, (_, i) => i + 1)
    const events = values.filter(value => value < FACT)
    this.#invariants.holds(5, events.join() === wanted.join(), () => `recorded ${events}`)
    const facts = values.filter(value => value > FACT).map(value => value - FACT)
    this.#invariants.holds(5, facts.join() === wanted.join(), () => `facts of ${facts}`)
    const { ok, problems } = verifyStorage(this.#storage)
    this.#invariants.holds(4, ok, () => JSON.stringify(problems))
    this.#look()
  }

  #isComplete(): boolean {
    const values = new Set(this.#values())
    const wanted = Array.from({ length: this.#written }, (_, i) => i + 1)
    return wanted.every(value => values.has(value) && values.has(FACT + value))
  }

  #values(): number[] {
    return [...this.#reader.events({ fromSeq: 1 })].flatMap(one => metricOf(one) ?? [])
  }
}

// D5: what is to be recorded when there is room again: a gap, when that is gone once more before it is
// told, and facts, when it is another recorder that finds it.
import { expect, test } from 'vitest'
import { Channels } from '../../../src/actors/channels.ts'
import { recorderIn } from '../../../src/actors/recorder/actor.ts'
import { runActor } from '../../../src/actors/run-actor.ts'
import { GIB } from '../../../src/base/bytes.ts'
import { pause, SimulatedClock } from '../../../src/base/clock.ts'
import { RollcastError } from '../../../src/base/errors.ts'
import type { Event } from '../../../src/protocol/events.ts'
import type { ChannelSpec } from '../../../src/protocol/policies.ts'
import type { FactBatch } from '../../../src/protocol/thread-messages.ts'
import { StorageReader } from '../../../src/store/log-reader.ts'
import { formatWrite } from '../../../src/store/log-state.ts'
import { MemoryDisk, MemoryStorage } from '../../../src/store/memory-storage.ts'
import { openHeld } from '../../../src/store/open-log.ts'
import { createRing } from '../../../src/streams/ring/layout.ts'
import { RingWriter } from '../../../src/streams/ring/writer.ts'
import { metric, recordsOf } from '../../store/records.ts'
import { type FakePort, fakePortPair } from '../../streams/fake-ports.ts'
import { FakeEndpoint, until } from '../fake-endpoint.ts'

const facts: ChannelSpec = {
  ...{ name: 'aggregator.facts', policy: { kind: 'block' }, countMax: 100, bytesMax: 10_000 },
}

/** A recorder on a disk whose room is told, and may be another one when something is written. */
class FullDisk {
  readonly endpoint: FakeEndpoint
  readonly #clock = new SimulatedClock()
  readonly #storage = new MemoryStorage(new MemoryDisk())
  readonly #trainer: RingWriter
  /** Of the aggregator's facts. */
  readonly #ports: readonly FakePort[]
  readonly sender
  saysRoom = true
  hasRoom = true
  #written = 0

  constructor() {
    const ring = createRing({ capacityBytes: 4096, ringId: 1 })
    this.#trainer = new RingWriter(ring, this.#clock)
    void this.#storage.commit(0, [formatWrite()])
    const beforeCommit = (): void => {
      if (!this.hasRoom) throw new RollcastError('DISK_FULL', 'others were faster')
    }
    const faults = { beforeCommit, freeBytes: () => (this.saysRoom ? GIB : 0) }
    const definition = recorderIn({
      pid: 1,
      openLog: (_dir, options) => openHeld(this.#storage, { ...options, faults }, async () => {}),
      waitForData: () => pause(this.#clock, 1),
    })
    const run = { id: 'r', name: 'r', config: undefined }
    const config = { runDir: 'r', ring, durability: 'group', run, software: 's' }
    this.endpoint = new FakeEndpoint({ name: 'recorder', receives: [facts], config })
    runActor(this.endpoint, definition, this.#clock)
    const [near, port] = fakePortPair()
    this.#ports = [near, port]
    const consumer = new Channels([facts], [], this.#clock, () => {})
    this.sender = consumer.sender<FactBatch>(facts.name, { sizeOf: () => 1, redeliver: true })
    consumer.connect(facts.name, near)
    this.endpoint.command({ type: 'connect', channel: facts.name, port })
  }

  /** The trainer records so many events. */
  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const record = recordsOf([metric(++this.#written)])
      const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
      const length = view.getUint32(0, true)
      const at = this.#trainer.claim(length)
      this.#trainer.bytes.set(record.subarray(8, 8 + length), at)
      this.#trainer.commit(view.getUint32(4, true) | 0)
    }
  }

  /** What is written is recorded, or given up. */
  async pass(what: string, condition: () => boolean): Promise<void> {
    await until(() => {
      this.#clock.advance(1)
      for (const port of this.#ports) port.deliver()
      return condition()
    }, what)
  }

  get isTakenIn(): boolean {
    return this.#trainer.releasedPosition === this.#trainer.position
  }

  get timesFull(): number {
    return this.endpoint.states.filter(state => state === 'waitingForRoom').length
  }

  /** The gap that the host keeps for the next recorder. */
  get kept(): unknown {
    return this.endpoint.reportsOf('noted').findLast(({ facts }) => 'gap' in facts)?.facts['gap']
  }

  events(): Event[] {
    return [...new StorageReader(this.#storage).events({ fromSeq: 1 })].map(({ event }) => event)
  }
}

test('D5 P2 a gap that could not be told is told when it can be, with what was lost since', async () => {
  const disk = new FullDisk()
  disk.write(2)
  await disk.pass('the first to be durable', () => disk.isTakenIn && disk.events().length >= 3)
  disk.saysRoom = false
  disk.write(5)
  await disk.pass('the disk to be full', () => disk.timesFull === 1 && disk.isTakenIn)
  expect(disk.kept).toMatchObject({ events: 5 })
  disk.saysRoom = true
  disk.hasRoom = false
  await disk.pass('it to be full again', () => disk.timesFull === 2)
  expect(disk.kept).toMatchObject({ events: 5 })
  disk.write(3)
  await disk.pass('more to be lost', () => disk.isTakenIn)
  expect(disk.kept).toMatchObject({ events: 8 })
  disk.hasRoom = true
  await disk.pass('the gap to be told', () => disk.kept === null)
  disk.write(1)
  await disk.pass('the next to be recorded', () => disk.isTakenIn)
  const told = disk.events().filter(({ type }) => type !== 'run_started')
  expect(told).toMatchObject([
    { type: 'metrics_sampled', globalStep: 1 },
    { type: 'metrics_sampled', globalStep: 2 },
    { type: 'gap_found', cause: 'disk_full', events: 8 },
    { type: 'metrics_sampled', globalStep: 11 },
  ])
})

test("D5 C4 facts that wait for room when the recorder is to stop are still their maker's", async () => {
  const disk = new FullDisk()
  await disk.pass('it to run', () => disk.endpoint.reportsOf('ready').length > 0)
  disk.sender.offer({ producer: 'aggregator', position: 1, records: new Uint8Array(), count: 0 })
  await disk.pass('facts to be taken', () => disk.sender.counters.acknowledged === 1)
  disk.saysRoom = false
  disk.write(1)
  await disk.pass('the disk to be full', () => disk.timesFull === 1)
  disk.sender.offer({ producer: 'aggregator', position: 2, records: new Uint8Array(), count: 0 })
  await disk.pass('facts to be on their way', () => disk.sender.counters.inFlight === 1)
  disk.endpoint.command({ type: 'stop' })
  await disk.pass('it to end', () => disk.endpoint.exited !== undefined)
  let left = 10
  await disk.pass('its last words to arrive', () => left-- === 0)
  expect(disk.sender.counters).toMatchObject({ acknowledged: 1 })
})

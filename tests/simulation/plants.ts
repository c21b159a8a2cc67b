// One planted fault for each invariant: something that must never be, done to the simulated world
// where no honest part of it would notice. The invariant of that number has to.

import { decodeRecord, encodeEvent, Layouts, readRecord } from '../../src/protocol/codec.ts'
import { type Event, eventKinds } from '../../src/protocol/events.ts'
import type { DurableNotice, LiveBatch } from '../../src/protocol/thread-messages.ts'
import { openBatch, sealBatch } from '../../src/store/batch-codec.ts'
import type { Contribution } from '../../src/store/event-log.ts'
import { readSeqKey, seqKey } from '../../src/store/keys.ts'
import type { Write } from '../../src/store/storage.ts'
import type { Plant } from './plant.ts'

/** True once, the n-th time that it is asked. */
function nth(n: number): () => boolean {
  let asked = 0
  return () => ++asked === n
}

interface Items<T> {
  readonly items?: readonly T[]
}

const withItems = <T>(message: unknown, change: (items: readonly T[]) => readonly T[]): unknown => {
  const { items } = message as Items<T>
  return items === undefined ? message : { ...(message as object), items: change(items) }
}

/** Changes the batches of events among the writes of one commit. */
function onBatches(change: (write: Write) => Write): Plant {
  const isTime = nth(6)
  return {
    land(writes) {
      const hasBatch = writes.some(({ table, value }) => table === 'events' && value)
      if (!hasBatch || !isTime()) return writes
      return writes.map(write => (write.table === 'events' && write.value ? change(write) : write))
    },
  }
}

function flipped(value: Uint8Array, at: number): Uint8Array {
  const copy = value.slice()
  copy[at]! ^= 1
  return copy
}

/** The same batch, whole and sealed, one number further on. */
function renumbered({ table, key, value }: Write): Write {
  const firstSeq = readSeqKey(key)
  const moved = value!.slice()
  sealBatch(moved, { ...openBatch(firstSeq, value!), firstSeq: firstSeq + 1 })
  return { table, key: seqKey(firstSeq + 1), value: moved }
}

/** What a consumer hands in, with other facts. */
function falsified(
  contribution: Contribution,
  producer: string,
  change: (event: Event) => Event,
): Contribution {
  if (contribution.producer !== producer || contribution.count === 0) return contribution
  const layouts = new Layouts()
  const records: Uint8Array[] = []
  for (let at = 0; at < contribution.records.byteLength; ) {
    const record = readRecord(contribution.records, at)
    const { event, time } = decodeRecord(contribution.records, record, layouts)
    records.push(encodeEvent(change(event), time))
    at = record.end
  }
  return { ...contribution, records: new Uint8Array(Buffer.concat(records)) }
}

/** A made-up account that says one frame less than there was. */
const shortAccount = (event: Event): Event =>
  event.type === 'frames_counted' ? { ...event, intact: event.owed - 1 } : event

/** An episode is given up for another reason. */
const otherReason = (event: Event): Event =>
  event.type === 'episode_released' ? { ...event, reason: 'overtaken' } : event

/** A gap that a full disk left, as one event less than was lost. */
function shortGap(contribution: Contribution): Contribution {
  const { records, count, producer } = contribution
  if (count === 0 || readRecord(records, 0).kind !== eventKinds.gap_found) return contribution
  return falsified(contribution, producer, event =>
    event.type === 'gap_found' ? { ...event, events: event.events - 1 } : event,
  )
}

/** The pixels of the first frame go with the n-th frame after it. */
function dropFirstFrame(n: number): Plant {
  let first: Uint8Array | undefined
  const isTime = nth(n)
  return {
    land(writes) {
      const frame = writes.find(({ table, value }) => table === 'frames' && value)
      if (frame === undefined) return writes
      first ??= frame.key.slice()
      return isTime() ? [...writes, { table: 'frames', key: first }] : writes
    },
  }
}

export interface PlantedFault {
  readonly invariant: number
  readonly words: string
  /** More than usual, where it takes long to show. */
  readonly steps?: number
  /** Made anew for each run: some count. */
  plant(): Plant
}

export const plantedFaults: readonly PlantedFault[] = [
  {
    invariant: 1,
    words: 'a storage that renumbers',
    plant: () => onBatches(renumbered),
  },
  {
    invariant: 2,
    words: 'a disk that says yes and keeps nothing',
    plant() {
      const isTime = nth(8)
      return { land: writes => (isTime() ? [] : writes) }
    },
  },
  {
    invariant: 3,
    words: 'a cache that gives readers an older page',
    plant() {
      let first: Uint8Array | undefined
      return {
        readBatch(records) {
          first ??= records
          return records.byteLength === first.byteLength || records === first ? records : first
        },
      }
    },
  },
  {
    invariant: 4,
    words: 'a bit that flips on its way to the disk',
    plant: () => onBatches(write => ({ ...write, value: flipped(write.value!, 60) })),
  },
  {
    invariant: 5,
    words: 'a port that doubles a contribution behind the dedupe',
    plant() {
      let before: Contribution | undefined
      return {
        append(contribution) {
          const { producer, count, position } = contribution
          if (producer !== 'aggregator' || count === 0) return contribution
          const twice = before
          before = contribution
          if (twice === undefined) return contribution
          const { after } = contribution
          return { ...twice, position, ...(after === undefined ? {} : { after }) }
        },
      }
    },
  },
  { invariant: 6, words: 'a fence that does not hold', plant: () => ({ ignoresFence: true }) },
  {
    invariant: 7,
    words: 'a notice that runs ahead of the disk',
    plant: () => ({
      post: (channel, message) =>
        channel === 'encoder.durable'
          ? withItems<DurableNotice>(message, items =>
              items.map(({ epoch, seq }) => ({ epoch, seq: seq + 1000 })),
            )
          : message,
    }),
  },
  {
    invariant: 8,
    words: 'a storage that hides its errors',
    plant: () => ({ swallowsErrors: true }),
  },
  {
    invariant: 9,
    words: 'a log that never answers',
    steps: 20_000,
    plant: () => ({
      calm: true,
      appended: answer => ({ ...answer, durable: new Promise(() => {}) }),
    }),
  },
  {
    invariant: 10,
    words: 'a snapshot of something else',
    plant: () => ({
      append: contribution => {
        const { snapshot } = contribution
        if (snapshot?.name !== 'aggregator') return contribution
        return { ...contribution, snapshot: { ...snapshot, bytes: flipped(snapshot.bytes, 9) } }
      },
    }),
  },
  {
    invariant: 10,
    words: 'an episode that is given up for a reason of its own',
    plant: () => ({ append: given => falsified(given, 'aggregator', otherReason) }),
  },
  {
    invariant: 11,
    words: 'a replay that differs from time to time',
    plant: () => ({ replayed: bytes => flipped(bytes, 0) }),
  },
  {
    invariant: 12,
    words: 'a port that loses a message',
    plant: () => ({ loses: channel => channel === 'encoder.facts' }),
  },
  {
    invariant: 13,
    words: 'a queue that drops the newest',
    plant: () => ({
      post: (channel, message) =>
        channel === 'recorder.live'
          ? withItems<LiveBatch>(message, items => items.slice(0, -1))
          : message,
    }),
  },
  {
    invariant: 14,
    words: 'an encoder that misses a frame',
    plant: () => ({ append: given => falsified(given, 'encoder', shortAccount) }),
  },
  {
    invariant: 14,
    words: 'pixels that go while they are wanted',
    plant: () => dropFirstFrame(4),
  },
  { invariant: 15, words: 'a ring that is torn', plant: () => ({ tearsRing: true }) },
  { invariant: 15, words: 'a gap that forgets', plant: () => ({ append: shortGap }) },
  {
    invariant: 16,
    words: 'restarts behind the supervisor’s back',
    plant: () => ({ resurrects: true }),
  },
  {
    invariant: 17,
    words: 'an actor that leaps from state to state',
    plant: () => ({
      report: report => (report.type === 'state' ? { ...report, to: 'elsewhere' } : report),
    }),
  },
  { invariant: 18, words: 'threads that leave timers', plant: () => ({ leaksTimers: true }) },
  {
    invariant: 19,
    words: 'a gateway that records what viewers say',
    plant: () => ({ recordsViewers: true }),
  },
  {
    invariant: 20,
    words: 'sockets that say that nothing waits in them',
    plant: () => ({ hidesBuffers: true, messageWeight: 1000 }),
  },
  {
    invariant: 20,
    words: 'a hub that keeps to no bound for all viewers together',
    plant: () => ({ boundless: true }),
  },
]

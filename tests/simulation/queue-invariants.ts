// Invariants 12, 13, 15 and 20, about everything that waits somewhere.
import { crc32 } from '../../src/base/checksum.ts'
import { decodeRecord, Layouts, RECORD_HEADER_BYTES, readRecord } from '../../src/protocol/codec.ts'
import { eventKinds } from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Position } from '../../src/protocol/position.ts'
import { recordsOf } from './ledger.ts'
import { both, forEachNew, isSame, type Watch } from './watch.ts'
import type { World } from './world.ts'

/** 12. Lossless queues: in = out + inside, never above the bound; ports lose nothing alive. */
export function losslessQueuesAddUp(world: World): Watch {
  const { evidence } = world
  const blocking = forEachNew(evidence.beats, ({ life, report }) => {
    for (const { name, policy, offered, taken, dropped, depth } of report.channels) {
      if (policy !== 'block') continue
      if (offered !== taken + depth || dropped > 0) {
        return `${name} of ${life.name}: offered ${offered}, taken ${taken}, holds ${depth}`
      }
      if (depth > 256) return `${name} of ${life.name} holds ${depth}`
    }
    return undefined
  })
  return both(
    blocking,
    () => {
      const { offered, taken, dropped, depth } = world.process.trainer.inlet.counters
      if (offered === taken + dropped + depth) return undefined
      return `the ring: offered ${offered}, taken ${taken}, dropped ${dropped}, holds ${depth}`
    },
    () => {
      for (const { channel, counts } of evidence.openPorts()) {
        const { posted, handed, lost, inside } = counts
        if (posted !== handed + lost + inside)
          return `${channel}: ${posted} posted, ${handed} handed`
      }
      return undefined
    },
  )
}

/** 13. Lossy queues add up too, never drop the newest, and deliver in order. */
export function lossyQueuesKeepTheNewest({ evidence, viewers }: World): Watch {
  const newest = new Map<unknown, Position>()
  return both(
    forEachNew(evidence.beats, ({ life, report, offeredLive, postedLive }) => {
      for (const { name, policy, offered, taken, dropped, depth } of report.channels) {
        if (policy === 'block') continue
        if (offered !== taken + dropped + depth) {
          return `${name} of ${life.name}: ${offered} offered, ${taken} taken, ${dropped} dropped`
        }
        const isEmpty = name === 'recorder.live' && depth === 0 && taken > 0
        if (isEmpty && !evidence.sealed.has(life) && offeredLive !== postedLive) {
          return `the newest of ${name} is ${offeredLive}, the last sent ${postedLive}`
        }
      }
      return undefined
    }),
    forEachNew(evidence.liveItems, ({ port, epoch, firstSeq }) => {
      const before = newest.get(port)
      newest.set(port, { epoch, seq: firstSeq })
      // What was shown while the log was full has no number in it; a later epoch starts over.
      if (before === undefined || epoch > before.epoch) return undefined
      const isNext = epoch === before.epoch && firstSeq > before.seq
      return isNext ? undefined : `the live feed brings ${firstSeq} after ${before.seq}`
    }),
    () => viewers.find(viewer => viewer.disorder !== undefined)?.disorder,
  )
}

/** 15. What is read from the ring are whole records, in the order of writing, each of them. */
export function ringReadsAreWhole({ evidence }: World): Watch {
  const places = new Map<unknown, number>()
  return forEachNew(evidence.appends, append => {
    const { contribution, process, duplicate, before } = append
    if (!contribution.producer.startsWith('trainer:') || duplicate) return undefined
    if (append.process.number !== Number(contribution.producer.slice(8))) return undefined
    const { emitted } = process.trainer
    let at = places.get(process) ?? 0
    // A recorder that took over goes back to what is durable.
    while (at > 0 && emitted[at - 1]!.end > before) at--
    const records = recordsOf(contribution.records)
    const next = emitted[at]
    const [first] = records
    if (first && isGap(first) && !(next && isWritten(first, next))) {
      // In place of what a full disk could not take: the next one follows where that ended.
      const end = 1 + emitted.findIndex(({ end }) => end === contribution.position)
      places.set(process, end)
      const told = eventsOfGap(first)
      return told === end - at ? undefined : `a gap tells of ${told} records, ${end - at} are lost`
    }
    for (const record of records) {
      const written = emitted[at++]
      if (!written || !isWritten(record, written)) {
        return `record ${at} of ring ${process.number} was not written like this`
      }
    }
    places.set(process, at)
    const end = emitted[at - 1]?.end
    return end === contribution.position
      ? undefined
      : `read to ${end}, not ${contribution.position}`
  })
}

function eventsOfGap(record: Uint8Array): number {
  const { event } = decodeRecord(record, readRecord(record, 0), new Layouts())
  return event.type === 'gap_found' ? event.events : 0
}

const isGap = (record: Uint8Array): boolean => readRecord(record, 0).kind === eventKinds.gap_found

/** The recorder adds a frame's checksum and takes its pixels out. */
function isWritten(record: Uint8Array, { tag, body }: { tag: number; body: Uint8Array }): boolean {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  if (view.getInt32(4, true) !== tag) return false
  const length = view.getUint32(0, true)
  const isFrame = length < body.byteLength
  const compared = isFrame ? length - 4 : length
  const start = RECORD_HEADER_BYTES
  if (!isSame(record.subarray(start, start + compared), body.subarray(0, compared))) return false
  return !isFrame || view.getUint32(start + 28, true) === crc32(body.subarray(length))
}

/** 20. What waits for a viewer is bounded, for all of them too, and the trainer waits for nobody. */
export function viewersAreBounded(world: World): Watch {
  return () => {
    const held = new Map<unknown, number>()
    for (const { queued, largest, waiting } of world.sockets) {
      for (const { message, weight } of waiting) held.set(message, weight)
      if (queued > limits.viewerBufferBytesMax + largest) return `${queued} B wait for one viewer`
    }
    // What was made once for many is there once.
    const sum = [...held.values()].reduce((sum, weight) => sum + weight, 0)
    if (sum > world.viewerBytesMax) return `${sum} B wait for all viewers`
    const { trainer } = world.process
    if (trainer.inlet.counters.blockedMillis > 0 || trainer.slowCalls > 0)
      return 'the trainer waited'
    return undefined
  }
}

// Puts batches of the log back on the live path: the same records, frames and notices that the
// recorder gave, under another mode.
import { decodeRecord, type Layouts, readRecord } from '../protocol/codec.ts'
import { eventKinds } from '../protocol/events.ts'
import type { DurableNotice, FeedMode, LiveBatch, LiveFrame } from '../protocol/thread-messages.ts'
import type { Batch, LogReader } from '../store/event-log.ts'
import type { PortSender } from '../streams/port.ts'
import type { Pictures } from './pictures.ts'

export interface PlayerOutlets {
  /** Absent when nobody watches. */
  readonly viewers?: {
    readonly live: PortSender<LiveBatch>
    readonly frames: PortSender<LiveFrame>
  }
  readonly durable: PortSender<DurableNotice>
}

/** A part of a batch: `count` records from `firstSeq` on. */
interface Part {
  readonly firstSeq: number
  readonly count: number
  readonly records: Uint8Array
}

export class BatchPlayer {
  readonly #pictures: Pictures
  readonly #outlets: PlayerOutlets
  readonly #layouts: Layouts

  constructor(reader: LogReader, pictures: Pictures, outlets: PlayerOutlets) {
    this.#pictures = pictures
    this.#outlets = outlets
    this.#layouts = reader.layouts()
  }

  /** Shows the part, and lets the followers of the log read as far. */
  show(epoch: number, part: Part, mode: FeedMode): void {
    this.showOnly(epoch, part, mode)
    this.allow(epoch, part.firstSeq + part.count - 1)
  }

  /** Shows the part without moving the followers of the log. */
  showOnly(epoch: number, part: Part, mode: FeedMode): void {
    const { viewers } = this.#outlets
    if (viewers === undefined) return
    const { firstSeq, count } = part
    this.#showFrames(part, mode, viewers.frames)
    viewers.live.offer({ epoch, firstSeq, count, records: part.records.slice(), mode })
  }

  /** Followers of the log may read up to `seq`. */
  allow(epoch: number, seq: number): void {
    this.#outlets.durable.offer({ epoch, seq })
  }

  /** The newest frame of each camera in the part. */
  #showFrames(part: Part, mode: FeedMode, frames: PortSender<LiveFrame>): void {
    const newest = new Map<number, () => LiveFrame | undefined>()
    let seq = part.firstSeq
    for (let at = 0; at < part.records.byteLength; seq++) {
      const record = readRecord(part.records, at)
      if (record.kind === eventKinds.layout_declared) {
        decodeRecord(part.records, record, this.#layouts)
      } else if (record.kind === eventKinds.frame_captured) {
        const { time, event } = decodeRecord(part.records, record, this.#layouts)
        const frameSeq = seq
        if (event.type === 'frame_captured') {
          const { crc: _, byteLength: __, type: ___, ...place } = event
          const view = new DataView(part.records.buffer, part.records.byteOffset)
          newest.set(view.getUint16(record.bodyOffset + 8, true), () => {
            const picture = this.#pictures.of({ seq: frameSeq, event })
            return picture && { ...place, time, mode, ...picture }
          })
        }
      }
      at = record.end
    }
    for (const load of newest.values()) {
      const frame = load()
      if (frame) frames.offer(frame)
    }
  }
}

/** Cuts a batch where the pace asks for it: parts whose records fall due within `spanMillis`. */
export function* splitByTime(
  batch: Batch,
  dueAt: (time: number) => number,
  spanMillis: number,
): Generator<Part & { readonly due: number }> {
  const { records } = batch
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let start = 0
  let firstSeq = batch.firstSeq
  let count = 0
  let due = 0
  for (let at = 0; at < records.byteLength; ) {
    const record = readRecord(records, at)
    const recordDue = dueAt(view.getFloat64(record.bodyOffset, true))
    if (count === 0) due = recordDue
    else if (recordDue - due > spanMillis) {
      yield { firstSeq, count, records: records.subarray(start, at), due }
      firstSeq += count
      start = at
      count = 0
      due = recordDue
    }
    count++
    at = record.end
  }
  if (count > 0) yield { firstSeq, count, records: records.subarray(start), due }
}

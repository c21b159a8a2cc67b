// Puts batches of the log back on the live path: the same records, frames and notices that the
// recorder gave, under another mode.
import { decodeRecord, type Layouts, readRecord } from '../protocol/codec.ts'
import { eventKinds } from '../protocol/events.ts'
import type { DurableNotice, FeedMode, LiveBatch, LiveFrame } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import type { PortSender } from '../streams/port.ts'
import type { Part } from './part.ts'
import type { Pictures } from './pictures.ts'
import type { Selection } from './selection.ts'

export interface PlayerOutlets {
  /** Absent when nobody watches. */
  readonly viewers?: {
    readonly live: PortSender<LiveBatch>
    readonly frames: PortSender<LiveFrame>
  }
  readonly durable: PortSender<DurableNotice>
}

export class BatchPlayer {
  readonly #pictures: Pictures
  readonly #outlets: PlayerOutlets
  readonly #layouts: Layouts
  /** The last that was offered to viewers. */
  #last: Pick<LiveBatch, 'epoch' | 'firstSeq' | 'mode'> | undefined

  constructor(reader: LogReader, pictures: Pictures, outlets: PlayerOutlets) {
    this.#pictures = pictures
    this.#outlets = outlets
    this.#layouts = reader.layouts()
  }

  /** Shows the part, and lets the followers of the log read as far. */
  show(epoch: number, part: Part, mode: FeedMode): void {
    this.#offer(epoch, part, mode, false)
    this.allow(epoch, part.firstSeq + part.count - 1)
  }

  /** Shows what the followers of the log have read already, without its frames. */
  recall(batches: readonly LiveBatch[]): void {
    for (const batch of batches) {
      this.#outlets.viewers?.live.offer(batch)
      const { epoch, firstSeq, mode } = batch
      this.#last = { epoch, firstSeq, mode }
    }
  }

  /** Shows what of the part belongs to the selection, without moving the followers of the log. */
  showSelected(epoch: number, part: Part, mode: FeedMode, selection: Selection): void {
    for (const piece of selection.cut(part, this.#layouts)) {
      this.#offer(epoch, piece, mode, true)
    }
  }

  #offer(epoch: number, part: Part, mode: FeedMode, isSelection: boolean): void {
    const { viewers } = this.#outlets
    if (viewers === undefined) return
    this.#showFrames(part, mode, viewers.frames)
    const { firstSeq, count } = part
    const batch = { epoch, firstSeq, count, records: part.records.slice(), mode }
    const layouts = this.#startsOver(batch) ? { layouts: this.#layouts.all() } : {}
    viewers.live.offer({ ...batch, ...(isSelection ? { isSelection } : {}), ...layouts })
    this.#last = { epoch, firstSeq, mode }
  }

  /** Whoever takes it forgets what was declared before. */
  #startsOver({ epoch, firstSeq, mode }: LiveBatch): boolean {
    const last = this.#last
    return epoch !== last?.epoch || mode !== last.mode || firstSeq <= last.firstSeq
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

// One pass over the records of a contribution before they enter the log: their shape is checked,
// and what the log itself keeps track of (layouts, open episodes) is picked out. A step costs a few
// reads of its header here; only the rare kinds are decoded.
import { isDeepStrictEqual } from 'node:util'
import { alignUp } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import {
  decodeRecord,
  Layouts,
  RECORD_HEADER_BYTES,
  readRecord,
  tagKind,
  tagVersion,
} from '../protocol/codec.ts'
import { eventKinds, type Layout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'

/** A frame event among the records. */
export interface SurveyedFrame {
  readonly index: number
  readonly byteLength: number
}

export interface SurveyedEpisode {
  readonly episode: number
  readonly agent: string
  readonly began: boolean
}

export interface Survey {
  readonly count: number
  readonly layouts: readonly Layout[]
  readonly frames: readonly SurveyedFrame[]
  /** Episodes that began and ended, in order. */
  readonly episodes: readonly SurveyedEpisode[]
}

/** Where a run of records ends that fits the given bounds (at least one record). */
export interface Run {
  readonly end: number
  readonly count: number
  /** Offset of the run's last record. */
  readonly last: number
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const refuse = (message: string): RollcastError => new RollcastError('BAD_INPUT', message)

/** Checks all records; throws BAD_INPUT for what no reader could decode. */
export function surveyRecords(records: Uint8Array, known: Layouts): Survey {
  const view = viewOf(records)
  const layouts: Layout[] = []
  const frames: SurveyedFrame[] = []
  const episodes: SurveyedEpisode[] = []
  let declared = known
  let count = 0
  for (let at = 0; at < records.byteLength; count++) {
    const left = records.byteLength - at
    const length = left < RECORD_HEADER_BYTES ? 0 : view.getUint32(at, true)
    if (length < 8 || length > left - RECORD_HEADER_BYTES) {
      throw refuse(`record ${count} at byte ${at} does not fit the ${left} B that are left`)
    }
    const tag = view.getUint32(at + 4, true)
    const kind = tagKind(tag)
    if (kind === eventKinds.step_taken || kind === eventKinds.frame_captured) {
      if (tagVersion(tag) <= 1) {
        const layout = length < 32 ? undefined : declared.get(view.getUint16(at + 16, true))
        const wanted = kind === eventKinds.step_taken ? 'step' : 'frame'
        if (layout?.kind !== wanted) {
          throw refuse(`record ${count} is a ${wanted} of a layout that nothing declared`)
        }
      }
      if (kind === eventKinds.frame_captured) {
        frames.push({ index: count, byteLength: view.getUint32(at + 32, true) })
      }
    } else if (
      kind === eventKinds.layout_declared ||
      kind === eventKinds.episode_began ||
      kind === eventKinds.episode_ended
    ) {
      const { event } = decodeRecord(records, readRecord(records, at), new Layouts())
      if (event.type === 'layout_declared') {
        const { type, ...layout } = event
        if (declared === known) declared = new Layouts(known.all())
        if (declareLayout(declared, layout)) layouts.push(layout)
      } else if (event.type === 'episode_began') {
        episodes.push({ episode: event.episode, agent: event.agent, began: true })
      } else if (event.type === 'episode_ended') {
        episodes.push({ episode: event.episode, agent: event.agent, began: false })
      }
    }
    at += RECORD_HEADER_BYTES + alignUp(length, 8)
    if (at > records.byteLength) throw refuse(`record ${count} is not padded to 8 bytes`)
  }
  return { count, layouts, frames, episodes }
}

// A layout's number may be declared again, by a restarted producer, but only with the same shape:
// otherwise a reader that starts late could not tell which of the two a step means.
function declareLayout(declared: Layouts, layout: Layout): boolean {
  const before = declared.get(layout.layout)
  if (before === undefined) {
    if (declared.all().length >= limits.layoutsMax) {
      throw refuse(`layout ${layout.layout} is one more than the limit of ${limits.layoutsMax}`)
    }
    declared.add(layout)
    return true
  }
  if (!isDeepStrictEqual(before, layout)) {
    throw refuse(`layout ${layout.layout} was declared before with another shape`)
  }
  return false
}

/** The longest run of whole records from `start` within `bytesMax` and `countMax`. */
export function nextRun(
  records: Uint8Array,
  start: number,
  bytesMax: number,
  countMax: number,
): Run {
  const view = viewOf(records)
  let at = start
  let last = start
  let count = 0
  while (at < records.byteLength && count < countMax) {
    const end = at + RECORD_HEADER_BYTES + alignUp(view.getUint32(at, true), 8)
    if (count > 0 && end - start > bytesMax) break
    last = at
    at = end
    count++
  }
  return { end: at, count, last }
}

/** Event time of the record at `offset`. */
export const recordTime = (records: Uint8Array, offset: number): number =>
  viewOf(records).getFloat64(offset + RECORD_HEADER_BYTES, true)

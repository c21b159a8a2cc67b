// Events as bytes. A record is the same in the ingress ring, in the log and on the live feed, so
// that the recorder moves it by copying:
//
//   0  u32 length of the body in bytes      4  u16 kind   6  u8 version   7  u8 reserved (0)
//   8  body, padded with zeros to 8 bytes
//
// Every body starts with the event's time (f64, Unix milliseconds). Steps and frames follow with
// numbers at fixed offsets (step-layout.ts, frame below); every other kind with one msgpack map.
//
// Body of a frame:   0 f64 time   8 u16 layout  10 u16 0   12 u32 episode   16 u32 step
//                   20 u32 index 24 u32 byteLength         28 u32 crc       32 pixels (ring only)
import { Packr } from 'msgpackr'
import { assert } from '../base/assert.ts'
import { alignUp } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import {
  type Event,
  type EventType,
  eventKinds,
  eventVersions,
  type FrameCaptured,
  type GeneralEvent,
  type Layout,
} from './events.ts'
import {
  fitsShape,
  readStep,
  STEP_HEADER_BYTES,
  STEP_TERMINATED,
  STEP_TRUNCATED,
  valueCount,
  writeValues,
} from './step-layout.ts'
import { upcast } from './upcasters.ts'

export const RECORD_HEADER_BYTES = 8
export const FRAME_HEADER_BYTES = 32
/** The body of an event of a general kind begins with its time. */
export const EVENT_TIME_BYTES = 8

const packr = new Packr({
  useRecords: false,
  moreTypes: true,
  variableMapSize: true,
  // What was decoded must not change, or be kept in memory, with the bytes that it came from.
  copyBuffers: true,
})

/**
 * Encodes anything: numbers of every kind (but -0 becomes 0), typed arrays, nested maps, dates,
 * undefined. A key `__proto__` comes back as `__proto_`. Throws for symbols and for cycles.
 */
export const packValue = (value: unknown): Uint8Array => packr.pack(value)
export const unpackValue = (bytes: Uint8Array): unknown => packr.unpack(bytes)

/** The second word of a record's header (and its tag in the ring). */
export const recordTag = (kind: number, version: number): number => kind | (version << 16)
export const tagKind = (tag: number): number => tag & 0xffff
export const tagVersion = (tag: number): number => (tag >>> 16) & 0xff

const typesByKind = new Map<number, EventType>(
  Object.entries(eventKinds).map(([type, kind]) => [kind, type as EventType]),
)

/** The tag that records of `type` are written with. */
export function tagOf(type: Exclude<EventType, 'unknown'>): number {
  return recordTag(eventKinds[type], eventVersions[type] ?? 1)
}

/** Layouts by number: needed to decode steps and frames. Grows as declarations are decoded. */
export class Layouts {
  readonly #byNumber = new Map<number, Layout>()

  constructor(known: Iterable<Layout> = []) {
    for (const layout of known) this.add(layout)
  }

  add(layout: Layout): void {
    this.#byNumber.set(layout.layout, layout)
  }

  get(number: number): Layout | undefined {
    return this.#byNumber.get(number)
  }

  /** How many. */
  get size(): number {
    return this.#byNumber.size
  }

  /** Cameras in the order in which they appeared, as `agent/camera`. */
  cameras(): string[] {
    const frames = this.all().filter(layout => layout.kind === 'frame')
    const inOrder = frames.sort((a, b) => a.layout - b.layout)
    return [...new Set(inOrder.map(({ agent, camera }) => `${agent}/${camera}`))]
  }

  all(): Layout[] {
    return [...this.#byNumber.values()]
  }
}

/** One record in a run of bytes: where its body is, and what it is. */
export interface RecordView {
  readonly kind: number
  readonly version: number
  readonly bodyOffset: number
  readonly bodyLength: number
  /** Offset of the next record. */
  readonly end: number
}

/** Reads the header at `offset` (>= 0); throws LOG_CORRUPT when the record does not fit `bytes`. */
export function readRecord(bytes: Uint8Array, offset: number): RecordView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const left = bytes.byteLength - offset
  if (left < RECORD_HEADER_BYTES) {
    throw new RollcastError('LOG_CORRUPT', `expected a record at byte ${offset}, found ${left} B`)
  }
  const bodyLength = view.getUint32(offset, true)
  const bodyOffset = offset + RECORD_HEADER_BYTES
  const end = bodyOffset + alignUp(bodyLength, 8)
  if (bodyLength < 8 || end > bytes.byteLength) {
    throw new RollcastError(
      'LOG_CORRUPT',
      `record at byte ${offset} claims a body of ${bodyLength} B, ${left - 8} B are left`,
    )
  }
  const tag = view.getUint32(offset + 4, true)
  return { kind: tagKind(tag), version: tagVersion(tag), bodyOffset, bodyLength, end }
}

/** A whole record (header and padded body). Steps and frames need their layout among `layouts`. */
export function encodeEvent(event: Event, time: number, layouts?: Layouts): Uint8Array {
  if (event.type === 'unknown') return frameRecord(recordTag(event.kind, event.version), event.body)
  if (event.type === 'step_taken') return encodeStep(event, time, layouts)
  if (event.type === 'frame_captured') return encodeFrame(event, time, layouts)
  const packed = packEvent(event)
  const body = new Uint8Array(EVENT_TIME_BYTES + packed.byteLength)
  new DataView(body.buffer).setFloat64(0, time, true)
  body.set(packed, EVENT_TIME_BYTES)
  return frameRecord(tagOf(event.type), body)
}

/**
 * What stands in the body of a general event's record after its time. Valid until the next call: for
 * whoever writes records in place.
 */
export function packEvent({ type: _, ...fields }: GeneralEvent): Uint8Array {
  return packr.pack(fields)
}

function frameRecord(tag: number, body: Uint8Array): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_BYTES + alignUp(body.byteLength, 8))
  const view = new DataView(record.buffer)
  view.setUint32(0, body.byteLength, true)
  view.setUint32(4, tag, true)
  record.set(body, RECORD_HEADER_BYTES)
  return record
}

function findLayout<K extends Layout['kind']>(
  layouts: Layouts | undefined,
  accepts: (layout: Extract<Layout, { kind: K }>) => boolean,
  kind: K,
): Extract<Layout, { kind: K }> {
  const found = layouts
    ?.all()
    .find(l => l.kind === kind && accepts(l as Extract<Layout, { kind: K }>))
  assert(found, `no ${kind} layout was declared for this event`)
  return found as Extract<Layout, { kind: K }>
}

function encodeStep(step: EventOfStep, time: number, layouts: Layouts | undefined): Uint8Array {
  const layout = findLayout(layouts, l => l.agent === step.agent && fitsShape(l, step), 'step')
  const info = step.info === undefined ? new Uint8Array() : packr.pack(step.info)
  const valuesEnd = STEP_HEADER_BYTES + valueCount(layout) * 8
  const body = new Uint8Array(valuesEnd + info.byteLength)
  const view = new DataView(body.buffer)
  view.setFloat64(0, time, true)
  view.setUint16(8, layout.layout, true)
  const flags = (step.terminated ? STEP_TERMINATED : 0) | (step.truncated ? STEP_TRUNCATED : 0)
  view.setUint16(10, flags, true)
  view.setUint32(12, step.episode, true)
  view.setUint32(16, step.step, true)
  view.setUint32(20, info.byteLength, true)
  view.setFloat64(24, step.reward, true)
  view.setFloat64(32, step.intrinsicReward, true)
  writeValues(new Float64Array(body.buffer, 0, valuesEnd >> 3), STEP_HEADER_BYTES >> 3, step)
  body.set(info, valuesEnd)
  return frameRecord(tagOf('step_taken'), body)
}

type EventOfStep = Extract<Event, { type: 'step_taken' }>

function encodeFrame(frame: FrameCaptured, time: number, layouts: Layouts | undefined): Uint8Array {
  const layout = findLayout(
    layouts,
    l => l.agent === frame.agent && l.camera === frame.camera,
    'frame',
  )
  const body = new Uint8Array(FRAME_HEADER_BYTES)
  const view = new DataView(body.buffer)
  view.setFloat64(0, time, true)
  view.setUint16(8, layout.layout, true)
  view.setUint32(12, frame.episode, true)
  view.setUint32(16, frame.step, true)
  view.setUint32(20, frame.index, true)
  view.setUint32(24, frame.byteLength, true)
  view.setUint32(28, frame.crc, true)
  return frameRecord(tagOf('frame_captured'), body)
}

/**
 * What a record says, and when. Declared layouts are added to `layouts` on the way. Throws
 * LOG_CORRUPT for a body that is not what its kind says, whatever it holds.
 */
export function decodeRecord(
  bytes: Uint8Array,
  record: RecordView,
  layouts: Layouts,
): { time: number; event: Event } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const time = view.getFloat64(record.bodyOffset, true)
    return { time, event: decodeBody(bytes, view, record, layouts) }
  } catch (cause) {
    if (cause instanceof RollcastError) throw cause
    const what = `the body of kind ${record.kind} at byte ${record.bodyOffset}`
    throw new RollcastError('LOG_CORRUPT', `${what} cannot be decoded`, { cause })
  }
}

function decodeBody(
  bytes: Uint8Array,
  view: DataView,
  record: RecordView,
  layouts: Layouts,
): Event {
  const { bodyOffset: at, bodyLength, kind, version } = record
  const type = typesByKind.get(kind)
  if (type === undefined || version > (eventVersions[type] ?? 1)) {
    return { type: 'unknown', kind, version, body: bytes.slice(at, at + bodyLength) }
  }
  if (type === 'step_taken') {
    if (bodyLength < STEP_HEADER_BYTES) throw shortBody(type, bodyLength)
    const layout = layouts.get(view.getUint16(at + 8, true))
    if (layout?.kind !== 'step') throw undeclared(view.getUint16(at + 8, true), 'step')
    const infoLength = view.getUint32(at + 20, true)
    const infoAt = at + STEP_HEADER_BYTES + valueCount(layout) * 8
    if (infoAt + infoLength > at + bodyLength) throw shortBody(type, bodyLength)
    const info =
      infoLength === 0 ? undefined : packr.unpack(bytes.subarray(infoAt, infoAt + infoLength))
    return readStep(layout, view, at, info)
  }
  if (type === 'frame_captured') {
    if (bodyLength < FRAME_HEADER_BYTES) throw shortBody(type, bodyLength)
    const layout = layouts.get(view.getUint16(at + 8, true))
    if (layout?.kind !== 'frame') throw undeclared(view.getUint16(at + 8, true), 'frame')
    return {
      type,
      agent: layout.agent,
      camera: layout.camera,
      episode: view.getUint32(at + 12, true),
      step: view.getUint32(at + 16, true),
      index: view.getUint32(at + 20, true),
      width: layout.width,
      height: layout.height,
      format: layout.format,
      byteLength: view.getUint32(at + 24, true),
      crc: view.getUint32(at + 28, true),
    }
  }
  const fields: unknown = packr.unpack(bytes.subarray(at + 8, at + bodyLength))
  if (typeof fields !== 'object' || fields === null) throw shortBody(type, bodyLength)
  const event = { ...upcast(type, version, fields as Record<string, unknown>), type } as Event
  if (event.type === 'layout_declared') {
    // The layout alone: it is compared with others, declared or read from elsewhere.
    const { type: _, ...layout } = event
    layouts.add(layout)
  }
  return event
}

const undeclared = (layout: number, kind: string): RollcastError =>
  new RollcastError('LOG_CORRUPT', `a ${kind} names layout ${layout}, which nothing declared`)

const shortBody = (type: string, length: number): RollcastError =>
  new RollcastError('LOG_CORRUPT', `a body of ${length} B is too short for its ${type} event`)

/** The event type of a kind's number, or undefined for a kind of the future. */
export const typeOfKind = (kind: number): EventType | undefined => typesByKind.get(kind)

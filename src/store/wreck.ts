// A damaged data file as a source of what is whole in it: the events up to the first damaged one,
// their frames, and what stands beside them, ready to be written to a new log. The file is read,
// never mapped.
import { crc32 } from '../base/checksum.ts'
import { Layouts, packValue, unpackValue } from '../protocol/codec.ts'
import type { EventType, FrameCaptured } from '../protocol/events.ts'
import { covers, dropOf, type EpisodeDrop } from '../protocol/frame-drop.ts'
import { openBatch } from './batch-codec.ts'
import { nameKey, seqKey } from './keys.ts'
import { decodeBatch } from './log-reader.ts'
import type { Head } from './log-state.ts'
import { dropReasons } from './missing-frames.ts'
import type { PageFile } from './page-file.ts'
import { planSalvage, type SalvagePlan } from './salvage-plan.ts'
import { type Findings, type FoundValue, scanFile, seqOf } from './scan.ts'
import { SEAL_BYTES, seal, unseal } from './sealed-value.ts'
import { decodeSnapshot } from './snapshots.ts'
import type { Table, Write } from './storage.ts'

/** The share of the work that is done when the file has been scanned. */
const SCAN_SHARE = 0.5
/** Ranges of lost frames; past that many, the last one takes in all that follow. */
const LOST_RANGES_MAX = 1000
const frameEvents: ReadonlySet<EventType> = new Set<EventType>(['frame_captured'])
/** Names whose values are made anew from the events, or ask for what was not done. */
const derived = /^(format|head|episodes|epoch|(layout|drop)\/.*)$/
const kept = /^(producer\/.*|recent\/.*|prunedBefore)$/
const POSITION = /^producer\//

export class Wreck {
  readonly plan: SalvagePlan
  readonly lostFrames: { fromSeq: number; toSeq: number }[] = []
  framesLost = 0
  frames = 0
  bytes = 0
  readonly #file: PageFile
  readonly #findings: Findings
  readonly #onProgress: (fraction: number) => void
  readonly #layouts = new Layouts()
  #lastFrameLost = false

  /** Scans `file`; `onProgress` is told how much of all the work is done, from 0 to 1. */
  constructor(file: PageFile, onProgress: (fraction: number) => void = () => {}) {
    this.#file = file
    this.#onProgress = onProgress
    this.#findings = scanFile(file, fraction => onProgress(fraction * SCAN_SHARE))
    const head = this.#named<Head>('head')
    this.plan = planSalvage(this.#findings, head, this.#epoch())
  }

  get fileBytes(): number {
    return this.#file.size
  }

  /** Once: the counts grow as it goes. */
  *writes(): Generator<Write> {
    yield* this.#beside()
    const { batches } = this.plan
    const prunedBefore = this.#named<number>('prunedBefore') ?? 0
    const drops = this.#drops()
    for (const [i, { firstSeq, offset, bytes }] of batches.entries()) {
      const value = this.#read({ offset, bytes })
      yield this.#counted({ table: 'events', key: seqKey(firstSeq), value })
      for (const { seq, event } of decodeBatch(
        openBatch(firstSeq, value),
        this.#layouts,
        frameEvents,
      )) {
        if (event.type !== 'frame_captured') continue
        const known = drops.get(event.episode) ?? []
        const reasons = known.filter(drop => covers(drop, seq, event.camera))
        // An episode that was given up, with all its cameras, does not come back from free pages.
        if (reasons.some(({ camera }) => camera === undefined)) continue
        yield* this.#frame(seq, event, reasons.length > 0 || seq < prunedBefore)
      }
      this.#onProgress(SCAN_SHARE + ((1 - SCAN_SHARE) * (i + 1)) / batches.length)
    }
  }

  /** By episode, the frames of which the events say why they are gone: that is no loss. */
  #drops(): Map<number, EpisodeDrop[]> {
    const drops = new Map<number, EpisodeDrop[]>()
    for (const { firstSeq, offset, bytes } of this.plan.batches) {
      const batch = openBatch(firstSeq, this.#read({ offset, bytes }))
      for (const { event } of decodeBatch(batch, this.#layouts, dropReasons)) {
        const drop = dropOf(event)
        if (drop) drops.set(drop.episode, [...(drops.get(drop.episode) ?? []), drop])
      }
    }
    return drops
  }

  #counted(write: Write): Write {
    this.bytes += write.value!.byteLength
    return write
  }

  #read({ offset, bytes }: Pick<FoundValue, 'offset' | 'bytes'>): Uint8Array {
    const value = Buffer.alloc(bytes)
    this.#file.readSectors(value, offset)
    return value
  }

  /** `mayBeGone`: that it is not found is no loss. */
  *#frame(seq: number, event: FrameCaptured, mayBeGone: boolean): Generator<Write> {
    const key = seqKey(seq)
    for (const sealed of this.#sound(key)) {
      const pixels = sealed.subarray(SEAL_BYTES)
      if (pixels.byteLength !== event.byteLength || crc32(pixels) !== event.crc) continue
      this.frames++
      this.#lastFrameLost = false
      yield this.#counted({ table: 'frames', key, value: sealed })
      return
    }
    if (mayBeGone) return
    this.framesLost++
    const last = this.lostFrames.at(-1)
    const merged = this.#lastFrameLost || this.lostFrames.length === LOST_RANGES_MAX
    if (last && merged) last.toSeq = seq
    else this.lostFrames.push({ fromSeq: seq, toSeq: seq })
    this.#lastFrameLost = true
  }

  /** All whole values of a key, sealed as they are, the newest first. */
  *#sound(key: Uint8Array): Generator<Uint8Array> {
    for (const place of this.#findings.values.get(Buffer.from(key).toString('latin1')) ?? []) {
      const sealed = this.#read(place)
      if (isWhole(key, sealed)) yield sealed
    }
  }

  /** The newest whole value of that name. */
  #named<T>(name: string): T | undefined {
    const key = nameKey(name)
    const sealed = this.#newest(key)
    return sealed && (unpackValue(unseal(key, sealed, name)) as T)
  }

  /** The epoch is not sealed: it stands there twice. */
  #epoch(): number | undefined {
    for (const place of this.#findings.values.get('epoch') ?? []) {
      const value = Buffer.from(this.#read(place))
      if (value.byteLength !== 12) continue
      const epoch = value.readUInt32LE(8)
      if (value.readDoubleLE(0) === epoch) return epoch
    }
    return undefined
  }

  /** Rows, snapshots and positions; opening removes what does not fit the events. */
  *#beside(): Generator<Write> {
    for (const [text, [newest]] of this.#findings.values) {
      const table = tableOf(text)
      if (table === undefined) continue
      const key = new Uint8Array(Buffer.from(text, 'latin1'))
      if (POSITION.test(text) && !this.#isSound(key, newest)) {
        // An earlier one would make facts twice: better that some are missing.
        yield { table, key, value: seal(key, packValue(this.plan.lastSeq)) }
        continue
      }
      // An earlier snapshot is one still; of more events that are folded again.
      const value = this.#newest(key)
      if (value && (table !== 'snapshots' || isSnapshot(key, value))) {
        yield this.#counted({ table, key, value })
      }
    }
  }

  #isSound(key: Uint8Array, place: FoundValue | undefined): boolean {
    return place !== undefined && isWhole(key, this.#read(place))
  }

  #newest(key: Uint8Array): Uint8Array | undefined {
    for (const sealed of this.#sound(key)) return sealed
    return undefined
  }
}

/** The table of a key that stands beside events and frames; undefined for what is made anew. */
function tableOf(key: string): Table | undefined {
  if (seqOf(key) !== undefined || derived.test(key)) return undefined
  if (key.length === 4) return 'episodes'
  return kept.test(key) ? 'meta' : 'snapshots'
}

function isWhole(key: Uint8Array, sealed: Uint8Array): boolean {
  try {
    unseal(key, sealed, 'a value')
    return true
  } catch {
    return false
  }
}

function isSnapshot(key: Uint8Array, sealed: Uint8Array): boolean {
  try {
    decodeSnapshot('', unseal(key, sealed, 'a snapshot'))
    return true
  } catch {
    return false
  }
}

// Reads everything that a log gives out, from both ends, and compares each value with the one that
// was appended under its number. An error is no wrong value; that it is a clear one is asked too.
import { isDeepStrictEqual } from 'node:util'
import { RollcastError } from '../../../src/base/errors.ts'
import { Layouts } from '../../../src/protocol/codec.ts'
import type { Envelope } from '../../../src/protocol/events.ts'
import type { LogReader } from '../../../src/store/event-log.ts'
import { decodeBatch } from '../../../src/store/log-reader.ts'
import { pixelsAt, recordsAt, type Workload } from '../workload.ts'
import { rowAt, snapshotAt, type Truth } from './sound-log.ts'

export interface Reading {
  /** The last event, as the log says. */
  readonly lastSeq: number
  /** Events 1 to this one could be read, one after the other. */
  readonly readable: number
  /** The first frame whose pixels were not given; infinite when all were. */
  readonly firstBadFrame: number
  /** Values that are not those that were appended. */
  readonly wrong: readonly string[]
  /** What was appended and not given, with an error or without. */
  readonly missing: readonly string[]
  /** Errors that do not say what is wrong. */
  readonly unclear: readonly string[]
}

interface Sequence {
  readonly records: readonly Uint8Array[]
  readonly envelopes: readonly Envelope[]
}

/** Beyond what any log of the campaign holds, with what is appended to it. */
const SEQUENCE_EVENTS = 2_000
const sequences = new Map<Workload, Sequence>()

function sequenceOf(workload: Workload): Sequence {
  const known = sequences.get(workload)
  if (known) return known
  const all = recordsAt(workload, 1, SEQUENCE_EVENTS)
  const batch = { firstSeq: 1, count: SEQUENCE_EVENTS, epoch: 0, firstTime: 0, lastTime: 0 }
  const envelopes = [...decodeBatch({ ...batch, records: all }, new Layouts([]))]
  const records = envelopes.map(({ seq }) => recordsAt(workload, seq, 1))
  sequences.set(workload, { records, envelopes })
  return { records, envelopes }
}

/** Reads all of `reader`, or its events up to `toSeq`; nothing that it finds is thrown. */
export function readAll(
  reader: LogReader,
  truth: Truth,
  toSeq = Number.POSITIVE_INFINITY,
): Reading {
  const found = new Findings(toSeq)
  const { workload } = truth
  const lastSeq = found.try('the end', () => reader.durable().seq) ?? 0
  const readable = found.readable(reader, workload)
  if (readable < lastSeq) found.missing.push(`events from ${readable + 1} on`)
  found.events(reader, workload, false)
  found.events(reader, workload, true)
  found.values(reader, truth)
  const { wrong, missing, unclear, firstBadFrame } = found
  return { lastSeq, readable, firstBadFrame, wrong, missing, unclear }
}

class Findings {
  readonly wrong: string[] = []
  readonly missing: string[] = []
  readonly unclear: string[] = []
  firstBadFrame = Number.POSITIVE_INFINITY
  readonly #toSeq: number

  constructor(toSeq: number) {
    this.#toSeq = toSeq
  }

  try<T>(what: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      const clear = error instanceof RollcastError && error.code.startsWith('LOG_')
      if (!clear) this.unclear.push(`${what}: ${error}`)
      return undefined
    }
  }

  /** How many events can be read as they are stored; they are compared byte for byte. */
  readable(reader: LogReader, workload: Workload): number {
    const { records } = sequenceOf(workload)
    let next = 1
    this.try('batches', () => {
      for (const batch of reader.batches({ fromSeq: 1, toSeq: this.#toSeq })) {
        const expected = Buffer.concat(records.slice(next - 1, next - 1 + batch.count))
        const right = batch.firstSeq === next && Buffer.compare(batch.records, expected) === 0
        if (!right) this.wrong.push(`batch ${batch.firstSeq}, expected at ${next}`)
        next += batch.count
      }
    })
    return next - 1
  }

  /** Decoded, which needs the layouts that stand beside the events. */
  events(reader: LogReader, workload: Workload, reverse: boolean): void {
    const { envelopes } = sequenceOf(workload)
    const way = reverse ? 'backward' : 'forward'
    let before: number | undefined = reverse ? undefined : 0
    const complete = this.try(`events ${way}`, () => {
      for (const { seq, time, event } of reader.events({
        fromSeq: 1,
        toSeq: this.#toSeq,
        reverse,
      })) {
        const expected = envelopes[seq - 1]
        const inOrder = before === undefined || seq === before + (reverse ? -1 : 1)
        const right = expected?.time === time && isDeepStrictEqual(expected.event, event)
        if (!inOrder || !right) this.wrong.push(`event ${seq} (read ${way}, after ${before})`)
        before = seq
      }
      return true
    })
    if (!complete) this.missing.push(`some events, read ${way}`)
  }

  values(reader: LogReader, truth: Truth): void {
    for (const seq of truth.frames.filter(frame => frame <= this.#toSeq)) {
      const pixels = this.#value(`frame ${seq}`, () => reader.frame(seq), pixelsAt(seq))
      if (!pixels) this.firstBadFrame = Math.min(this.firstBadFrame, seq)
    }
    for (const episode of truth.episodes) {
      this.#value(`row ${episode}`, () => reader.episodeRow(episode), rowAt(episode))
    }
    const pages = this.try('pages of rows', () => reader.episodeRows({ limit: 100 }))
    if (pages?.length !== truth.episodes.length) this.missing.push('some rows of the index')
    for (const { episode, bytes } of pages ?? []) {
      const right = truth.episodes.includes(episode) && same(bytes, rowAt(episode))
      if (!right) this.wrong.push(`row ${episode} of the index`)
    }
    for (const [name, position] of Object.entries(truth.snapshots)) {
      const what = `snapshot ${name}`
      const snapshot = this.try(what, () => reader.snapshot(name))
      if (!snapshot) this.missing.push(what)
      // A salvage may find an earlier one only: it is still what was written.
      else if (
        (snapshot.position !== position && this.#toSeq === Number.POSITIVE_INFINITY) ||
        !same(snapshot.bytes, snapshotAt(snapshot.position))
      ) {
        this.wrong.push(what)
      }
    }
  }

  /** True when it was given. */
  #value(what: string, read: () => Uint8Array | undefined, expected: Uint8Array): boolean {
    const value = this.try(what, read)
    if (value === undefined) this.missing.push(what)
    else if (!same(value, expected)) this.wrong.push(what)
    return value !== undefined
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

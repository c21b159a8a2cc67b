// Puts a log in order after an end that was not clean. LMDB commits are atomic, so this finds work
// only when a disk lied or bytes rotted: broken batches at the very end are cut, and everything
// beside the events is rebuilt from them.
import { RollcastError } from '../base/errors.ts'
import { Layouts } from '../protocol/codec.ts'
import { limits } from '../protocol/limits.ts'
import { openBatch, type StoredBatch } from './batch-codec.ts'
import { readEpisodeKey, readNameKey, readSeqKey, seqKey } from './keys.ts'
import { readBatch } from './log-reader.ts'
import {
  type Head,
  LogState,
  layoutKey,
  layoutNumbers,
  layoutWrite,
  readHead,
} from './log-state.ts'
import { Producers } from './producers.ts'
import { unseal } from './sealed-value.ts'
import { decodeSnapshot } from './snapshots.ts'
import type { LogStorage, Table, Write } from './storage.ts'
import { surveyRecords } from './survey.ts'
import { unlessDamaged } from './unless-damaged.ts'

/** A torn tail is at most what one transaction held; more is damage of another kind. */
const TORN_BATCHES_MAX = Math.ceil(limits.transactionBytesMax / limits.batchBytesMax)
const KEYS_PAGE = 1024

/** The end of a log as its batches tell it. */
export interface Tail {
  /** The last whole batch; undefined in an empty log. */
  readonly last: StoredBatch | undefined
  readonly lastSeq: number
  /** Keys of broken batches behind it. */
  readonly broken: readonly Uint8Array[]
  readonly brokenBytes: number
}

/** Looks at the end of the log; throws LOG_CORRUPT when more is broken than can have torn. */
export function inspectTail(storage: LogStorage): Tail {
  const broken: Uint8Array[] = []
  let brokenBytes = 0
  const keys = storage.keys('events', { reverse: true, limit: TORN_BATCHES_MAX + 1 })
  for (const key of keys) {
    const value = storage.get('events', key) ?? new Uint8Array()
    try {
      const last = openBatch(readSeqKey(key), value)
      return { last, lastSeq: last.firstSeq + last.count - 1, broken, brokenBytes }
    } catch (error) {
      if (!(error instanceof RollcastError && error.code === 'LOG_CORRUPT')) throw error
      broken.push(key)
      brokenBytes += value.byteLength
    }
  }
  if (keys.length > TORN_BATCHES_MAX) {
    throw new RollcastError(
      'LOG_CORRUPT',
      `the last ${keys.length} batches are broken; verify the log and recover what is whole`,
    )
  }
  return { last: undefined, lastSeq: 0, broken, brokenBytes }
}

/** The state that the events up to `tail` tell, with positions clamped to it. */
export function rebuildState(
  storage: LogStorage,
  tail: Tail,
): { state: LogState; ended: Set<number> } {
  const state = new LogState()
  const ended = new Set<number>()
  for (let seq = 1; seq <= tail.lastSeq; ) {
    const batch = readBatch(storage, seq)
    if (batch === undefined) {
      throw new RollcastError('LOG_CORRUPT', `no batch begins with event ${seq}`)
    }
    const survey = surveyRecords(batch.records, new Layouts(state.layouts.all()))
    state.apply(survey)
    for (const { episode, began } of survey.episodes) {
      if (!began) ended.add(episode)
    }
    seq = batch.firstSeq + batch.count
  }
  state.head = {
    lastSeq: tail.lastSeq,
    lastBatch: tail.last?.firstSeq ?? 0,
    crc: tail.last?.crc ?? 0,
    clean: false,
  }
  state.producers = Producers.load(storage)
  state.producers.cutAt(tail.lastSeq)
  return { state, ended }
}

/**
 * Writes that make everything beside the events agree with a rebuilt state, but for the head, which
 * is to be written with the last of them; `ended` are the episodes whose end is in the log.
 */
export function rebuildWrites(storage: LogStorage, state: LogState, ended: Set<number>): Write[] {
  const writes: Write[] = [state.episodesWrite()]
  for (const layout of state.layouts.all()) writes.push(layoutWrite(layout))
  for (const layout of layoutNumbers(storage)) {
    if (!state.layouts.get(layout)) writes.push({ table: 'meta', key: layoutKey(layout) })
  }
  writes.push(...state.producers.allWrites())
  const { lastSeq } = state.head
  for (const key of allKeys(storage, 'frames', seqKey(lastSeq + 1))) {
    writes.push({ table: 'frames', key })
  }
  for (const key of allKeys(storage, 'episodes')) {
    if (!ended.has(readEpisodeKey(key))) writes.push({ table: 'episodes', key })
  }
  for (const key of allKeys(storage, 'snapshots')) {
    if (!holds(storage, key, lastSeq)) writes.push({ table: 'snapshots', key })
  }
  return writes
}

// A snapshot of events that are gone, or a broken one, is a cache to be made again.
function holds(storage: LogStorage, key: Uint8Array, lastSeq: number): boolean {
  const name = readNameKey(key)
  try {
    const value = unseal(key, storage.get('snapshots', key) ?? new Uint8Array(), name)
    return decodeSnapshot(name, value).position <= lastSeq
  } catch {
    return false
  }
}

/** All keys of a table from `start` on, read a page at a time. */
export function* allKeys(
  storage: LogStorage,
  table: Table,
  start?: Uint8Array,
): Generator<Uint8Array> {
  let from = start
  for (;;) {
    const range = { limit: KEYS_PAGE, ...(from ? { start: from } : {}) }
    const keys = storage.keys(table, range)
    yield* keys
    const last = keys.at(-1)
    if (last === undefined || keys.length < KEYS_PAGE) return
    from = new Uint8Array([...last, 0])
  }
}

export interface Recovery {
  readonly state: LogState
  readonly tail: Tail
  /** Events of the torn tail; when the head is broken too, only its batches can be counted. */
  readonly cutEvents: number
  readonly writes: Write[]
}

/**
 * The writer's state at opening, and the writes that cut a torn tail or mend what does not agree
 * with the events; none nearly always. The head is to be written with them.
 */
export function recoverState(storage: LogStorage): Recovery {
  const tail = inspectTail(storage)
  const head = soundHead(storage)
  const agrees = head?.lastSeq === tail.lastSeq && head.crc === (tail.last?.crc ?? 0)
  const trusted = agrees && tail.broken.length === 0 ? soundState(storage) : undefined
  if (trusted) return { state: trusted, tail, cutEvents: 0, writes: [] }
  const cutEvents = head ? Math.max(0, head.lastSeq - tail.lastSeq) : tail.broken.length
  const { state, ended } = rebuildState(storage, tail)
  const cut = tail.broken.map((key): Write => ({ table: 'events', key }))
  return { state, tail, cutEvents, writes: [...cut, ...rebuildWrites(storage, state, ended)] }
}

const soundHead = (storage: LogStorage): Head | undefined => unlessDamaged(() => readHead(storage))

const soundState = (storage: LogStorage): LogState | undefined =>
  unlessDamaged(() => LogState.load(storage))

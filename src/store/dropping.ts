// Deletes pixels that were asked to go, a few in each transaction, so that commits of what is new
// come in between. What a contribution asked for is noted in its own transaction and crossed out in
// the last one that deletes for it: whoever opens the log after a crash goes on.
import type { RollcastError } from '../base/errors.ts'
import type { Layouts } from '../protocol/codec.ts'
import type { EventType } from '../protocol/events.ts'
import type { EpisodeDrop, FrameDrop } from '../protocol/frame-drop.ts'
import { nameKey, readSeqKey, seqKey } from './keys.ts'
import { decodeBatch, StorageReader } from './log-reader.ts'
import { metaWrite, namesUnder, readMeta } from './meta.ts'
import type { LogStorage, Write } from './storage.ts'
import { unlessDamaged } from './unless-damaged.ts'

/** Frames looked at in one transaction. */
const FRAMES_MAX = 64
const NOTE = 'drop/'
const frameEvents: ReadonlySet<EventType> = new Set<EventType>(['frame_captured'])

/** One that is noted twice is the same note. */
const noteName = (drop: FrameDrop): string =>
  NOTE + ('episode' in drop ? `${drop.episode}-${drop.fromSeq}` : `before-${drop.beforeSeq}`)

/** Goes into the transaction of the contribution that asks for `drop`. */
export const dropNote = (drop: FrameDrop): Write => metaWrite(noteName(drop), drop)

/** Names of all notes, for those who cut the log: the facts that ask for them may be gone. */
export const dropNotes = (storage: LogStorage): string[] => namesUnder(storage, NOTE)

interface Job {
  readonly drop: FrameDrop
  readonly noted: boolean
  readonly done: PromiseWithResolvers<number>
  /** Frames from here on have not been looked at. */
  fromSeq: number
  count: number
}

export class Dropping {
  readonly #storage: LogStorage
  readonly #layouts: Layouts
  readonly #commit: (writes: readonly Write[]) => Promise<void>
  /** As many as there are notes, and those that `dropFrames` waits for. */
  #jobs: Job[] = []

  /** Goes on with what is noted in `storage` when it is asked to; `layouts` are the log's. */
  constructor(
    storage: LogStorage,
    layouts: Layouts,
    commit: (writes: readonly Write[]) => Promise<void>,
  ) {
    this.#storage = storage
    this.#layouts = layouts
    this.#commit = commit
    for (const name of dropNotes(storage)) {
      const drop = unlessDamaged(() => readMeta(storage, name) as FrameDrop | undefined)
      if (drop) this.add(drop)
    }
  }

  get waits(): boolean {
    return this.#jobs.length > 0
  }

  /** The note of `drop` is durable. */
  add(drop: FrameDrop): void {
    void this.#push(drop, true)
  }

  /** Resolves to how many frames of `drop` had pixels that it deleted. */
  request(drop: FrameDrop): Promise<number> {
    return this.#push(drop, false)
  }

  #push(drop: FrameDrop, noted: boolean): Promise<number> {
    const done = Promise.withResolvers<number>()
    if (noted) done.promise.catch(() => {})
    const fromSeq = 'episode' in drop ? drop.fromSeq : 0
    this.#jobs.push({ drop, noted, done, fromSeq, count: 0 })
    return done.promise
  }

  /** One transaction, of the oldest jobs. */
  async step(): Promise<void> {
    this.#storage.refresh()
    const writes: Write[] = []
    const finished: Job[] = []
    const gone = new Set<number>()
    for (let left = FRAMES_MAX; left > 0 && finished.length < this.#jobs.length; left--) {
      const job = this.#jobs[finished.length]!
      const found = this.#next(job, left)
      writes.push(...this.#deletes(job, found, gone))
      if (found.length === left) break
      finished.push(job)
      if (job.noted) writes.push({ table: 'meta', key: nameKey(noteName(job.drop)) })
      left -= found.length
    }
    if (writes.length > 0) await this.#commit(writes)
    this.#jobs.splice(0, finished.length)
    for (const { done, count } of finished) done.resolve(count)
  }

  /** The next frames of the job's range that have pixels, `limit` at most. */
  #next({ drop, fromSeq }: Job, limit: number): number[] {
    const toSeq = 'episode' in drop ? drop.toSeq : drop.beforeSeq - 1
    return this.#storage
      .keys('frames', { start: seqKey(fromSeq), limit })
      .map(key => readSeqKey(key))
      .filter(seq => seq <= toSeq)
  }

  /** `gone`: what this transaction deletes already; what more it deletes is added. */
  #deletes(job: Job, found: readonly number[], gone: Set<number>): Write[] {
    const last = found.at(-1)
    if (last === undefined) return []
    const { drop } = job
    const asked = 'episode' in drop ? this.#ofEpisode(drop, found) : found
    const meant = asked.filter(seq => !gone.has(seq))
    for (const seq of meant) gone.add(seq)
    job.fromSeq = last + 1
    job.count += meant.length
    const deletes = meant.map((seq): Write => ({ table: 'frames', key: seqKey(seq) }))
    // Those before it are explained by this; those of an episode by the fact that it was released.
    return 'episode' in drop ? deletes : [...deletes, metaWrite('prunedBefore', last + 1)]
  }

  /** Those of `seqs` that are frames of the episode. Where the log is damaged nobody can tell. */
  #ofEpisode({ episode, camera }: EpisodeDrop, seqs: readonly number[]): number[] {
    const asked = new Set(seqs)
    const meant: number[] = []
    const reader = new StorageReader(this.#storage)
    unlessDamaged(() => {
      for (const batch of reader.batches({ fromSeq: seqs[0]!, toSeq: seqs.at(-1)! })) {
        for (const { seq, event } of decodeBatch(batch, this.#layouts, frameEvents)) {
          if (event.type !== 'frame_captured' || event.episode !== episode) continue
          if (camera !== undefined && event.camera !== camera) continue
          if (asked.has(seq)) meant.push(seq)
        }
      }
    })
    return meant
  }

  /** Leaves what is noted to the next who opens the log. */
  leave(): void {
    this.#jobs = this.#jobs.filter(({ noted }) => !noted)
  }

  reject(error: RollcastError): void {
    for (const job of this.#jobs.splice(0)) job.done.reject(error)
  }
}

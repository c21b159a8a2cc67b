// Frames without pixels, and what explains that: they were dropped because a video holds them, their
// episode was released, or a salvage could not save them. What nothing explains is damage.
import type { Layouts } from '../protocol/codec.ts'
import type { Event, EventType, FrameCaptured, Salvaged } from '../protocol/events.ts'
import { covers, dropOf } from '../protocol/frame-drop.ts'
import { decodeBatch, StorageReader } from './log-reader.ts'
import { readPrunedBefore } from './log-state.ts'
import type { LogStorage } from './storage.ts'
import { unlessDamaged } from './unless-damaged.ts'

/** The events that say why frames are gone. */
export const dropReasons: ReadonlySet<EventType> = new Set<EventType>([
  'episode_released',
  'video_committed',
])

type Missing = Pick<FrameCaptured, 'camera'> & { readonly seq: number }

export class MissingFrames {
  readonly #storage: LogStorage
  /** By episode, what nothing explains yet. */
  readonly #frames = new Map<number, Missing[]>()
  #prunedBefore: number

  constructor(storage: LogStorage) {
    this.#storage = storage
    this.#prunedBefore = this.#readPrunedBefore()
  }

  /** Damage of it is found where it is looked for. */
  #readPrunedBefore(): number {
    return unlessDamaged(() => readPrunedBefore(this.#storage)) ?? 0
  }

  add(seq: number, { episode, camera }: FrameCaptured): void {
    if (seq < this.#prunedBefore) return
    const frames = this.#frames.get(episode)
    if (frames) frames.push({ seq, camera })
    else this.#frames.set(episode, [{ seq, camera }])
  }

  /** Takes a reason in, which comes after the frames that it explains. */
  explain(event: Event): void {
    const drop = dropOf(event)
    if (drop) this.#keep(drop.episode, ({ seq, camera }) => !covers(drop, seq, camera))
  }

  salvaged({ lostFrames }: Salvaged): void {
    for (const { fromSeq, toSeq } of lostFrames) {
      this.#keepAll(({ seq }) => seq < fromSeq || seq > toSeq)
    }
  }

  /**
   * What is left, in order. The log was walked up to `lastSeq`; one that is written meanwhile may
   * tell the reason behind that.
   */
  unexplained(lastSeq: number, layouts: Layouts): number[] {
    if (this.#frames.size > 0) {
      this.#storage.refresh()
      const prunedBefore = this.#readPrunedBefore()
      this.#keepAll(({ seq }) => seq >= prunedBefore)
      unlessDamaged(() => this.#readOn(lastSeq + 1, layouts))
    }
    const left = [...this.#frames.values()].flat()
    return left.map(({ seq }) => seq).sort((a, b) => a - b)
  }

  #readOn(fromSeq: number, layouts: Layouts): void {
    for (const batch of new StorageReader(this.#storage).batches({ fromSeq })) {
      for (const { event } of decodeBatch(batch, layouts, dropReasons)) {
        this.explain(event)
      }
    }
  }

  #keepAll(isMissing: (frame: Missing) => boolean): void {
    for (const episode of [...this.#frames.keys()]) this.#keep(episode, isMissing)
  }

  #keep(episode: number, isMissing: (frame: Missing) => boolean): void {
    const left = this.#frames.get(episode)?.filter(isMissing) ?? []
    if (left.length > 0) this.#frames.set(episode, left)
    else this.#frames.delete(episode)
  }
}

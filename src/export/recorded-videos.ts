// Which parts of which video a run has committed. Facts come at any time after their episode, so the
// log is looked through once; what is kept of each is its number.
import type { EventOf, EventType } from '../protocol/events.ts'
import type { LogReader } from '../store/event-log.ts'
import { decodeBatch } from '../store/log-reader.ts'

/** What an encoder says of one part of a video. */
export type VideoFact = EventOf<'video_committed' | 'video_failed'>

const types: ReadonlySet<EventType> = new Set<EventType>(['video_committed', 'video_failed'])

const isFact = (event: { readonly type: EventType }): event is VideoFact => types.has(event.type)

/** The facts of a run, by episode. */
export class RecordedVideos {
  readonly #reader: LogReader
  readonly #seqs = new Map<number, number[]>()
  #fps: number | undefined

  /** Looks through all events from `fromSeq` on; what is no fact is passed over undecoded. */
  constructor(reader: LogReader, fromSeq = 1) {
    this.#reader = reader
    const layouts = reader.layouts()
    for (const batch of reader.batches({ fromSeq })) {
      for (const { seq, event } of decodeBatch(batch, layouts, types)) {
        if (!isFact(event)) continue
        if (event.type === 'video_committed') this.#fps ??= event.fps
        const seqs = this.#seqs.get(event.episode)
        if (seqs) seqs.push(seq)
        else this.#seqs.set(event.episode, [seq])
      }
    }
  }

  /** Frames a second of the first video; undefined when there is none. */
  get fps(): number | undefined {
    return this.#fps
  }

  /** What was said of the videos of `episode`, in order. */
  of(episode: number): VideoFact[] {
    return videoFacts(this.#reader, this.#seqs.get(episode) ?? [])
  }
}

/** The facts that stand in the log at `seqs`. */
export function videoFacts(reader: LogReader, seqs: readonly number[]): VideoFact[] {
  const facts: VideoFact[] = []
  for (const seq of seqs) {
    for (const { event } of reader.events({ fromSeq: seq, toSeq: seq })) {
      if (isFact(event)) facts.push(event)
    }
  }
  return facts
}

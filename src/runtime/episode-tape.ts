// The steps of the episode that is being played, for the live callback (L3). Kept only when a
// callback was given: the encoded records, decoded once when the episode ends.

import { MIB } from '../base/bytes.ts'
import { decodeRecord, Layouts, RECORD_HEADER_BYTES, readRecord } from '../protocol/codec.ts'
import type { EpisodeEnded, Layout, StepTaken } from '../protocol/events.ts'

/** Steps past this are not kept for the callback (they are in the log all the same). */
const TAPE_BYTES_MAX = 64 * MIB

/** A finished episode, as the live callback gets it. */
export interface RecordedEpisode {
  readonly episode: number
  readonly agent: string
  /** Each step with the time when it was recorded, Unix milliseconds. */
  readonly steps: readonly (StepTaken & { readonly time: number })[]
  /** False when steps are missing here: too many for memory (64 MiB), or no room in the ring. */
  readonly complete: boolean
  readonly startTime: number
  readonly endTime: number
  /** Rewards, length, reason and what `begin` and `end` were told. */
  readonly metadata: EpisodeEnded
}

export class EpisodeTape {
  #bytes = new Uint8Array(64 * 1024)
  #used = 0
  #complete = true
  readonly #layouts = new Layouts()

  addLayout(layout: Layout): void {
    this.#layouts.add(layout)
  }

  start(): void {
    this.#used = 0
    this.#complete = true
  }

  /** Takes the body of a step record, before it is committed. */
  addStep(body: Uint8Array, tag: number): void {
    const end = this.#used + RECORD_HEADER_BYTES + ((body.byteLength + 7) & -8)
    if (end > TAPE_BYTES_MAX) {
      this.#complete = false
      return
    }
    if (end > this.#bytes.byteLength) this.#grow(end)
    const view = new DataView(this.#bytes.buffer)
    view.setUint32(this.#used, body.byteLength, true)
    view.setUint32(this.#used + 4, tag, true)
    this.#bytes.set(body, this.#used + RECORD_HEADER_BYTES)
    this.#used = end
  }

  /** A step of the episode could not be recorded. */
  miss(): void {
    this.#complete = false
  }

  finish(metadata: EpisodeEnded, endTime: number): RecordedEpisode {
    const steps: (StepTaken & { time: number })[] = []
    const bytes = this.#bytes.subarray(0, this.#used)
    for (let at = 0; at < bytes.byteLength; ) {
      const record = readRecord(bytes, at)
      const { time, event } = decodeRecord(bytes, record, this.#layouts)
      if (event.type === 'step_taken') steps.push({ ...event, time })
      at = record.end
    }
    const { episode, agent, startTime } = metadata
    return { episode, agent, steps, complete: this.#complete, startTime, endTime, metadata }
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(bytes, this.#bytes.byteLength * 2))
    larger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = larger
  }
}

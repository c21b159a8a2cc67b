// The pixels that the log holds for a camera's frames. Those of an episode that was given up (L19)
// are on their way out: asked once, and again when one is missing, the index says whether it was.
import { pictureBytes } from '../../media/picture.ts'
import type { FrameCaptured } from '../../protocol/events.ts'
import type { LogReader } from '../../store/event-log.ts'
import { SEAL_BYTES } from '../../store/sealed-value.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'
import { isReleased } from './released-episodes.ts'

type SummedPixels = ReturnType<LogReader['frameSummed']> & {}

export class EpisodePixels {
  readonly #reader: LogReader
  /** Of each camera, the episode that it is at. */
  readonly #at = new Map<string, { readonly episode: number; released: boolean }>()
  /** Used again and again: memory of its own costs a frame more than its pixels do. */
  #room = new Uint8Array()

  constructor(reader: LogReader) {
    this.#reader = reader
  }

  /** Of the frame of event `seq`, until the next call; undefined when they are missing or damaged. */
  of(seq: number, frame: FrameCaptured): SummedPixels | 'released' | undefined {
    const { episode } = frame
    const key = `${frame.agent}/${frame.camera}`
    let at = this.#at.get(key)
    if (at?.episode !== episode) {
      at = { episode, released: isReleased(this.#reader, episode) }
      this.#at.set(key, at)
    }
    if (at.released) return 'released'
    const bytes = pictureBytes(frame) + SEAL_BYTES
    if (this.#room.byteLength < bytes) this.#room = new Uint8Array(bytes)
    const found = unlessDamaged(() => this.#reader.frameSummed(seq, this.#room))
    // The index says so before the first one goes.
    if (found === undefined) at.released = isReleased(this.#reader, episode)
    return at.released ? 'released' : found
  }
}

// Frames that give themselves away when they are torn.
import type { LaneFrame } from '../src/streams/fast-lane/layout.ts'

/** A frame whose every 32-bit word is `tag`, and all that it says of itself. */
export function taggedFrame(layout: number, bytes: number, tag: number): LaneFrame {
  return {
    ...{ layout, width: bytes, height: 1, format: 'gray8', episode: tag, step: tag, index: tag },
    ...{ time: tag, pixels: new Uint8Array(new Uint32Array(bytes / 4).fill(tag).buffer) },
  }
}

/** Whether all of a tagged frame is of one moment; every line of 64 bytes is looked at. */
export function isWhole({ episode, step, index, time, pixels }: LaneFrame): boolean {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength / 4)
  let differing = (episode ^ step) | (step ^ index) | (index ^ time)
  for (let at = 0; at < words.length; at += 16) differing |= words[at]! ^ episode
  return (differing | (words.at(-1)! ^ episode)) === 0
}

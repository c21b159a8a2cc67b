// Keys of the log's tables. Numbers are big-endian, so that the order of the bytes is the order of
// the numbers.
import { assert } from '../base/assert.ts'

const TWO_32 = 0x1_0000_0000

/** Key of a batch (its first number) or of a frame: 8 bytes. */
export function seqKey(seq: number): Uint8Array {
  assert(Number.isSafeInteger(seq) && seq >= 0, `a sequence number is a 53-bit integer: ${seq}`)
  const key = new Uint8Array(8)
  const view = new DataView(key.buffer)
  view.setUint32(0, Math.floor(seq / TWO_32))
  view.setUint32(4, seq % TWO_32)
  return key
}

export function readSeqKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(0) * TWO_32 + view.getUint32(4)
}

/** Key of an episode's row: 4 bytes. */
export function episodeKey(episode: number): Uint8Array {
  assert(episode >>> 0 === episode, `an episode number is a 32-bit integer: ${episode}`)
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, episode)
  return key
}

export const readEpisodeKey = (key: Uint8Array): number =>
  new DataView(key.buffer, key.byteOffset, key.byteLength).getUint32(0)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Key of a named value: its UTF-8 bytes. */
export function nameKey(name: string): Uint8Array {
  const key = encoder.encode(name)
  assert(key.length > 0 && key.length <= 500, `a name has 1 to 500 bytes, found ${key.length}`)
  return key
}

export const readNameKey = (key: Uint8Array): string => decoder.decode(key)

// Whether bytes are MessagePack that stands for plain data: no extension and no binary in it. What
// msgpackr makes of extensions (dates, sets, expressions, errors) no message of ours holds, and two of
// them make a graph of what must be a tree: one that takes a kilobyte would take ages to walk. A value
// without them has no more nodes than it has bytes.

/** Bytes behind the first one; what is within a list or a map comes by itself. */
const fixedBytes: Readonly<Record<number, number>> = {
  // nil, false, true
  ...{ 192: 0, 194: 0, 195: 0 },
  // floats, then integers without and with a sign
  ...{ 202: 4, 203: 8 },
  ...{ 204: 1, 205: 2, 206: 4, 207: 8 },
  ...{ 208: 1, 209: 2, 210: 4, 211: 8 },
  // the counts of lists and maps
  ...{ 220: 2, 221: 4, 222: 2, 223: 4 },
}
/** Bytes of a string's length, which stand before it. */
const lengthBytes: Readonly<Record<number, number>> = { 217: 1, 218: 2, 219: 4 }

/** True also for what is plain as far as it goes and cut short: whoever reads it will find that. */
export function isPlainMsgpack(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.byteLength; ) {
    const size = sizeAt(bytes, at)
    if (size === undefined) return false
    at += size
  }
  return true
}

/** Undefined for what is not plain. */
function sizeAt(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at]!
  // Small integers of either sign; small maps and lists.
  if (first < 0xa0 || first >= 0xe0) return 1
  if (first < 0xc0) return 1 + (first & 31)
  const fixed = fixedBytes[first]
  if (fixed !== undefined) return 1 + fixed
  const width = lengthBytes[first]
  if (width === undefined) return undefined
  let length = 0
  for (const byte of bytes.subarray(at + 1, at + 1 + width)) length = length * 256 + byte
  return 1 + width + length
}

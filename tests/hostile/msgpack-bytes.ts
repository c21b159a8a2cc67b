// MessagePack that a hostile viewer might send: the texts of json-texts.ts written in it, and what only
// MessagePack has: extensions, binary data, references that make a graph of a tree, sizes that are not so.
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { accepted, anyText, poisoned, refused } from './json-texts.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** The same in MessagePack; null for what is no JSON. */
function inMsgpack(text: string): Uint8Array | null {
  try {
    // Its own memory: the packer uses its buffer again.
    return Uint8Array.from(packr.pack(JSON.parse(text)))
  } catch {
    return null
  }
}
const allInMsgpack = (texts: readonly string[]): Uint8Array[] =>
  texts.map(inMsgpack).filter(bytes => bytes !== null)

const u32 = (value: number): number[] => [24, 16, 8, 0].map(shift => (value >>> shift) & 255)
const string = (text: string): number[] => [0xa0 | text.length, ...Buffer.from(text)]
/** A message of ours with one more member, of these bytes. */
const inPing = (bytes: readonly number[]): Uint8Array =>
  Uint8Array.from([
    ...[0x83, ...string('type'), ...string('ping'), ...string('client_time'), 1],
    ...[...string('x'), ...bytes],
  ])

/** An object that others point at, and one that points at it, as structured clones have them. */
const named = (id: number): number[] => [0xd6, 0x69, ...u32(id)]
const pointer = (id: number): number[] => [0xd6, 0x70, ...u32(id)]

/** A kilobyte that stands for a tree of 11^levels nodes: each level ten times the one within it. */
function sharedGraph(levels: number): number[] {
  let bytes = [0x90]
  for (let id = 0; id < levels; id++) {
    const again = Array.from({ length: 10 }, () => pointer(id)).flat()
    bytes = [0x9b, ...named(id), ...bytes, ...again]
  }
  return bytes
}

/** Of every type that msgpackr knows, with something in it. */
const extensions: readonly (readonly number[])[] = [
  ...Array.from({ length: 256 }, (_, type) => [0xd4, type, 0]),
  ...Array.from({ length: 256 }, (_, type) => [0xd4, type, 0, 0x92, 0xa1, 97, 0xa1, 98]),
  ...Array.from({ length: 256 }, (_, type) => [0xd6, type, ...u32(1), 0x90]),
  // A date, a big integer, a typed list, text that was bundled, a record that is used again.
  [0xd7, 0xff, ...u32(1), ...u32(1)],
  [0xc7, 9, 0x42, ...Array.from({ length: 9 }, () => 1)],
  [0xc7, 9, 0x74, 8, ...Array.from({ length: 8 }, () => 1)],
  [0xd6, 0x62, ...u32(4), 0xc0, 0xdb, ...u32(2 ** 31), 0xa0],
  [0x92, 0xd4, 0x72, 0x40, 0x91, ...string('a'), 1, 0x40, 2],
  // Itself within itself.
  [...named(1), 0x91, ...pointer(1)],
]

const broken: readonly (readonly number[])[] = [
  [],
  [0xc1],
  ...[0xdd, 0xdf, 0xdb, 0xc6, 0xc9].map(first => [first, ...u32(2 ** 32 - 1)]),
  ...[17, 18, 1000, 16_000].map(depth => Array.from({ length: depth }, () => 0x91)),
  ...[17, 18, 1000].map(depth => [...Array.from({ length: depth }, () => 0x91), 0xc0]),
  Array.from({ length: 3_000 }, () => [0xdd, 0, 0, 0x3f, 0xff]).flat(),
]

/** What is none of our messages. */
export const refusedBytes: readonly Uint8Array[] = [
  ...allInMsgpack(refused),
  ...broken.map(bytes => Uint8Array.from(bytes)),
  ...extensions.flatMap(bytes => [Uint8Array.from(bytes), inPing(bytes)]),
  ...[
    [0xc4, 1, 0],
    [0xc5, 0, 1, 0],
    [0xc6, ...u32(1), 0],
  ].map(inPing),
  inPing(sharedGraph(14)),
  Uint8Array.from(sharedGraph(14)),
  Uint8Array.from([...sharedGraph(14), 0]),
  // One byte more than the message has.
  Uint8Array.from([...inPing([0xc0]), 0]),
]

export const acceptedBytes: readonly Uint8Array[] = allInMsgpack(accepted)
export const poisonedBytes: readonly Uint8Array[] = allInMsgpack(poisoned)

/** Messages of ours with something changed, and bytes that only look like them. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  anyText.map(text => inMsgpack(text) ?? Uint8Array.from(Buffer.from(text))),
  fc
    .tuple(
      fc.constantFrom(...refusedBytes, ...acceptedBytes, ...poisonedBytes),
      fc.nat(),
      fc.uint8Array({ maxLength: 5 }),
    )
    .map(([bytes, at, noise]) => {
      const place = at % (bytes.length + 1)
      return Uint8Array.from([...bytes.slice(0, place), ...noise, ...bytes.slice(place + 1)])
    }),
  fc.uint8Array({ maxLength: 300 }),
)

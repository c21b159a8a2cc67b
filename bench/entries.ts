// What is appended, whatever it is to: entries back to back, handed in by groups.

/** Records, or whatever else is appended one after the other, back to back. */
export interface Entries {
  readonly records: Uint8Array
  /** Where each ends. */
  readonly ends: Float64Array
  readonly count: number
  readonly crc: number
  /** How many are handed in at once: one contribution, one transaction of a peer. */
  readonly group: number
}

/** Where groups begin and end, by index. */
export function* groupsOf({ count, group }: Entries): Generator<[from: number, to: number]> {
  for (let from = 0; from < count; from += group) yield [from, Math.min(count, from + group)]
}

/** The bytes of the entries `from` to `to`, the latter not among them. */
export const entriesBetween = ({ records, ends }: Entries, from: number, to: number): Uint8Array =>
  records.subarray(from === 0 ? 0 : ends[from - 1]!, ends[to - 1]!)

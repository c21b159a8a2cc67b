// Numbers and times as people read them. Nothing parses these.

/** At most four significant digits: `0.01234`, `12.35`, `-1`. */
export const brief = (value: number): number =>
  Number.isInteger(value) ? value : Number(value.toPrecision(4))

/** `1234567` -> `1 234 567`. */
export const grouped = (value: number): string =>
  String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ' ')

/** `2026-11-21 02:28:34` in UTC; `-` for a time that is none. */
export function stamp(unixMillis: number | null): string {
  if (unixMillis === null || !Number.isFinite(unixMillis)) return '-'
  return new Date(unixMillis).toISOString().slice(0, 19).replace('T', ' ')
}

/** `1 event`, `2 events`. */
export const counted = (count: number, noun: string): string =>
  `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

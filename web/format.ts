// Numbers as people read them. Figures that change keep their width where that is possible.

/** Made once: making it takes far longer than using it. */
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' })

/** `1234567` -> `1.23M`, `812` -> `812`, `1e16` -> `1.00e+16`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const units = ['', 'k', 'M', 'G', 'T']
  if (Math.abs(value) >= 1e15) return value.toExponential(2)
  let scaled = value
  let unit = 0
  while (Math.abs(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return unit === 0 ? String(value) : `${Number(scaled.toPrecision(3))}${units[unit]}`
}

/** Three or four digits: `0.000123` -> `1.23e-4`, `12.3456` -> `12.35`, `-0` -> `0`. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 100_000) return withMinus(formatCount(value))
  if (size < 0.001) return withMinus(value.toExponential(2))
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3
  return withMinus(Number.isInteger(value) ? String(value) : value.toFixed(decimals))
}

/** Of ticks; with more, a power of ten is shorter. */
const DECIMALS_MAX = 4

/**
 * Values of one axis: all with as many decimals as one of them needs; where that are too many, each as
 * `formatValue` has it, or with as many digits as tell them apart.
 */
export function formatTicks(values: readonly number[]): string[] {
  const size = Math.max(...values.map(Math.abs))
  // Of one alone nothing is known: no text is near enough to it.
  const steps = values.slice(1).map((value, i) => value - values[i]!)
  const step = steps.length > 0 ? Math.min(...steps) : 0
  for (let decimals = 0; decimals <= DECIMALS_MAX && size < 100_000; decimals++) {
    const texts = values.map(value => value.toFixed(decimals))
    // Ticks are sums, and a little off what they stand for.
    const isExact = values.every((value, i) => Math.abs(value - Number(texts[i])) < step / 1000)
    if (isExact) return texts.map(text => (Number(text) === 0 ? '0' : withMinus(text)))
  }
  let texts = values.map(formatValue)
  for (let digits = 3; new Set(texts).size < values.length && digits < 16; digits++) {
    texts = values.map(value => withMinus(String(Number(value.toPrecision(digits)))))
  }
  return texts
}

/** A return so far: a dash where steps of the episode were missed, so that nobody knows it (NaN). */
export const formatReturn = (value: number): string =>
  Number.isNaN(value) ? '–' : formatValue(value)

/** A reward, always with its sign. */
export const formatSigned = (value: number): string =>
  value > 0 ? `+${formatValue(value)}` : formatValue(value)

/** `8.4 ms`, `340 ms`, `2.1 s`. */
export function formatMillis(millis: number): string {
  if (millis >= 1000) return `${(millis / 1000).toFixed(1)} s`
  return `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`
}

const momentFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'short',
  hourCycle: 'h23',
})

/** What a Date can hold; beyond it formatting throws. */
const DATE_MILLIS_MAX = 8.64e15

/** `14:03:09` in the viewer's time zone; `–` for what is no time. */
export const formatTime = (unixMillis: number): string =>
  Math.abs(unixMillis) <= DATE_MILLIS_MAX ? timeFormat.format(unixMillis) : '–'

/** `21 Nov 2026, 14:03` in the viewer's time zone and manner; `–` for what is no time. */
export const formatMoment = (unixMillis: number): string =>
  Math.abs(unixMillis) <= DATE_MILLIS_MAX ? momentFormat.format(unixMillis) : '–'

/** `1:05.3`: minutes, seconds and tenths, for a playhead. */
export function formatPlace(millis: number): string {
  const tenths = Math.floor(millis / 100)
  const seconds = Math.floor(tenths / 10) % 60
  return `${Math.floor(tenths / 600)}:${String(seconds).padStart(2, '0')}.${tenths % 10}`
}

/** `best_return` -> `Best return`. */
export function formatName(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Data of any shape in one line of at most 160 characters; text stays as it is. */
export function formatData(data: unknown): string {
  const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? '')
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

const withMinus = (text: string): string => text.replace(/^-/, '−')

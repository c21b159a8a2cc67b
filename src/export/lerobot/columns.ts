// The values of one feature over an episode, as they are stored: checked against the feature, and
// rounded to its type. Statistics are made of what is stored, not of what was handed in.
import { RollcastError } from '../../base/errors.ts'
import { type Feature, featureWidth, type NumericType } from './features.ts'
import { type FeatureStatistics, numericStatistics } from './statistics.ts'

/**
 * What a caller hands in for a feature: numbers of all rows, one row behind the other (bigints for
 * int64 where doubles are too coarse); booleans; texts; PNG files.
 */
export type ColumnValues =
  | ArrayLike<number>
  | ArrayLike<bigint>
  | ArrayLike<boolean>
  | readonly string[]
  | readonly Uint8Array[]

/** Values as a table takes them, `width` to a row. */
export interface StoredColumn {
  readonly values: ArrayLike<unknown>
  readonly width: number
  /** Of numbers; those of pictures are made where the pixels are. */
  readonly statistics?: FeatureStatistics
  /** There is a negative zero, which a dictionary would turn into a positive one. */
  readonly negativeZero: boolean
}

type Make = (values: ArrayLike<number>) => ArrayLike<number>

const integers = {
  int8: values => Int8Array.from(values),
  int16: values => Int16Array.from(values),
  int32: values => Int32Array.from(values),
  uint8: values => Uint8Array.from(values),
  uint16: values => Uint16Array.from(values),
  uint32: values => Uint32Array.from(values),
} satisfies Partial<Record<NumericType, Make>>

/** Stores `values` for `rows` rows of `feature`. BAD_INPUT says what does not fit, and where. */
export function storeColumn(
  name: string,
  feature: Feature,
  values: ColumnValues,
  rows: number,
): StoredColumn {
  const width = feature.dtype === 'image' ? 1 : featureWidth(feature)
  if (values.length !== rows * width) {
    const each = width === 1 ? '' : ` of ${width} values each`
    throw bad(name, `${rows} rows${each}`, `${values.length} values`)
  }
  const { dtype } = feature
  if (dtype === 'string') return other(allOf(name, values, isText, 'a text'))
  if (dtype === 'image') return other(allOf(name, values, isPng(feature), pngWording(feature)))
  if (dtype === 'video') throw bad(name, 'video files', 'values in a table')
  const stored = storeNumbers(name, dtype, values)
  const numbers = Float64Array.from(stored as ArrayLike<number>, Number)
  return {
    ...{ values: stored, width, statistics: numericStatistics(numbers, width) },
    negativeZero: dtype.startsWith('float') && numbers.some(value => Object.is(value, -0)),
  }
}

const other = (values: ArrayLike<unknown>): StoredColumn => ({
  ...{ values, width: 1, negativeZero: false },
})

function storeNumbers(name: string, dtype: NumericType, values: ColumnValues): ArrayLike<unknown> {
  if (dtype === 'int64') {
    return BigInt64Array.from(allOf(name, values, isInt64, 'a 64-bit integer'), BigInt)
  }
  if (dtype === 'bool') return Array.from(allOf(name, values, isBoolean, 'a boolean'), Boolean)
  const numbers = allOf(name, values, isNumber, 'a number')
  if (dtype === 'float32') return Float32Array.from(numbers)
  if (dtype === 'float64') return Float64Array.from(numbers)
  const stored = integers[dtype](numbers)
  for (let at = 0; at < stored.length; at++) {
    if (stored[at] !== numbers[at]) throw bad(name, `${dtype} values`, String(numbers[at]))
  }
  return stored
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isBoolean = (value: unknown): value is boolean | 0 | 1 =>
  typeof value === 'boolean' || value === 0 || value === 1
const isInt64 = (value: unknown): value is number | bigint =>
  Number.isSafeInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)

/** The size in the header of a PNG file, behind its signature. */
const isPng =
  ({ shape: [height, width] }: Feature) =>
  (value: unknown): value is Uint8Array => {
    if (!(value instanceof Uint8Array) || value.length < 24) return false
    const view = new DataView(value.buffer, value.byteOffset, 24)
    if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return false
    return view.getUint32(16) === width && view.getUint32(20) === height
  }

const pngWording = ({ shape: [height, width] }: Feature): string => `a PNG of ${width}x${height}`

function allOf<T>(
  name: string,
  values: ColumnValues,
  test: (value: unknown) => value is T,
  wanted: string,
): ArrayLike<T> {
  for (let at = 0; at < values.length; at++) {
    if (!test(values[at])) throw bad(`${name}, value ${at}`, wanted, wordingOf(values[at]))
  }
  return values as ArrayLike<unknown> as ArrayLike<T>
}

const wordingOf = (value: unknown): string =>
  typeof value === 'object' ? `${value === null ? 'null' : value.constructor.name}` : String(value)

const bad = (where: string, expected: string, found: string): RollcastError =>
  new RollcastError('BAD_INPUT', `${where}: expected ${expected}, found ${found}`)

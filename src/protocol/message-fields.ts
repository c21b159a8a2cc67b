// Fields that several messages between viewers and the gateway have.
import * as v from 'valibot'

/**
 * A number, finite or not. Those that JSON cannot carry travel in it as the strings "NaN", "Infinity"
 * and "-Infinity".
 */
export const number = v.pipe(
  v.union([v.number(), v.nan(), v.picklist(['NaN', 'Infinity', '-Infinity'])]),
  v.transform(Number),
)

/** Numbers by any name but `__proto__`, which is passed over; valibot's record knows fewer names. */
export const numbersByName = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object'),
  v.transform(values => Object.entries(values).filter(([name]) => name !== '__proto__')),
  v.array(v.tuple([v.string(), number])),
  v.transform(entries => Object.fromEntries(entries)),
)

export const whole = v.pipe(v.number(), v.safeInteger())
export const count = v.pipe(whole, v.minValue(0))

export const position = v.object({ epoch: count, seq: count })

/** An array is none, though schemas of objects take it for one. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

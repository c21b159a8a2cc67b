// Fields that several messages between viewers and the gateway have.
import { z } from 'zod'

const nonFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
/**
 * A number, finite or not. Those that JSON cannot carry travel in it as the strings "NaN", "Infinity"
 * and "-Infinity".
 */
export const number = z
  .union([z.number(), z.literal(nonFinite), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .transform(value => Number(value))

export const count = z.number().int().nonnegative()

export const position = z.object({ epoch: count, seq: count })

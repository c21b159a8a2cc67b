// Which encoder has which camera: the n-th camera of the log is the n-th encoder's, and the last
// encoder has all that follow too.
import { limits } from './limits.ts'

export type EncoderName = 'encoder' | `encoder-${number}`

/** The name of the `number`-th encoder, from 1. */
const encoderName = (number: number): EncoderName =>
  number === 1 ? 'encoder' : `encoder-${number}`

/** The encoders that `cameras` cameras have, in their order. */
export const encoderNames = (cameras: number): EncoderName[] =>
  Array.from({ length: Math.min(cameras, limits.encodersMax) }, (_, at) => encoderName(at + 1))

/** Who has the camera that stands at `place` in the log, from 0. */
export const encoderOf = (place: number): EncoderName =>
  encoderName(Math.min(place + 1, limits.encodersMax))

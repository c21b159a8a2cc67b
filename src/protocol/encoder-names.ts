// Which encoder has which camera. Where video is made each camera has one of its own, in the order in
// which they appeared, and the last encoder has all that follow too. Frames that are only counted need
// no thread a camera: the first encoder has them all. Who has a camera is settled when it appears,
// because each encoder accounts for its cameras from where its own cursor stands.
import type { Layout } from './events.ts'
import { limits } from './limits.ts'

export type EncoderName = 'encoder' | `encoder-${number}`

/** The name of the `number`-th encoder, from 1. */
const encoderName = (number: number): EncoderName =>
  number === 1 ? 'encoder' : `encoder-${number}`

/** The first `count` encoders, in their order; all that there may be when it is more. */
export const encoderNames = (count: number): EncoderName[] =>
  Array.from({ length: Math.min(count, limits.encodersMax) }, (_, at) => encoderName(at + 1))

/** The encoder of each camera (`agent/camera`), by the layouts of a log in any order. */
export function encodersByCamera(layouts: Iterable<Layout>): ReadonlyMap<string, EncoderName> {
  const frames = [...layouts].filter(layout => layout.kind === 'frame')
  frames.sort((a, b) => a.layout - b.layout)
  const encoders = new Map<string, EncoderName>()
  let filmed = 0
  for (const { agent, camera, video } of frames) {
    const key = `${agent}/${camera}`
    if (encoders.has(key)) continue
    const number = video === false ? 1 : Math.min(++filmed, limits.encodersMax)
    encoders.set(key, encoderName(number))
  }
  return encoders
}

/** How many encoders these layouts need. */
export const countEncoders = (layouts: Iterable<Layout>): number =>
  new Set(encodersByCamera(layouts).values()).size

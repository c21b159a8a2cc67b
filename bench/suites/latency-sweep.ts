// How old a step, and a frame, is on arrival: with the number of viewers, each of which gets all that
// there is, and with the size of the frame.
import { FRAME, type Shape } from '../material.ts'
import { type BenchSettings, growthOf, type Sweep } from '../suite.ts'
import type { ViewerReport } from '../viewer.ts'
import { FRAMES_PER_SECOND, STEPS_PER_SECOND, watchRun } from '../watched-run.ts'

const VIEWERS = [1, 2, 4, 8, 16]
/** The first two travel as pixels, the others as JPEG. */
const shapes: readonly Shape[] = [
  { width: 84, height: 84 },
  FRAME,
  { width: 320, height: 240 },
  { width: 640, height: 480 },
]
const bytesOf = ({ width, height }: Shape): number => width * height * 3

export const latencySweep: Sweep = async settings => {
  const { small } = settings
  const viewers = small ? [1, 2] : VIEWERS
  const byViewers = await measure(viewers, settings, 'viewers', at => ({ viewers: at }))
  const sizes = new Map((small ? shapes.slice(0, 2) : shapes).map(shape => [bytesOf(shape), shape]))
  const bySize = await measure([...sizes.keys()], settings, 'bytes a frame', at => ({
    shape: sizes.get(at)!,
  }))
  const over = ['viewers', 'bytes a frame'] as const
  return {
    growth: [
      growthOf(
        'latency.p50_millis',
        'ms',
        over[0],
        by(byViewers, ({ states }) => states.p50),
      ),
      growthOf(
        'latency.p99_millis',
        'ms',
        over[0],
        by(byViewers, ({ states }) => states.p99),
      ),
      growthOf(
        'latency.frame_p50_millis',
        'ms',
        over[1],
        by(bySize, ({ frames }) => frames.p50),
      ),
      growthOf(
        'latency.frame_p99_millis',
        'ms',
        over[1],
        by(bySize, ({ frames }) => frames.p99),
      ),
    ],
    notes: [
      `${STEPS_PER_SECOND} steps/s and ${FRAMES_PER_SECOND} frames/s; every viewer, each a thread of` +
        ' this process, is a sample',
    ],
  }
}

type Reports = ReadonlyMap<number, readonly ViewerReport[]>

const by = (reports: Reports, value: (report: ViewerReport) => number): Map<number, number[]> =>
  new Map([...reports].map(([at, of]) => [at, of.map(value)]))

/** What viewers saw at each size, the sizes in turns. */
async function measure(
  sizes: readonly number[],
  { small, pairs, onProgress }: BenchSettings,
  over: string,
  options: (at: number) => { readonly viewers?: number; readonly shape?: Shape },
): Promise<Reports> {
  const rounds = pairs ?? (small ? 1 : 2)
  const reports = new Map<number, ViewerReport[]>(sizes.map(at => [at, []]))
  const fixed = { seconds: small ? 1 : 3, commitDelayMillis: 0, viewers: 1, shape: FRAME }
  for (let round = 0; round < rounds; round++) {
    for (const at of round % 2 === 0 ? sizes : sizes.toReversed()) {
      onProgress(`latency: ${at} ${over}, round ${round + 1} of ${rounds}`)
      reports.get(at)!.push(...(await watchRun({ ...fixed, ...options(at) })))
    }
  }
  return reports
}

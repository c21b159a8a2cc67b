// How old a step is when a viewer on this machine gets it, while the log is written at 2000 steps
// and 30 frames a second; and the same while every commit of the log takes a second. One clock for
// both ends; the viewer asks for the newest, at most 240 a second. And how old it is when it can be
// read back from what a browser has drawn (bench/pixels.ts).
import { assert } from '../../src/base/assert.ts'
import { Chromium, hasChromium } from '../chromium.ts'
import { describeTrips } from '../frame-trip.ts'
import { FRAME, type Shape } from '../material.ts'
import { type PixelReport, watchPixels } from '../pixels.ts'
import { inScratch } from '../scratch.ts'
import { quantileOf } from '../statistics.ts'
import { type BenchSettings, type Figure, figure, heapFigure, type SuiteResult } from '../suite.ts'
import type { ViewerReport } from '../viewer.ts'
import { FRAMES_PER_SECOND, STEPS_PER_SECOND, watchRun } from '../watched-run.ts'

const STALL_MILLIS = 1000
const STALL_MILLIS_SMALL = 100
/** The first goes to the page as pixels, the second as JPEG. */
const pixelShapes = [
  { width: 160, height: 210 },
  { width: 640, height: 480 },
] as const
const PIXELS_FPS = 60
/** So that what tests check holds on a machine that has other things to do. */
const PIXELS_FPS_SMALL = 10
const nameOf = ({ width, height }: Shape): string => `${width}x${height}`

export async function latency(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 4)
  const seconds = settings.small ? 1 : 5
  const stallMillis = settings.small ? STALL_MILLIS_SMALL : STALL_MILLIS
  const reports: ViewerReport[] = []
  const stalled: ViewerReport[] = []
  for (let round = 0; round < rounds; round++) {
    const watch = (commitDelayMillis: number): Promise<ViewerReport[]> => {
      const how = commitDelayMillis === 0 ? '' : ', the disk slow'
      settings.onProgress(`latency: round ${round + 1} of ${rounds}${how}`)
      return watchRun({ seconds, commitDelayMillis, viewers: 1, shape: FRAME })
    }
    const turns = [
      async () => reports.push(...(await watch(0))),
      async () => stalled.push(...(await watch(stallMillis))),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
  }
  const pixels = await readPixels(settings, rounds, seconds)
  const rate = (of: readonly ViewerReport[]): string =>
    (of.reduce((sum, { states }) => sum + states.count, 0) / (seconds * of.length)).toFixed(0)
  return {
    figures: [
      figure(
        'latency.p50_millis',
        'ms',
        reports.map(({ states }) => states.p50),
      ),
      figure(
        'latency.p99_millis',
        'ms',
        reports.map(({ states }) => states.p99),
      ),
      figure(
        'latency.max_millis',
        'ms',
        reports.map(({ states }) => states.max),
      ),
      figure(
        'latency.frame_p99_millis',
        'ms',
        reports.map(({ frames }) => frames.p99),
      ),
      figure(
        'latency.stalled_p50_millis',
        'ms',
        stalled.map(({ states }) => states.p50),
      ),
      figure(
        'latency.stalled_p99_millis',
        'ms',
        stalled.map(({ states }) => states.p99),
      ),
      ...pixels.figures,
      figure('latency.dropped', 'events', [0]),
      heapFigure('latency'),
    ],
    notes: [
      `${STEPS_PER_SECOND} steps/s of 200 B and ${FRAMES_PER_SECOND} frames/s for ${seconds} s,` +
        ` ${rounds} rounds each, with and without a stall in turns`,
      `the viewer got ${rate(reports)} states/s, ${rate(stalled)} with every commit taking` +
        ` ${stallMillis} ms`,
      'from the call of step() to the message at a WebSocket client in another thread',
      ...pixels.notes,
      'every round ends when the viewer has the last episode; the log is then read back in full',
    ],
  }
}

/** Step to drawn pixels in a browser, the sizes in turns. */
async function readPixels(
  settings: BenchSettings,
  rounds: number,
  seconds: number,
): Promise<SuiteResult> {
  if (!hasChromium()) return { figures: [], notes: ['no browser here: no figures of pixels'] }
  const fps = settings.small ? PIXELS_FPS_SMALL : PIXELS_FPS
  const reports = new Map<string, PixelReport[]>()
  await inScratch(async dir => {
    const browser = await Chromium.launch(dir)
    try {
      for (let round = 0; round < rounds; round++) {
        for (const shape of round % 2 === 0 ? pixelShapes : pixelShapes.toReversed()) {
          const which = `pixels ${nameOf(shape)}, round ${round + 1} of ${rounds}`
          settings.onProgress(`latency: ${which}`)
          const report = await watchPixels(browser, shape, { seconds, fps })
          assert(report.drawn > 0, `${nameOf(shape)}: something was drawn`)
          reports.set(nameOf(shape), [...(reports.get(nameOf(shape)) ?? []), report])
        }
      }
    } finally {
      await browser.close()
    }
  })
  const medians = (of: readonly PixelReport[], fraction: number): number[] =>
    of.map(({ ages }) => quantileOf(ages, fraction))
  const figures = [...reports].flatMap(([name, of]): Figure[] => [
    figure(`latency.pixels_${name}_millis`, 'ms', medians(of, 0.5)),
    figure(`latency.pixels_${name}_p99_millis`, 'ms', medians(of, 0.99)),
  ])
  const slower = [...reports].flatMap(([name, of]) => (name === '640x480' ? medians(of, 0.5) : []))
  const notes = [...reports].flatMap(([name, of]) => {
    const sum = (field: 'drawn' | 'recorded' | 'encoded') =>
      of.reduce((total, report) => total + report[field], 0)
    const trips = of.flatMap(report => report.trips)
    return [
      `pixels ${name}: ${sum('drawn')} of ${sum('recorded')} frames drawn at ${fps} a second, ${sum('encoded')} as JPEG`,
      `the way of a frame of ${name}, median (p99) in ms: ${describeTrips(trips)}`,
    ]
  })
  return { figures: [figure('latency.pixels_millis', 'ms', slower), ...figures], notes }
}

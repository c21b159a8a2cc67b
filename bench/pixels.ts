// From a step to its picture on the glass: each frame carries its number as black and white squares,
// and in the browser's drawing thread every draw is read back at once. What is measured is the time
// from before step() was called until the squares were read. The log is in memory: what the disk
// does to what is seen is measured elsewhere.
import { assert } from '../src/base/assert.ts'
import type { EpisodeRecorder } from '../src/runtime/episode-recorder.ts'
import { checkOptions } from '../src/runtime/options.ts'
import { type Run, start } from '../src/runtime/run.ts'
import type { BrowserPage, Chromium } from './chromium.ts'
import {
  type Draw,
  type Hop,
  installDrawProbe,
  installPageProbe,
  type Trip,
  tripOf,
} from './frame-trip.ts'
import { newScene, newStep, type Shape, varyStep } from './material.ts'
import { inScratch, MEMORY } from './scratch.ts'

const BITS = 16
/** Pixels a side of a square: large enough for JPEG to leave its middle alone. */
const SQUARE = 8
/** What is drawn while the page and the encoder get going is not measured. */
const WARM_SECONDS = 1.5
/** What takes longer than this to be drawn counts as not drawn. */
const REST_MILLIS = 1_000
/** The trainer's timers are up to a millisecond late; from here on it spins. */
const SPIN_MILLIS = 1.5

export interface PixelReport {
  /** Milliseconds from step to pixels, of each frame that was drawn. */
  readonly ages: readonly number[]
  /** The way of each of them. */
  readonly trips: readonly Trip[]
  /** Frames that were drawn, of those that were recorded. */
  readonly drawn: number
  readonly recorded: number
  /** Pictures that were made for the viewer. */
  readonly encoded: number
}

/** Records frames of that size at `fps` for `seconds`, with the page open in the browser. */
export function watchPixels(
  browser: Chromium,
  shape: Shape,
  { seconds, fps }: { readonly seconds: number; readonly fps: number },
): Promise<PixelReport> {
  return inScratch(
    async dir => {
      const options = checkOptions({
        dir,
        live: { port: 0 },
        handleSignals: false,
        closeMillisMax: 60_000,
      })
      const run = await start(options, { faults: false })
      assert(run.url !== null, 'the run is shown live')
      const page = await browser.open(run.url, `(${installPageProbe})()`)
      const worker = await page.worker
      const recorder = run.recorder('agent')
      await untilDrawn(recorder, shape, page)
      await worker.evaluate(`(${installDrawProbe})(${BITS}, ${SQUARE})`)
      const warm = Math.ceil(WARM_SECONDS * fps)
      const frames = Math.ceil(seconds * fps) + warm
      const stepped = await record(recorder, shape, frames, fps)
      const draws = await worker.evaluate<Draw[]>('rollcastDraws()')
      const hops = await page.evaluate<Hop[]>('rollcastHops')
      const theirError = await worker.evaluate<number>(`(${wallError})()`)
      const encoded = orderedPictures(run)
      await page.close()
      await run.close()
      const ourError = wallError()
      const measured = firstDraws(draws, frames).filter(({ number }) => number >= warm)
      // By the page's clock.
      const steppedAt = (number: number): number => stepped[number]! - ourError + theirError
      const ages = measured.map(({ readAt, number }) => readAt - steppedAt(number))
      const hopOf = new Map(hops.map(hop => [hop.hand, hop]))
      const trips = measured.map(draw => {
        const hop = hopOf.get(draw.hand)
        assert(hop, `frame ${draw.number} was drawn, so it was handed over`)
        const serverMillis = theirError - ourError
        const capturedAt = hop.capturedAt + serverMillis
        const sentAt = hop.sentAt + serverMillis
        return tripOf(steppedAt(draw.number), { ...hop, capturedAt, sentAt }, draw)
      })
      return { ages, trips, drawn: ages.length, recorded: frames - warm, encoded }
    },
    false,
    MEMORY,
  )
}

/** Frames that were handed out to be made into pictures so far. */
export function orderedPictures(run: Run): number {
  const broadcaster = run.status?.actors.find(({ name }) => name === 'broadcaster')
  const channel = broadcaster?.channels.find(({ name }) => name === 'broadcaster.stills')
  assert(channel, 'the broadcaster tells of its channels')
  return channel.offered
}

/** The draws that showed a frame for the first time; numbers only rise. */
function firstDraws(draws: readonly Draw[], frames: number): Draw[] {
  let last = -1
  return draws.filter(({ number }) => {
    assert(number >= last && number < frames, `frame ${number} was drawn after ${last}`)
    const isFirst = number > last
    last = number
    return isFirst
  })
}

/**
 * Shows a frame again and again. A drawing thread that is looked into before its script has begun
 * stays without what browsers keep for secure contexts.
 */
async function untilDrawn(
  recorder: EpisodeRecorder,
  shape: Shape,
  page: BrowserPage,
): Promise<void> {
  const step = newStep()
  const scene = newScene(shape)
  stamp(scene, shape, 0)
  recorder.begin()
  do {
    recorder.step(step)
    recorder.frame({ ...shape, data: scene })
    await new Promise(resolve => setTimeout(resolve, 1000 / 60))
  } while (!(await page.evaluate<boolean>('rollcastHasDrawn')))
  recorder.end()
}

/** One episode, and a moment for its last frame; returns when each step was, Unix milliseconds. */
async function record(
  recorder: EpisodeRecorder,
  shape: Shape,
  frames: number,
  fps: number,
): Promise<number[]> {
  const step = newStep()
  const scene = newScene(shape)
  const stepped: number[] = []
  recorder.begin()
  const startedAt = performance.now()
  for (let index = 0; index < frames; index++) {
    const due = startedAt + (index * 1000) / fps
    const early = due - performance.now() - SPIN_MILLIS
    if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
    while (performance.now() < due) {}
    varyStep(step, index)
    stamp(scene, shape, index)
    stepped.push(performance.timeOrigin + performance.now())
    recorder.step(step)
    recorder.frame({ ...shape, data: scene })
  }
  await new Promise(resolve => setTimeout(resolve, REST_MILLIS))
  recorder.end()
  return stepped
}

/** Writes the frame's number into its upper left corner. */
function stamp(pixels: Uint8Array, { width }: Shape, number: number): void {
  for (let y = 0; y < SQUARE; y++) {
    for (let x = 0; x < BITS * SQUARE; x++) {
      const isSet = (number >> Math.floor(x / SQUARE)) & 1
      pixels.fill(isSet ? 255 : 0, (y * width + x) * 3, (y * width + x + 1) * 3)
    }
  }
}

/** How far this thread's clock is from the machine's; the same error in every thread is none. */
function wallError(): number {
  let least = Number.POSITIVE_INFINITY
  const until = performance.now() + 20
  // Date.now() is cut to whole milliseconds: right after a tick it is exact. It is asked first, so
  // that a thread which is interrupted in between finds a greater difference, and not a smaller one.
  while (performance.now() < until) {
    const date = Date.now()
    least = Math.min(least, performance.timeOrigin + performance.now() - date)
  }
  return least
}

// The fast lane: what a publication costs beside copying the same bytes, how long a frame takes to a
// reader in another thread, and whether any of ten million is torn.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { assert } from '../../src/base/assert.ts'
import { copyBytes } from '../../src/base/copy-bytes.ts'
import {
  createLane,
  type LaneFrame,
  openLane,
  openSlots,
  SLOT_HEADER_BYTES,
} from '../../src/streams/fast-lane/layout.ts'
import { LaneReader } from '../../src/streams/fast-lane/reader.ts'
import { LaneWriter } from '../../src/streams/fast-lane/writer.ts'
import { hammerLane } from '../hammer-lane.ts'
import { interleave } from '../interleave.ts'
import type { LaneReport, LaneTask } from '../lane.thread.ts'
import { quantileOf } from '../statistics.ts'
import {
  type BenchSettings,
  comparedFigure,
  describeRatios,
  type Figure,
  figure,
  growthOf,
  heapFigure,
  type SuiteResult,
  type Sweep,
} from '../suite.ts'
import { monotonicMillis } from '../viewer.ts'

interface Size {
  readonly name: string
  readonly width: number
  readonly height: number
}

const sizes: readonly Size[] = [
  { name: '160x210', width: 160, height: 210 },
  { name: '640x480', width: 640, height: 480 },
]
/** Of the sweep: what environments and cameras usually give. */
const sweptSizes = ['84x84', '160x210', '320x240', '640x480', '1280x720'].map(name => {
  const [width = 0, height = 0] = name.split('x').map(Number)
  return { name, width, height }
})
const FRAMES_PER_SECOND = 60
/** One in so many of the hammer's frames is a real one; the others have 1 KiB. */
const hammered = [
  { bytes: 1024, every: 1 },
  { bytes: 160 * 210 * 3, every: 200 },
  { bytes: 640 * 480 * 3, every: 2000 },
]

export async function fastlane(settings: BenchSettings): Promise<SuiteResult> {
  const rounds = settings.pairs ?? (settings.small ? 1 : 15)
  const [ratios, ages]: [Figure[], Figure[]] = [[], []]
  const figures: Figure[] = []
  const notes: string[] = []
  for (const size of sizes) {
    settings.onProgress(`fastlane: publishing ${size.name}`)
    const { lane, memcpy, hot } = await publish(size, rounds, settings.small ? 70 : 640)
    const own = figure(`fastlane.publish_micros_${size.name}`, 'us', lane)
    figures.push(comparedFigure(own, 'memcpy', lane, memcpy))
    const name = `fastlane.publish_ratio_${size.name}`
    const shares = lane.map((sample, i) => sample / memcpy[i]!)
    ratios.push(comparedFigure(figure(name, 'x', shares), 'memcpy', lane, memcpy))
    notes.push(describeRatios(own.name, 'memcpy into one place', lane, hot))
    settings.onProgress(`fastlane: ages of ${size.name}`)
    const watched: Watched[] = []
    for (let round = 0; round < Math.ceil(rounds / 5); round++) {
      watched.push(await watch(size, settings.small ? 30 : 600))
    }
    const at = (part: number) => watched.map(round => quantileOf(round.ages, part))
    const woken = watched.map(round => quantileOf(round.calls, 0.5))
    figures.push(figure(`fastlane.waking_micros_${size.name}`, 'us', woken))
    figures.push(figure(`fastlane.p50_micros_${size.name}`, 'us', at(0.5)))
    ages.push(figure(`fastlane.p99_micros_${size.name}`, 'us', at(0.99)))
  }
  const unwanted = await passOver(rounds, settings.small ? 1000 : 1_000_000)
  settings.onProgress('fastlane: reads beside a producer at full speed')
  const torn = await hammerLane({
    reads: settings.small ? 20_000 : settings.brief ? 1_000_000 : 10_000_000,
    cameras: hammered,
  })
  assert(torn.stale === 0 && torn.hudTorn === 0, 'frames come in order, and the HUD whole')
  return {
    figures: [
      ...[...figures, ...ratios, ...ages],
      { ...largest(ratios), name: 'fastlane.publish_ratio' },
      { ...largest(ages), name: 'fastlane.p99_micros' },
      figure('fastlane.unwanted_nanos', 'ns', unwanted),
      figure('fastlane.torn_frames', 'frames', [torn.torn]),
      heapFigure('fastlane'),
    ],
    notes: [
      ...notes,
      'memcpy: the same bytes into shared memory, at the places of as many slots in turn',
      'publish_ratio and p99_micros without a size: the larger one of both sizes',
      `p50, p99: from the call of publish() to the copy in the reader's hand, in another thread that` +
        ` waits as the broadcaster does; ${FRAMES_PER_SECOND} Hz`,
      'waking_micros: the median of the same calls, each of which wakes the reader',
      'unwanted_nanos: what a frame that nobody wants pays, the loop around it included',
      `torn_frames: of ${torn.reads} reads, ${torn.published} published, 16 slots; 1 KiB, 160x210` +
        ' one in 200 and 640x480 one in 2000; every line of 64 bytes is looked at',
    ],
  }
}

function largest(figures: readonly Figure[]): Figure {
  const found = figures.toSorted((a, b) => b.median - a.median)[0]
  assert(found, 'a figure of each size')
  return found
}

const frameOf = ({ width, height }: Size) => ({
  ...{ layout: 1, width, height, episode: 1, step: 1, index: 1, time: 1 },
  format: 'rgb8' as const,
  pixels: Uint8Array.from({ length: width * height * 3 }, (_, i) => i * 31),
})

/** Microseconds of a publication, and of copying its bytes into as many places, or into one. */
async function publish(size: Size, rounds: number, frames: number) {
  const frame = frameOf(size)
  const { pixels } = frame
  const lane = createLane()
  const writer = new LaneWriter(lane)
  writer.publish(frame)
  const slots = openSlots(openLane(lane))
  assert(slots, 'the first frame makes the slots')
  const { slotBytes, slotCount } = slots
  const peer = new Uint8Array(new SharedArrayBuffer(slotBytes * slotCount)).fill(1)
  const copy = (places: number) => async (): Promise<number> =>
    timed(frames, index => {
      copyBytes(peer, (index % places) * slotBytes + SLOT_HEADER_BYTES, pixels)
    })
  const samples = await interleave(
    {
      lane: async () => timed(frames, () => writer.publish(frame)),
      memcpy: copy(slotCount),
      hot: copy(1),
    },
    rounds,
    () => {},
  )
  const [shown] = new LaneReader(lane).take()
  assert(shown && equal(shown.pixels, pixels), 'the newest frame is the one given')
  const last = (((frames - 1) % slotCount) * slotBytes + SLOT_HEADER_BYTES) | 0
  assert(equal(peer.subarray(last, last + pixels.length), pixels), 'memcpy copies')
  return samples
}

const equal = (a: LaneFrame['pixels'], b: LaneFrame['pixels']): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

/** Nanoseconds of a frame while nobody watches. */
async function passOver(rounds: number, frames: number): Promise<number[]> {
  const stream = new LaneWriter(createLane()).stream(1)
  let due = 0
  const { unwanted } = await interleave(
    {
      unwanted: async () =>
        1000 *
        timed(frames, index => {
          if (stream.isDue(index)) due++
        }),
    },
    rounds,
    () => {},
  )
  assert(due === 0, 'nobody wants any')
  return unwanted
}

/** Mean microseconds of so many calls. */
function timed(calls: number, call: (index: number) => void): number {
  const startedAt = performance.now()
  for (let index = 0; index < calls; index++) call(index)
  return (1000 * (performance.now() - startedAt)) / calls
}

/** Microseconds of each frame: until it was in the reader's hand, and inside the call. */
interface Watched {
  readonly ages: readonly number[]
  readonly calls: readonly number[]
}

/** So many frames at a slow pace, and a reader in another thread. */
async function watch(size: Size, frames: number): Promise<Watched> {
  const lane = createLane()
  const writer = new LaneWriter(lane)
  const task: LaneTask = { run: 'age', lane }
  const worker = new Worker(new URL('../lane.thread.ts', import.meta.url), { workerData: task })
  const ended = once(worker, 'exit')
  await once(worker, 'message')
  const reported = once(worker, 'message') as Promise<[LaneReport]>
  const frame = frameOf(size)
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  const calls: number[] = []
  for (let index = 0; index < frames; index++) {
    // No frame makes up for one that was late: two at once are no pace.
    Atomics.wait(sleep, 0, 0, 1000 / FRAMES_PER_SECOND)
    const placed = { ...frame, step: index, index, time: monotonicMillis() }
    const calledAt = performance.now()
    writer.publish(placed)
    calls.push(1000 * (performance.now() - calledAt))
  }
  writer.close()
  const [report] = await reported
  await ended
  // On a busy machine the reader may find two at once, and takes the newer one.
  assert('ages' in report && report.ages.length >= frames / 2, 'the reader has seen the frames')
  return { ages: report.ages, calls }
}

/** How a publication goes with the size of the frame. */
export const fastlaneSweep: Sweep = async settings => {
  const rounds = settings.pairs ?? (settings.small ? 1 : 8)
  const lanes = new Map<number, number[]>()
  const copies = new Map<number, number[]>()
  for (const size of sweptSizes) {
    settings.onProgress(`fastlane: publishing ${size.name}`)
    const { lane, memcpy } = await publish(size, rounds, settings.small ? 20 : 320)
    const bytes = size.width * size.height * 3
    lanes.set(bytes, lane)
    copies.set(bytes, memcpy)
  }
  return {
    growth: [
      growthOf('fastlane.publish_micros', 'us', 'bytes a frame', lanes),
      growthOf('memcpy_micros', 'us', 'bytes a frame', copies),
    ],
    notes: ['memcpy: the same bytes into shared memory, at the places of as many slots in turn'],
  }
}

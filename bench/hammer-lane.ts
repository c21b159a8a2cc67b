// A fast lane with a producer and a reader that make no pause: is any frame torn?
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { alignUp } from '../src/base/bytes.ts'
import { createLane } from '../src/streams/fast-lane/layout.ts'
import { LaneReader } from '../src/streams/fast-lane/reader.ts'
import { LaneGauge } from '../src/streams/fast-lane/status.ts'
import type { HammerCamera, LaneTask } from './lane.thread.ts'
import { isWhole } from './tagged-frame.ts'

/** So few slots that the reader is overtaken again and again, and so many that it gets through. */
const SLOTS = 16

export interface HammerOptions {
  /** Frames that the reader is to get. */
  readonly reads: number
  readonly cameras: readonly HammerCamera[]
  /** Ends earlier after so long: a machine that is busy has no time for a race. Default: no limit. */
  readonly millisMax?: number
  /** Ends with the first torn frame. */
  readonly untilTorn?: boolean
  /** Options of Node for the producer. */
  readonly execArgv?: string[]
}

export interface HammerOutcome {
  readonly reads: number
  readonly torn: number
  /** Frames that were not newer than the one of their camera before. */
  readonly stale: number
  readonly hudReads: number
  readonly hudTorn: number
  readonly published: number
  readonly skipped: number
}

export async function hammerLane(options: HammerOptions): Promise<HammerOutcome> {
  const { cameras, millisMax = Number.POSITIVE_INFINITY, execArgv = [] } = options
  const lane = createLane(SLOTS * alignUp(64 + Math.max(...cameras.map(({ bytes }) => bytes)), 64))
  const stop = new SharedArrayBuffer(4)
  const task: LaneTask = { run: 'hammer', lane, stop, cameras }
  const entry = new URL('./lane.thread.ts', import.meta.url)
  const worker = new Worker(entry, { workerData: task, execArgv })
  const ended = once(worker, 'exit')
  const found = { reads: 0, torn: 0, stale: 0, hudReads: 0, hudTorn: 0 }
  const reader = new LaneReader(lane)
  const gauge = new LaneGauge(lane)
  const newest = cameras.map(() => 0)
  const endsAt = performance.now() + millisMax
  const isOver = (): boolean =>
    found.reads >= options.reads ||
    (options.untilTorn === true && found.torn > 0) ||
    performance.now() >= endsAt
  while (!isOver()) {
    const frames = reader.take()
    for (const frame of frames) {
      found.reads++
      if (!isWhole(frame)) found.torn++
      if (frame.index <= newest[frame.layout - 1]!) found.stale++
      newest[frame.layout - 1] = frame.index
      reader.release(frame)
    }
    const hud = gauge.hud()
    if (hud !== undefined) {
      found.hudReads++
      if (Object.values(hud).some(value => value !== hud.time)) found.hudTorn++
    }
    // The producer may have no processor: looking again and again would keep it from getting one.
    if (frames.length === 0) reader.waitSync(100)
  }
  Atomics.store(new Int32Array(stop), 0, 1)
  await ended
  const { published, skipped } = gauge.status()
  return { ...found, published, skipped }
}

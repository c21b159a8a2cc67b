// The other end of a fast lane, in a thread of its own: a producer without a pause, or a reader that
// notes how old frames are when it has them.
import { parentPort, workerData } from 'node:worker_threads'
import { LaneReader } from '../src/streams/fast-lane/reader.ts'
import { LaneGauge } from '../src/streams/fast-lane/status.ts'
import { LaneWriter } from '../src/streams/fast-lane/writer.ts'
import { taggedFrame } from './tagged-frame.ts'
import { monotonicMillis } from './viewer.ts'

/** A camera of the hammer: its frames have so many bytes (a multiple of 4), one in `every`. */
export interface HammerCamera {
  readonly bytes: number
  readonly every: number
}

export type LaneTask = { readonly lane: SharedArrayBuffer } & (
  | {
      readonly run: 'hammer'
      /** The last one that is due is published: the first has `every` 1. */
      readonly cameras: readonly HammerCamera[]
      /** One word: 1 when the producer is to end. */
      readonly stop: SharedArrayBuffer
    }
  /** Reads until the producer closes. */
  | { readonly run: 'age' }
)

/** Posted by the reader: first that it is there, then how old frames were, in microseconds. */
export type LaneReport = { readonly ready: true } | { readonly ages: readonly number[] }

function hammer(task: Extract<LaneTask, { run: 'hammer' }>): void {
  const writer = new LaneWriter(task.lane)
  const stop = new Int32Array(task.stop)
  const frames = task.cameras.map(({ bytes }, i) => taggedFrame(i + 1, bytes, 0))
  const bytesMax = Math.max(...task.cameras.map(({ bytes }) => bytes))
  for (let tag = 1; Atomics.load(stop, 0) === 0; tag++) {
    const frame = frames[task.cameras.findLastIndex(({ every }) => tag % every === 0)]!
    new Uint32Array(frame.pixels.buffer).fill(tag)
    writer.publish({ ...frame, episode: tag, step: tag, index: tag, time: tag }, bytesMax)
    writer.publishHud({
      ...{ layout: tag, episode: tag, step: tag, lastReward: tag, meanReward: tag },
      ...{ stepsPerSecond: tag, loss: tag, time: tag },
    })
  }
  writer.close()
}

async function age({ lane }: Extract<LaneTask, { run: 'age' }>): Promise<void> {
  const reader = new LaneReader(lane)
  const gauge = new LaneGauge(lane)
  const ages: number[] = []
  const tell = (report: LaneReport): void => parentPort?.postMessage(report)
  tell({ ready: true })
  // A wait on shared memory does not keep a thread alive by itself.
  const keepAlive = setInterval(() => {}, 60_000)
  while (gauge.status().running) {
    await reader.wait(100)
    for (const frame of reader.take()) {
      ages.push(1000 * (monotonicMillis() - frame.time))
      reader.release(frame)
    }
  }
  clearInterval(keepAlive)
  tell({ ages })
}

async function runTask(task: LaneTask): Promise<void> {
  if (task.run === 'hammer') hammer(task)
  else await age(task)
}

if (parentPort) await runTask(workerData as LaneTask)

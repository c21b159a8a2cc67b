// A producer of a lane that dies in the middle of a publication: by ending its own thread there, or
// by standing still there until it is terminated.
import { workerData } from 'node:worker_threads'
import { taggedFrame } from '../../../bench/tagged-frame.ts'
import { LaneWriter } from '../../../src/streams/fast-lane/writer.ts'

/** The steps of a publication, in their order; death comes before the named one. */
export const steps = ['number', 'copy', 'even', 'head', 'notify', 'hud', 'hudEven'] as const
export type Step = (typeof steps)[number]

export interface LaneProducerTask {
  readonly lane: SharedArrayBuffer
  /** Which of the producers of this lane; from 1. */
  readonly life: number
  /** Frames that are published whole before the last one. */
  readonly frames: number
  readonly step: Step
  readonly how: 'exit' | 'terminate'
  /** Two words, 0 at first: the producer may begin; it stands still and waits to be terminated. */
  readonly signals: SharedArrayBuffer
}

export const MAY_BEGIN = 0
export const STANDS_STILL = 1
export const FRAME_BYTES = 20_000

/** What every word of a producer's frame is. */
export const tagOf = (life: number, index: number): number => life * 1000 + index

function produce(task: LaneProducerTask): void {
  const { lane, life, frames, step: last, signals } = task
  let dying = false
  const atStep = (step: Step): void => {
    if (dying && step === last) die(task)
  }
  Atomics.wait(new Int32Array(signals), MAY_BEGIN, 0)
  // Called from where the campaign has planted it in the writer.
  Object.assign(globalThis, { atStep })
  const writer = new LaneWriter(lane)
  for (let index = 1; ; index++) {
    dying = index > frames
    const tag = tagOf(life, index)
    writer.publish(taggedFrame(1, FRAME_BYTES, tag))
    writer.publishHud({
      ...{ layout: tag, episode: tag, step: tag, lastReward: tag, meanReward: tag },
      ...{ stepsPerSecond: tag, loss: tag, time: tag },
    })
  }
}

function die({ how, signals }: LaneProducerTask): void {
  if (how === 'exit') process.exit()
  const words = new Int32Array(signals)
  Atomics.store(words, STANDS_STILL, 1)
  Atomics.notify(words, STANDS_STILL)
  for (;;) Atomics.wait(words, STANDS_STILL, 1)
}

if (workerData) produce(workerData as LaneProducerTask)

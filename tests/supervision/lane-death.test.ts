// F6: a producer dies at each step of a publication on the fast lane. Readers pass over what it left
// half-written and wait for nothing; the next producer repairs it and goes on.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { isWhole } from '../../bench/tagged-frame.ts'
import { createLane } from '../../src/streams/fast-lane/layout.ts'
import { LaneReader } from '../../src/streams/fast-lane/reader.ts'
import { LaneGauge } from '../../src/streams/fast-lane/status.ts'
import { figure } from '../faults/figures.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs } from '../faults/tier.ts'
import {
  FRAME_BYTES,
  type LaneProducerTask,
  MAY_BEGIN,
  STANDS_STILL,
  type Step,
  steps,
  tagOf,
} from './programs/lane-producer.thread.ts'

const WRITER = 'src/streams/fast-lane/writer.ts'

/** Before this line of the writer, a producer may die at that step. */
const before = (step: Step, line: string): Plant => {
  return { file: WRITER, find: line, replace: `globalThis.atStep('${step}')\n${line}` }
}

const deaths: readonly Plant[] = [
  before('number', 'words[at + SLOT_NUMBER] = this.#head'),
  {
    file: WRITER,
    find: 'copyBytes(bytes, start + SLOT_HEADER_BYTES, frame.pixels)',
    replace: `copyBytes(bytes, start + SLOT_HEADER_BYTES, frame.pixels.subarray(0, 9000))
      globalThis.atStep('copy')
      copyBytes(bytes, start + SLOT_HEADER_BYTES, frame.pixels)`,
  },
  before('even', 'Atomics.store(words, at + SLOT_SEQUENCE, (odd + 1) | 0)'),
  before('head', 'Atomics.store(words, WORD_HEAD, this.#head)'),
  before('notify', 'Atomics.notify(words, WORD_HEAD)'),
  before('hud', 'words[WORD_HUD + 2] = hud.episode'),
  before('hudEven', 'Atomics.store(words, WORD_HUD, (odd + 1) | 0)'),
]

/** A producer that repairs nothing: what its predecessor left odd stays odd. */
const repairsNothing: Plant = { file: WRITER, find: 'this.#repair()', replace: '' }

const failures: unknown[] = []

afterEach(() => {
  expect(failures.splice(0)).toEqual([])
})

/** Runs a producer to its death. */
async function live(task: Omit<LaneProducerTask, 'signals'>, plants: readonly Plant[]) {
  const signals = new SharedArrayBuffer(8)
  const words = new Int32Array(signals)
  const worker = new Worker(new URL('./programs/lane-producer.thread.ts', import.meta.url), {
    workerData: { ...task, signals } satisfies LaneProducerTask,
    execArgv: plantArgv(plants),
  })
  const ended = once(worker, 'exit')
  worker.once('error', error => failures.push(error))
  Atomics.store(words, MAY_BEGIN, 1)
  Atomics.notify(words, MAY_BEGIN)
  if (task.how === 'terminate') {
    await Promise.race([Atomics.waitAsync(words, STANDS_STILL, 0).value, ended])
    await worker.terminate()
  }
  await ended
}

interface Outcome {
  reads: number
  torn: number
  /** Lives whose last whole frame was not the newest one that could be read after their death. */
  missed: number
  /** Slots and HUDs that were left half-written, and those that were repaired. */
  halves: number
  repaired: number
  hudTorn: number
  takeMillisMax: number
}

async function campaign(
  lives: readonly Pick<LaneProducerTask, 'step' | 'how'>[],
  frames: number,
  plants = deaths,
): Promise<Outcome> {
  // Four slots: every one of them has been written, and dies, again and again.
  const lane = createLane(4 * (FRAME_BYTES + 128))
  const reader = new LaneReader(lane)
  const gauge = new LaneGauge(lane)
  const outcome: Outcome = {
    ...{ reads: 0, torn: 0, missed: 0, halves: 0, repaired: 0, hudTorn: 0, takeMillisMax: 0 },
  }
  let newest = 0

  function takeAll(): void {
    const startedAt = performance.now()
    const taken = reader.take()
    outcome.takeMillisMax = Math.max(outcome.takeMillisMax, performance.now() - startedAt)
    for (const frame of taken) {
      outcome.reads++
      if (!isWhole(frame)) outcome.torn++
      newest = frame.index
    }
    const hud = gauge.hud()
    if (hud && hud.layout !== 0 && new Set(Object.values(hud)).size !== 1) outcome.hudTorn++
  }

  for (const [i, way] of lives.entries()) {
    let over = false
    const dying = live({ lane, life: i + 1, frames, ...way }, plants).finally(() => {
      over = true
      reader.wake()
    })
    while (!over) {
      await reader.wait(50)
      takeAll()
    }
    await dying
    takeAll()
    const isPublished = steps.indexOf(way.step) >= steps.indexOf('notify')
    if (newest !== tagOf(i + 1, isPublished ? frames + 1 : frames)) outcome.missed++
    if (!['head', 'notify'].includes(way.step)) outcome.halves++
  }
  // The last one's is repaired by whoever comes next, who dies of nothing.
  await live({ lane, life: lives.length + 1, frames: 3, step: 'head', how: 'exit' }, plants)
  takeAll()
  if (newest !== tagOf(lives.length + 1, 3)) outcome.missed++
  return { ...outcome, repaired: gauge.status().repaired }
}

const each = runs(3, 30)
const lives = Array.from({ length: each * 2 * steps.length }, (_, life) => ({
  step: steps[life % steps.length]!,
  how: life % (2 * steps.length) < steps.length ? ('exit' as const) : ('terminate' as const),
}))

test(
  `F6 a producer dies at each of ${steps.length} steps, ${2 * each} times: readers go on, the next repairs`,
  async () => {
    const { halves, repaired, ...outcome } = await campaign(lives, 50)
    figure('F6', { deaths: lives.length, halves, repaired, ...outcome })
    expect(outcome).toMatchObject({ torn: 0, missed: 0, hudTorn: 0 })
    expect(repaired).toBe(halves)
    expect(outcome.reads).toBeGreaterThanOrEqual(lives.length)
  },
  runs(60_000, 600_000),
)

test('F6 the campaign notices a producer that repairs nothing', async () => {
  const { repaired, halves } = await campaign(lives.slice(0, 3), 20, [...deaths, repairsNothing])
  expect(halves).toBe(3)
  expect(repaired).toBe(0)
})

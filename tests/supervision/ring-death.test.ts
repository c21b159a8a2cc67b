// S5: a producer dies at each step of a ring write. What it published is read, once, whole and in
// order; what it had not is never seen; nobody waits for it; the next producer goes on.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { Histogram } from '../../src/base/histogram.ts'
import { createRing } from '../../src/streams/ring/layout.ts'
import { RingReader } from '../../src/streams/ring/reader.ts'
import { figure } from '../faults/figures.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs, tier } from '../faults/tier.ts'
import {
  MAY_BEGIN,
  type ProducerTask,
  readPayload,
  STANDS_STILL,
  type Step,
  steps,
} from './programs/ring-producer.thread.ts'

const WRITER = 'src/streams/ring/writer.ts'

/** Before this line of the writer, a producer may die at that step. */
const before = (step: Step, line: string): Plant => {
  return { file: WRITER, find: line, replace: `globalThis.atStep('${step}')\n${line}` }
}

const deaths: readonly Plant[] = [
  before('reserve', 'this.#claimBytes = lengthBytes'),
  before('header', 'this.words[this.#claimIndex + 1] = tag'),
  before('publish', 'Atomics.store(this.words, WORD_HEAD, this.#head)'),
  before('notify', 'if (Atomics.load(this.words, WORD_CONSUMER) === CONSUMER_ASLEEP) this'),
]

/** A writer that publishes a record before its header stands. */
const publishesTooEarly: readonly Plant[] = [
  {
    file: WRITER,
    find: 'this.words[this.#claimIndex] = this.#claimBytes',
    replace: `Atomics.store(this.words, WORD_HEAD, this.#claimEnd)
      globalThis.atStep('header')
      this.words[this.#claimIndex] = this.#claimBytes`,
  },
]

interface Outcome {
  reads: number
  /** What was read and is no whole record, or stopped the reader. */
  torn: number
  missing: number
  unexpected: number
  /** Of one `read`: time on this thread's processor, milliseconds. */
  readonly read: Histogram
  /** From the end of a producer to the first record of the next, milliseconds. */
  readonly usable: Histogram
}

/** A producer that is ready to begin. */
function ready(task: Omit<ProducerTask, 'signals'>, plants: readonly Plant[]) {
  const signals = new SharedArrayBuffer(8)
  const words = new Int32Array(signals)
  const worker = new Worker(new URL('./programs/ring-producer.thread.ts', import.meta.url), {
    workerData: { ...task, signals } satisfies ProducerTask,
    execArgv: plantArgv(plants),
  })
  const ended = once(worker, 'exit')
  worker.once('error', error => failures.push(error))
  return {
    /** Lets it write; resolves when it has died. */
    async live(): Promise<void> {
      Atomics.store(words, MAY_BEGIN, 1)
      Atomics.notify(words, MAY_BEGIN)
      if (task.how === 'terminate') {
        await Promise.race([Atomics.waitAsync(words, STANDS_STILL, 0).value, ended])
        await worker.terminate()
      }
      await ended
    },
    terminate: (): Promise<unknown> => worker.terminate(),
  }
}

const failures: unknown[] = []

afterEach(() => {
  expect(failures.splice(0)).toEqual([])
})

const cpuMillis = (): number => process.threadCpuUsage().user / 1000

/** Reads for ever what one producer after the other writes, and judges every record. */
async function campaign(
  lives: readonly Pick<ProducerTask, 'step' | 'how'>[],
  records: number,
  plants = deaths,
): Promise<Outcome> {
  const buffer = createRing({ capacityBytes: 1 << 15, ringId: 1, startPosition: 2 ** 32 - 2 ** 20 })
  const reader = new RingReader(buffer)
  const outcome: Outcome = {
    ...{ reads: 0, torn: 0, missing: 0, unexpected: 0 },
    ...{ read: new Histogram(), usable: new Histogram() },
  }
  let expected = { life: 1, index: 0 }
  let endedAt = Number.NaN
  let over = false

  /** Whoever of us two comes to what is torn first. */
  function readAll(): void {
    try {
      readOn()
    } catch {
      outcome.torn++
      over = true
    }
  }

  function readOn(): void {
    for (;;) {
      const startedAt = cpuMillis()
      const found = reader.read()
      outcome.read.record(cpuMillis() - startedAt)
      if (!found) return
      outcome.reads++
      const { byteOffset, lengthBytes } = reader
      judge(readPayload(reader.bytes.subarray(byteOffset, byteOffset + lengthBytes)))
      reader.release(reader.position)
    }
  }

  function judge(record: { life: number; index: number } | undefined): void {
    if (record === undefined) outcome.torn++
    else if (record.life === expected.life && record.index === expected.index) expected.index++
    else outcome.unexpected++
    if (record?.index === 0 && record.life > 1) outcome.usable.record(performance.now() - endedAt)
  }

  async function consume(): Promise<void> {
    while (!over) {
      await reader.waitForData(50)
      readAll()
    }
  }

  const consuming = consume()
  const producerOf = (life: number) => {
    const way = lives[life - 1]
    return way && ready({ buffer, life, records, ...way }, plants)
  }
  let next = producerOf(1)
  for (let life = 1; next !== undefined && !over; life++) {
    const living = next
    const { step } = lives[life - 1]!
    expected = { life, index: 0 }
    const dying = living.live()
    next = producerOf(life + 1)
    await Promise.race([dying, consuming])
    endedAt = performance.now()
    await living.terminate()
    if (over) break
    readAll()
    // The last record was published, though nobody was woken, or it was not and is never seen.
    const published = step === 'notify' ? records + 1 : records
    outcome.missing += Math.max(0, published - expected.index)
    outcome.unexpected += Math.max(0, expected.index - published)
  }
  over = true
  await next?.terminate()
  await consuming
  return outcome
}

const livesOf = (each: number): Pick<ProducerTask, 'step' | 'how'>[] =>
  Array.from({ length: each * steps.length }, (_, life) => ({
    step: steps[life % steps.length]!,
    how: life % (2 * steps.length) < steps.length ? 'exit' : 'terminate',
  }))

const each = runs(10, 200)
const records = runs(200, 850)

test(`S5 C6 a producer dies at each of 6 steps, ${each} times: nothing torn, lost or waited for`, async () => {
  const lives = livesOf(each)
  const { reads, torn, missing, unexpected, read, usable } = await campaign(lives, records)
  figure('S5', {
    deaths: lives.length,
    ...{ reads, torn, missing, unexpected },
    readCpuMillisMax: read.max.toFixed(3),
    usableMillisP50: usable.quantile(0.5).toFixed(1),
    usableMillisP99: usable.quantile(0.99).toFixed(1),
    usableMillisMax: usable.max.toFixed(1),
  })
  expect({ torn, missing, unexpected }).toEqual({ torn: 0, missing: 0, unexpected: 0 })
  expect(reads).toBeGreaterThanOrEqual(lives.length * records)
  expect(usable.count).toBe(lives.length - 1)
  // A reader of a ring has no loop that waits for a writer, who is away for tens of milliseconds here. In
  // a million reads one may have met a collection of garbage.
  expect(read.max).toBeLessThan(5)
  if (tier === 'slow') expect(usable.quantile(0.99)).toBeLessThan(250)
})

test('S5 the campaign notices a writer that publishes a record before its header stands', async () => {
  const lives = livesOf(1).filter(({ step }) => step === 'header')
  const { torn, unexpected } = await campaign([...lives, ...lives], 20, publishesTooEarly)
  expect(torn + unexpected).toBeGreaterThan(0)
})

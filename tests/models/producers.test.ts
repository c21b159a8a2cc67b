// D11: producers in processes of their own, killed again and again, over lines that double and
// reorder what they carry. Every event is in the log once, in its producer's order, and everybody
// who asked twice was told the same number.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { RollcastError } from '../../src/base/errors.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Contribution, LogWriter } from '../../src/store/event-log.ts'
import { openLog, openLogReader } from '../../src/store/open-log.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { contribution, metric } from '../store/records.ts'
import { CAMPAIGN_MILLIS } from './campaign.ts'
import type { Answer, Handed } from './producers/messages.ts'

const PRODUCERS = 4
/** Two events a contribution, on average. */
const EVENTS_EACH = 2
const program = fileURLToPath(new URL('./producers/producer.child.ts', import.meta.url))

interface Outcome {
  appends: number
  duplicates: number
  refused: number
  kills: number
  /** Events that are missing, there twice, or behind a later one; answers with a wrong number. */
  lost: number
  doubled: number
  disordered: number
  wrongAnswers: number
}

class Campaign {
  readonly #writer: LogWriter
  readonly #random: Random
  readonly #strip: boolean
  readonly #events: number
  readonly #kills: number
  readonly #killEvery: number
  readonly #living = new Set<ChildProcess>()
  readonly #answers: { key: number; firstSeq: number }[] = []
  readonly outcome: Outcome = {
    ...{ appends: 0, duplicates: 0, refused: 0, kills: 0 },
    ...{ lost: 0, doubled: 0, disordered: 0, wrongAnswers: 0 },
  }

  constructor(writer: LogWriter, appends: number, kills: number, strip: boolean, seed: number) {
    this.#writer = writer
    this.#random = seededRandom(seed)
    this.#strip = strip
    this.#events = (appends * EVENTS_EACH) / PRODUCERS
    this.#kills = kills
    this.#killEvery = appends / (kills + 1)
  }

  async run(): Promise<void> {
    const all = Array.from({ length: PRODUCERS }, (_, index) => this.#live(index))
    await Promise.all(all)
  }

  /** Life after life of a producer, until one comes to the end of its own accord. */
  async #live(index: number): Promise<void> {
    const name = `producer-${index}`
    for (let done = false; !done; ) {
      const start = this.#writer.position(name) ?? 0
      const seed = this.#random.below(2 ** 31)
      const child = fork(program, [seed, start, this.#events].map(String))
      this.#living.add(child)
      child.on('message', message => this.#take(index, child, message as Handed))
      // What a killed producer had sent goes on arriving while its next life begins.
      done = await new Promise<boolean>(resolve => child.on('exit', code => resolve(code === 0)))
      this.#living.delete(child)
    }
  }

  #take(index: number, child: ChildProcess, { after, position, round }: Handed): void {
    const answer = (answer: Answer): void => void (child.connected && child.send(answer, () => {}))
    const keys = Array.from({ length: position - after }, (_, i) => keyOf(index, after + 1 + i))
    const records = contribution(
      keys.map(key => metric(key)),
      position,
      `producer-${index}`,
    )
    const one: Contribution = this.#strip ? records : { ...records, after }
    try {
      const { firstSeq, duplicate, durable } = this.#writer.append(one)
      this.outcome[duplicate ? 'duplicates' : 'appends']++
      if (firstSeq > 0) this.#answers.push({ key: keys[0]!, firstSeq })
      void durable.then(() => answer({ round, position }))
    } catch (error) {
      if (!(error instanceof RollcastError && error.code === 'OUT_OF_ORDER')) throw error
      this.outcome.refused++
      answer({ round, expected: this.#writer.position(`producer-${index}`) ?? 0 })
    }
    const { appends, kills } = this.outcome
    if (kills < this.#kills && appends >= (kills + 1) * this.#killEvery) this.#kill()
  }

  #kill(): void {
    const victims = [...this.#living]
    if (victims[this.#random.below(victims.length)]?.kill('SIGKILL')) this.outcome.kills++
  }

  /** What is in the log, compared with what should be. */
  judge(events: Iterable<number>): void {
    const seqs = new Map<number, number>()
    const lastOf = new Map<number, number>()
    let seq = 0
    for (const key of events) {
      seq++
      const producer = Math.floor(key / 1e8)
      if (seqs.has(key)) this.outcome.doubled++
      if (key < (lastOf.get(producer) ?? 0)) this.outcome.disordered++
      lastOf.set(producer, key)
      seqs.set(key, seq)
    }
    for (let index = 0; index < PRODUCERS; index++) {
      for (let n = 1; n <= this.#events; n++) if (!seqs.has(keyOf(index, n))) this.outcome.lost++
    }
    for (const { key, firstSeq } of this.#answers) {
      if (seqs.get(key) !== firstSeq) this.outcome.wrongAnswers++
    }
  }
}

const keyOf = (producer: number, n: number): number => producer * 1e8 + n

async function campaign(appends: number, kills: number, strip = false): Promise<Outcome> {
  const dir = mkdtempSync('/dev/shm/rollcast-d11-')
  try {
    const { writer } = await openLog(dir)
    const seed = Math.trunc(Math.random() * 2 ** 31)
    console.error(`D11 seed ${seed}`)
    const all = new Campaign(writer, appends, kills, strip, seed)
    await all.run()
    await writer.close()
    const reader = openLogReader(dir)
    all.judge(keysIn(reader.events({ fromSeq: 1 })))
    await reader.close()
    return all.outcome
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function* keysIn(events: ReturnType<ReturnType<typeof openLogReader>['events']>) {
  for (const { event } of events) yield event.type === 'metrics_sampled' ? event.globalStep : -1
}

test(
  'D11 P4 doubled, reordered and from producers that are killed: each event once, in order',
  async () => {
    const appends = runs(5_000, 100_000)
    const kills = runs(5, 50)
    const outcome = await campaign(appends, kills)
    expect(outcome).toMatchObject({ lost: 0, doubled: 0, disordered: 0, wrongAnswers: 0, kills })
    expect(outcome.appends).toBeGreaterThanOrEqual(appends * 0.95)
    expect(outcome.duplicates).toBeGreaterThan(appends * 0.05)
    expect(outcome.refused).toBeGreaterThan(appends * 0.02)
    figure('D11', { ...outcome })
  },
  CAMPAIGN_MILLIS,
)

test(
  'D11 control: without saying what they follow, contributions that were overtaken are lost',
  async () => {
    const outcome = await campaign(1_000, 0, true)
    expect(outcome.lost).toBeGreaterThan(10)
    figure('D11.control', { lost: outcome.lost })
  },
  CAMPAIGN_MILLIS,
)

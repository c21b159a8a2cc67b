// D1 and P2 on a whole run: its process is killed at random instants while the trainer, who is told
// of its loss window, records as fast as it is allowed to. What is missing afterwards is held against
// what the trainer had been told, and against what the log says of it in `recovered`.
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import type { EventOf } from '../../../src/protocol/events.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { runs, tier } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { readEvents } from '../../runtime/harness.ts'
import { places } from './places.ts'
import type { TrainerTask } from './trainer.child.ts'
import {
  type Look,
  looksOf,
  type Recorded,
  recordedIn,
  startTrainer,
  stepsSaid,
} from './trainer.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
const kills = runs(4, 30)
const BURST = 20
const FRAME_BYTES = 2_000
/** A look comes so much later than what it tells of: the scheduling of this machine. */
const LOOK_MILLIS = 50

interface Death {
  readonly looks: readonly Look[]
  readonly emitted: number
}

interface Cost {
  /** Steps that were handed over and are not there. */
  readonly lost: number
  /** How long before the last look the first of them was recorded. */
  readonly lostMillis: number
  /** What is otherwise than promised. */
  readonly problems: readonly string[]
}

async function killTrainer(
  dir: string,
  millis: number,
  options: TrainerTask['options'] = {},
  strace: readonly string[] = [],
): Promise<Death> {
  const task = { dir, options, burst: BURST, frameBytes: FRAME_BYTES, pauseMillis: 2 }
  const trainer = startTrainer({ ...task, seconds: 60, heeds: true }, strace)
  await trainer.hears('recorded', 60_000)
  await new Promise(resolve => setTimeout(resolve, millis))
  const { pid } = await trainer.hears('pid')
  process.kill(Number(pid), 'SIGKILL')
  expect((await trainer.exited).signal).toBe('SIGKILL')
  return { looks: looksOf(trainer), emitted: stepsSaid(trainer) }
}

/** What the death cost, when `steps` are in the log: within the window, or told that it was not. */
function costOf({ looks, emitted }: Death, { steps, gaps }: Recorded): Cost {
  const problems: string[] = []
  if (gaps > 0) problems.push(`${gaps} gaps`)
  if (steps.some((position, step) => position !== step)) problems.push('not a prefix')
  const look = looks.at(-1)!
  const lost = emitted - steps.length
  const firstLost = looks.find(({ recorded }) => recorded > steps.length)
  const lostMillis = firstLost ? look.at - firstLost.at : 0
  const missing = look.recorded - steps.length
  if (missing > look.events) problems.push(`${missing} lost, at most ${look.events} told`)
  if (lostMillis > look.millis + LOOK_MILLIS) {
    problems.push(`lost what was ${lostMillis} ms old, ${look.millis} told`)
  }
  if (!look.told && lost > limits.undurableEventsMax + BURST) problems.push(`${lost} lost, untold`)
  if (!look.told && lostMillis > limits.undurableMillisMax + LOOK_MILLIS) {
    problems.push(`lost what was ${lostMillis} ms old, untold`)
  }
  return { lost, lostMillis, problems }
}

test(`D1 P1 P2: what ${kills} kills of a whole run cost is what the trainer had been told (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const dir = places('disk').next()
  const deaths: Death[] = []
  for (let kill = 0; kill < kills; kill++) deaths.push(await killTrainer(dir, random.next() * 300))
  // The next run says what became of the last.
  const last = startTrainer({
    ...{ dir, burst: 1, frameBytes: 0, pauseMillis: 1, seconds: 0.1, heeds: true },
  })
  expect((await last.exited).code, last.stderr()).toBe(0)

  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  const events = await readEvents(dir)
  const recovered = events.filter(({ event }) => event.type === 'recovered')
  expect(recovered.map(({ epoch }) => epoch)).toEqual(deaths.map((_, index) => index + 2))
  const tally = { kills, emitted: 0, recovered: 0, lost: 0, lostMax: 0, told: 0 }
  let lostMillisMax = 0
  for (const [index, death] of deaths.entries()) {
    const recorded = recordedIn(events, index + 1)
    const { lost, lostMillis, problems } = costOf(death, recorded)
    expect(problems, `kill ${index}`).toEqual([])
    // And what the log says of it is enough.
    const { seq, event } = recovered[index]!
    const told = event as EventOf<'recovered'>
    expect(told).toMatchObject({ previousEpoch: index + 1, lastSeq: seq - 1, cutBytes: 0 })
    expect(told.inFlightBytesMax).toBeGreaterThanOrEqual(lost * FRAME_BYTES)
    expect(told.inFlightMillisMax).toBeGreaterThanOrEqual(lostMillis)
    tally.emitted += death.emitted
    tally.recovered += recorded.steps.length
    tally.lost += lost
    if (death.looks.at(-1)!.told) tally.told++
    else {
      tally.lostMax = Math.max(tally.lostMax, lost)
      lostMillisMax = Math.max(lostMillisMax, lostMillis)
    }
  }
  figure('P2', { ...tally, lostMillisMax: lostMillisMax.toFixed(0) })
  expect(tally.recovered).toBeGreaterThan(kills * BURST)
}, 3_600_000)

if (tier === 'slow')
  test.skipIf(!requireTool('strace'))(
    'P2 negative control: a trainer that is told too late loses more than promised',
    async () => {
      const dir = places('disk').next()
      const never = { millis: 1e9, events: 1e9, bytes: 1e12 }
      const slow = ['-P', dataFile(dir), '-e', 'inject=fdatasync:delay_enter=1000000']
      const trace = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', ...slow]
      const death = await killTrainer(dir, 700, { undurableMax: never }, trace)
      const { problems } = costOf(death, recordedIn(await readEvents(dir), 1))
      expect(problems.join()).toContain('untold')
    },
    120_000,
  )

// D9: the clock jumps, stands still, or runs backwards. The order is by number, what is told of the
// times is true, and no timer of ours follows the wall.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { Pacer } from '../../../src/replay/pacer.ts'
import { openMemoryLog } from '../../../src/store/memory-log.ts'
import { MemoryStorage } from '../../../src/store/memory-storage.ts'
import { verifyLog, verifyStorage } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { readEvents, runCommand, tempDir } from '../../runtime/harness.ts'
import { only } from '../../runtime/nothing-missing.ts'
import { contribution, declarations, recordsOf, step } from '../../store/records.ts'

const DAY = 86_400_000
const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)

/** What the wall does before an event: it jumps, runs back a millisecond at a time, or stands. */
const wall = fc.oneof(
  fc.integer({ min: -DAY, max: 0 }),
  fc.integer({ min: 0, max: 3_650 * DAY }),
  fc.constantFrom(-DAY, -1, 0, 1, 3_650 * DAY),
)
const moments = fc.array(
  fc.record({ jump: wall, waits: fc.integer({ min: 0, max: 2 * limits.batchAgeMillisMax }) }),
  { minLength: 1, maxLength: 40 },
)

describe('a clock that cannot be trusted', () => {
  test(
    `D9 the order is by number, and every batch is due when it is due (seed ${seed})`,
    async () => {
      let events = 0
      let stepsBack = 0
      const property = fc.asyncProperty(moments, async list => {
        const clock = new SimulatedClock()
        const log = await openMemoryLog({ clock })
        const times: number[] = []
        let since = clock.monotonic()
        let durable = Promise.resolve<unknown>(undefined)
        const all = [...declarations, ...list.map((_, index) => step(1, index))]
        for (const [index, event] of all.entries()) {
          const { jump, waits } = list[index] ?? { jump: 0, waits: 0 }
          clock.jumpWall(jump)
          times.push(clock.now())
          if (log.writer.durable.seq === index) since = clock.monotonic()
          const records = recordsOf([event], clock.now())
          const given = { ...contribution([event], index + 1), records }
          durable = log.writer.append(given).durable
          clock.advance(waits)
          for (let turn = 0; turn < 20; turn++) await clock.turn()
          // A period is over by the clock that never jumps: then it is durable, and not before.
          const isDue = clock.monotonic() - since >= limits.batchAgeMillisMax
          expect(log.writer.durable.seq > index).toBe(isDue)
        }
        clock.advance(limits.batchAgeMillisMax)
        await durable
        const read = [...log.reader().events({ fromSeq: 1 })]
        expect(read.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1))
        expect(read.map(({ time }) => time)).toEqual(times)
        const back = times.flatMap((time, index) => {
          const before = times[index - 1] ?? time
          return before - time > 1_000 ? [{ seq: index + 1, millis: before - time }] : []
        })
        const { ok, nonMonotonic } = verifyStorage(new MemoryStorage(log.disk))
        expect(ok).toBe(true)
        expect(nonMonotonic).toEqual(
          back.length === 0
            ? null
            : {
                times: back.length,
                firstSeq: back[0]?.seq,
                millisMax: Math.max(...back.map(({ millis }) => millis)),
              },
        )
        checkPace(times)
        events += times.length
        stepsBack += back.length
        await log.writer.close()
      })
      const numRuns = runs(100, 1_000)
      await fc.assert(property, { numRuns, seed })
      figure('D9.model', { runs: numRuns, events, stepsBack, misordered: 0 })
      expect(stepsBack).toBeGreaterThan(numRuns)
    },
    runs(60_000, 600_000),
  )
})

test('D9 what is concluded late, or overtakes what waits: no clock was set back', async () => {
  const log = await openMemoryLog({ clock: new SimulatedClock() })
  const account: Event = {
    ...{ type: 'frames_counted', agent: 'a', camera: 'main', episode: 1 },
    ...{ owed: 1, intact: 1, bytes: 1 },
  }
  const told: [Event, number][] = [
    ...[...declarations, step(1, 0)].map((event): [Event, number] => [event, 10_000]),
    [step(1, 1), 20_000],
    [account, 10_000],
    [{ type: 'trainer_cost_measured', percent: 1, calls: 1, meanNanos: 1 }, 25_000],
    [step(1, 2), 20_001],
    [step(1, 3), 12_000],
  ]
  for (const [index, [event, time]] of told.entries()) {
    const records = recordsOf([event], time)
    void log.writer.append({ ...contribution([event], index + 1), records })
  }
  await log.writer.close()
  const { nonMonotonic } = verifyStorage(new MemoryStorage(log.disk))
  expect(nonMonotonic).toEqual({ times: 1, firstSeq: told.length, millisMax: 8_001 })
})

/** A replay waits for no jump, and never for less than nothing. */
function checkPace(times: readonly number[]): void {
  const pacer = new Pacer(1, 0)
  let last = 0
  for (const time of times) {
    const due = pacer.dueAt(time)
    expect(due - last).toBeGreaterThanOrEqual(0)
    expect(due - last).toBeLessThanOrEqual(5_000)
    last = due
  }
}

const library = (): string => {
  const root = '/usr/lib'
  const place = readdirSync(root).find(name => name.endsWith('-linux-gnu'))
  return join(root, place ?? '', 'faketime', 'libfaketimeMT.so.1')
}

/** Times as libfaketime reads them: offsets, faster and slower clocks, and one that stands still. */
const fakes = [
  '+0',
  '-1d',
  '+3650d',
  '-3650d',
  '+0 x10',
  '-1d x0.1',
  '2020-02-29 12:00:00',
  '-0.001',
]
const program = fileURLToPath(new URL('./clock.child.ts', import.meta.url))

describe.skipIf(!requireTool('faketime'))('a machine whose clock cannot be trusted', () => {
  test(
    `D9 a run is recorded whole, again and again (seed ${seed})`,
    async () => {
      const random = seededRandom(seed)
      const anyTime = (): string => fakes[random.below(fakes.length)]!
      const dir = tempDir('/dev/shm')
      const file = join(tempDir(), 'time')
      const count = runs(3, 20)
      let steps = 0
      for (let n = 0; n < count; n++) {
        // The first two starts lie ten years apart, the wrong way round.
        const first = n === 0 ? '+3650d' : n === 1 ? '-1d' : anyTime()
        writeFileSync(file, first)
        const fake = [`LD_PRELOAD=${library()}`, `FAKETIME_TIMESTAMP_FILE=${file}`]
        fake.push('FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_NO_CACHE=1')
        const argv = ['--disable-warning=ExperimentalWarning', program, dir, file, first, anyTime()]
        const child = runCommand('clock', 'env', ...fake, process.execPath, ...argv, anyTime())
        expect(await child.exited, child.stderr()).toEqual({ code: 0, signal: null })
        expect(child.said).toMatchObject([{ steps: 600, flushed: true }])
        steps += 600
      }
      const events = await readEvents(dir)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      const positions = only(events, 'step_taken').map(({ position }) => position?.[0])
      const played = Array.from({ length: steps }, (_, index) => index % 600)
      expect(positions).toEqual(played)
      expect(only(events, 'gap_found')).toEqual([])
      const report = await verifyLog(dir)
      expect(report.ok).toBe(true)
      expect(report.nonMonotonic?.millisMax).toBeGreaterThan(3_000 * DAY)
      figure('D9.machine', {
        runs: count,
        steps,
        lost: 0,
        stepsBack: report.nonMonotonic?.times ?? 0,
      })
    },
    runs(60_000, 600_000),
  )
})

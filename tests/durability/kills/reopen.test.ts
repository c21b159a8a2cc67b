// S10 (P1, P5, P11): after a writer's death whoever writes next opens the log anew, also a process
// that has had it open for reading all the time, on whose mapping and reader table LMDB then works.
// None of them meets the dead writer's transaction (MDB_PANIC), and no reader is disturbed.
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { openLogReader } from '../../../src/store/open-log.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { places } from './places.ts'
import { startWriter } from './writer.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
const deaths = runs(10, 200)
/** Deaths on one log, before a new one is made: judging a log reads all of it. */
const DEATHS_PER_LOG = 20

test(`S10 P1 P5: ${deaths} writers die in a commit; this process, with the log open, writes next (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const where = places('disk')
  const tally = { deaths: 0, acknowledged: 0, recovered: 0, panics: 0, readings: 0 }
  for (let left = deaths; left > 0; left -= DEATHS_PER_LOG) {
    const dir = where.next()
    await goesOn(dir, 'frames')
    // Its environment is the one that this process's writers share.
    const reader = openLogReader(dir, { readOnly: false })
    for (let death = 0; death < Math.min(left, DEATHS_PER_LOG); death++) {
      const writer = startWriter({
        logs: [{ dir, durability: 'group', workload: 'frames', batch: 10, window: 8 }],
        contributions: 1_000_000,
      })
      const account = writer.accounts[0]!
      const wanted = 10 + Math.floor(random.next() * 200)
      await writer.hears(() => account.acknowledged >= (account.opened?.lastSeq ?? 0) + wanted)
      writer.kill()
      await writer.exited
      const { acknowledged } = account
      expect(reader.durable().seq).toBeGreaterThanOrEqual(acknowledged)
      const { report } = await goesOn(dir, 'frames', { check: false }).catch(error => {
        if (String(error.cause ?? error).includes('PANIC')) tally.panics++
        throw error
      })
      expect(report).toMatchObject({ cleanClose: false, cutBytes: 0 })
      expect(report.lastSeq).toBeGreaterThanOrEqual(acknowledged)
      expect(reader.durable().seq).toBe(report.lastSeq + 2)
      tally.deaths++
      tally.readings += 2
      tally.acknowledged += acknowledged - account.opened!.lastSeq
      tally.recovered += report.lastSeq - account.opened!.lastSeq
    }
    const acknowledged = reader.durable().seq
    await reader.close()
    const verdict = await judgeLog(dir, { workload: 'frames', acknowledged, emitted: acknowledged })
    expect(verdict.problems).toEqual([])
  }
  figure('S10', tally)
  expect(tally).toMatchObject({ deaths, panics: 0 })
}, 3_600_000)

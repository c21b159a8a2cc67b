// D6 (P1, P7) on a real file system: ext4 is shut down under the writer at a random instant, as the
// kernel does when a disk fails for good. What had been flushed is all that is left.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { complaints } from './complaints.ts'
import { makeFileSystem } from './file-system.ts'
import { startWriter } from './writer.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
const able = requireTool('loop') && requireTool('gcc')

describe.skipIf(!able)('a file system that shuts down', () => {
  const count = runs(5, 50)

  test(`D6 P1 P7: ${count} times it ends the writing, loses nothing acknowledged and hurts nobody (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    const fileSystem = makeFileSystem()
    const dir = join(fileSystem.path, 'run')
    const problems: string[] = []
    const tally = {
      runs: 0,
      acknowledged: 0,
      recovered: 0,
      lost: 0,
      endedByLmdb: 0,
      noticeMillis: 0,
    }
    for (let run = 0; run < count; run++) {
      mkdirSync(dir)
      const writer = startWriter({
        logs: [{ dir, durability: 'group', workload: 'frames', batch: 2, window: 8 }],
        contributions: 1_000_000,
        pauseMillis: 1,
      })
      const account = writer.accounts[0]!
      await writer.hears(() => account.acknowledged > 10)
      await new Promise(resolve => setTimeout(resolve, random.next() * 50))
      const shutAt = performance.timeOrigin + performance.now()
      fileSystem.shutDown()
      const { code, signal } = await writer.exited
      // See errors.test.ts.
      if (signal === 'SIGABRT' || signal === 'SIGSEGV') tally.endedByLmdb++
      else {
        problems.push(...complaints(account, code ?? signal).map(one => `run ${run}: ${one}`))
        tally.noticeMillis = Math.max(tally.noticeMillis, (account.failedAt ?? shutAt) - shutAt)
      }
      await fileSystem.repair()
      const verdict = await judgeLog(dir, account.witness)
      problems.push(...verdict.problems.map(one => `run ${run}: ${one}`))
      await goesOn(dir, 'frames')
      tally.runs++
      tally.lost += verdict.lost
      tally.acknowledged += account.acknowledged
      tally.recovered += verdict.lastSeq
      rmSync(dir, { recursive: true })
    }
    figure('D6.shutdown', tally)
    // The file system is asked before each commit: LMDB is rarely the first that meets the end. Five
    // runs tell no share: on a busy disk a commit takes most of the time.
    expect(tally.endedByLmdb).toBeLessThanOrEqual(runs(count, 1 + count / 10))
    expect(problems).toEqual([])
    expect(tally.lost).toBe(0)
  }, 3_600_000)
})

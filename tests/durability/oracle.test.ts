// The oracle of the campaigns sees what it is there to see: each way in which a log can be wrong is
// planted once.
import { expect, test } from 'vitest'
import { seqKey } from '../../src/store/keys.ts'
import { LmdbStorage } from '../../src/store/lmdb-storage.ts'
import { logDirectory, openLog } from '../../src/store/open-log.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { goesOn, judgeLog } from './oracle.ts'
import { contributionAt, PRODUCER, type Workload } from './workload.ts'

async function write(dir: string, workload: Workload, counts: number[]): Promise<void> {
  const { writer } = await openLog(dir)
  for (const count of counts) {
    await writer.append(contributionAt(workload, writer.nextSeq, count)).durable
  }
  await writer.close()
}

test(
  'P1 P3 a log that is the sequence passes, over any number of openings',
  withRunDirectory(async dir => {
    const nothing = { workload: 'frames', acknowledged: 0 } as const
    expect(await judgeLog(dir, nothing)).toEqual({ lastSeq: 0, lost: 0, problems: [] })
    await write(dir, 'frames', [1, 4, 6])
    expect((await goesOn(dir, 'frames')).report.lastSeq).toBe(11)
    const verdict = await judgeLog(dir, { workload: 'frames', acknowledged: 13, emitted: 13 })
    expect(verdict).toEqual({ lastSeq: 13, lost: 0, problems: [] })
  }),
)

test(
  'P1 negative control: an acknowledged event that is not there is found, and one too many',
  withRunDirectory(async dir => {
    await write(dir, 'steps', [5])
    const lost = await judgeLog(dir, { workload: 'steps', acknowledged: 8 })
    expect(lost).toMatchObject({ lastSeq: 5, lost: 3 })
    expect(lost.problems).toHaveLength(1)
    const early = await judgeLog(dir, { workload: 'steps', acknowledged: 2, emitted: 4 })
    expect(early.problems).toEqual(['the log ends at 5, only 4 were appended'])
  }),
)

test(
  'P3 negative control: a hole, a wrong event and wrong pixels are found',
  withRunDirectory(async dir => {
    await write(dir, 'frames', [4, 4])
    const judge = async () =>
      (await judgeLog(dir, { workload: 'frames', acknowledged: 8 })).problems
    // Whole, chained and numbered: wrong only in what it says.
    const { writer } = await openLog(dir)
    const twice = contributionAt('frames', 7, 2)
    await writer.append({ ...twice, producer: PRODUCER, position: 10 }).durable
    await writer.close()
    expect(await judge()).toEqual([
      'batch 9: not what was appended as 9 to 10',
      'frame 10: not the pixels that were appended',
    ])
    const storage = new LmdbStorage(logDirectory(dir))
    await storage.commit(storage.epoch(), [{ table: 'events', key: seqKey(5) }])
    await storage.close()
    expect((await judge()).join()).toContain('expected a batch at 5, found one at 9')
  }),
)

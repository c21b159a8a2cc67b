// Logs of every released format must read the same for ever.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataFile, logDirectory, openLog } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { readEverything } from '../golden/log-v1/read.ts'
import { contribution, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

const golden = join(import.meta.dirname, '../golden/log-v1')

function copyTo(dir: string): void {
  mkdirSync(logDirectory(dir))
  copyFileSync(join(golden, 'data.mdb'), dataFile(dir))
}

describe('the golden log of format 1', () => {
  test(
    'G7 P8 D15 reads as it did when it was made',
    withRunDirectory(async dir => {
      copyTo(dir)
      const expected: unknown = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8'))
      expect(await readEverything(dir)).toEqual(expected)
      expect(await verifyLog(dir)).toMatchObject({ ok: true, problems: [] })
    }),
  )

  test(
    'is opened for writing and goes on where it ended',
    withRunDirectory(async dir => {
      copyTo(dir)
      const { writer, report } = await openLog(dir)
      expect(report).toMatchObject({
        epoch: 3,
        lastSeq: 19,
        cleanClose: true,
        openEpisodes: [{ episode: 2, agent: 'agent-0' }],
        lastEpisode: 2,
        positions: { 'trainer:golden': 1000, aggregator: 11 },
      })
      expect(writer.append(contribution([metric(1)], 1)).firstSeq).toBe(20)
      await writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true, lastSeq: 20 })
    }),
  )
})

// D15: logs of every released format must read the same for ever, and replaying one must come to
// the state that its run had while it was live, byte for byte. Every folder of tests/golden is one.
import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataFile, logDirectory, openLog } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { jsonLinesOf, jsonOf, rollcast } from '../cli/rollcast.ts'
import { figure } from '../faults/figures.ts'
import { readEverything } from '../golden/log-v1/read.ts'
import { replayLog } from '../golden/replay.ts'
import { contribution, metric } from '../store/records.ts'
import { withRunDirectory } from '../store/run-directory.ts'

const golden = join(import.meta.dirname, '../golden')
const names = globSync('*/data.mdb', { cwd: golden })
  .map(file => basename(dirname(file)))
  .sort()

function copyTo(dir: string, name: string): void {
  mkdirSync(logDirectory(dir))
  copyFileSync(join(golden, name, 'data.mdb'), dataFile(dir))
}

describe('golden logs', () => {
  test(
    'D15 P8 G7 each is whole, replays to the hash that stands beside it, and the commands read it',
    withRunDirectory(async root => {
      const tally = { logs: 0, events: 0, equalHashes: 0 }
      for (const name of names) {
        const dir = join(root, name)
        mkdirSync(dir)
        copyTo(dir, name)
        const report = await verifyLog(dir)
        expect(report, name).toMatchObject({ ok: true, problems: [] })
        const hash = readFileSync(join(golden, name, 'state.sha256'), 'utf8').trim()
        expect((await replayLog(dir)).hash, name).toBe(hash)
        const stats = jsonOf(await rollcast('log', 'stats', dir, '--json'))
        expect(stats, name).toMatchObject({ events: report.lastSeq, frames: report.frames })
        const events = jsonLinesOf(await rollcast('log', 'cat', dir, '--json'))
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
        expect(events).toHaveLength(report.lastSeq)
        tally.logs++
        tally.events += report.lastSeq
        tally.equalHashes++
      }
      figure('D15', tally)
      expect(names).toEqual(expect.arrayContaining(['log-v1', 'run-v1']))
    }),
  )

  test(
    'P8 replaying a log gives the state and the index of the live run, byte for byte',
    withRunDirectory(async dir => {
      copyTo(dir, 'run-v1')
      const { live, liveRows, atLive, rows, hash } = await replayLog(dir)
      expect(live?.position).toBeGreaterThan(400)
      expect(atLive).toBe(live?.state)
      expect(liveRows.size).toBe(12)
      expect(rows).toEqual(liveRows)
      // The hash can fail: one more event is another state.
      const { writer } = await openLog(dir)
      await writer.append(contribution([metric(1)], 1)).durable
      await writer.close()
      expect((await replayLog(dir)).hash).not.toBe(hash)
    }),
  )
})

describe('the golden log of format 1', () => {
  test(
    'G7 P8 D15 reads as it did when it was made',
    withRunDirectory(async dir => {
      copyTo(dir, 'log-v1')
      const expected: unknown = JSON.parse(
        readFileSync(join(golden, 'log-v1', 'expected.json'), 'utf8'),
      )
      expect(await readEverything(dir)).toEqual(expected)
    }),
  )

  test(
    'is opened for writing and goes on where it ended',
    withRunDirectory(async dir => {
      copyTo(dir, 'log-v1')
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

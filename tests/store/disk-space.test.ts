// A small disk, and the room that a log gives back.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { compactLog } from '../../src/store/compact.ts'
import { dataFile, logDirectory, openLog } from '../../src/store/open-log.ts'
import { logStats } from '../../src/store/stats.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { contribution, declarations, frame, metric } from './records.ts'
import { withRunDirectory } from './run-directory.ts'

const canMount =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true'], { stdio: 'ignore' }).status === 0

describe('space on the disk', () => {
  test.skipIf(!canMount)(
    'P7 D5 on a small disk the log stops before it is full, loses nothing, and opens again',
    withRunDirectory(async dir => {
      const disk = join(dir, 'disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk])
      try {
        const options = { freeBytesMin: 4 * MIB, durability: 'sync' } as const
        const { writer } = await openLog(disk, options)
        let acked = 0
        const failed = Promise.withResolvers<unknown>()
        writer.onFailure(failed.resolve)
        for (let i = 1; writer.failure === undefined; i++) {
          const { durable } = writer.append(contribution([metric(i, 100_000)], i))
          await durable.then(
            position => {
              acked = position.seq
            },
            () => {},
          )
        }
        expect(await failed.promise).toMatchObject({ code: 'DISK_FULL' })
        await writer.close()
        expect(acked).toBeGreaterThan(50)
        expect(statSync(dataFile(disk)).size).toBeLessThan(14 * MIB)
        const more = { ...options, freeBytesMin: 5 * MIB }
        await expect(openLog(disk, more)).rejects.toMatchObject({ code: 'DISK_FULL' })
        const again = await openLog(disk, { freeBytesMin: MIB })
        expect(again.report).toMatchObject({ lastSeq: acked, cleanClose: false })
        await again.writer.close()
        expect(await verifyLog(disk)).toMatchObject({ ok: true })
      } finally {
        execFileSync('umount', ['--lazy', disk]) // others may look into /tmp
      }
    }),
  )

  test(
    'compact gives the room of pruned frames back, and keeps every event',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      writer.append(contribution(declarations, 1))
      for (let i = 0; i < 40; i++) writer.append(contribution(bulk(i), i + 2))
      await writer.close()
      const before = await logStats(dir)
      const report = await compactLog(dir, { dropFrames: true })
      expect(report.framesDropped).toBe(before.frames)
      expect(report.bytesAfter).toBeLessThan(report.bytesBefore / 2)
      const after = await logStats(dir)
      expect(after).toMatchObject({
        events: before.events,
        frames: 0,
        fileBytes: report.bytesAfter,
      })
      expect(after.eventsByType).toEqual(before.eventsByType)
      expect(await verifyLog(dir)).toMatchObject({ ok: true, prunedFrames: before.frames })
      const next = await openLog(dir)
      expect(next.writer.append(contribution([metric(1)], 1000)).firstSeq).toBe(before.events + 1)
      await next.writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
      expect(dirname(dataFile(dir))).toBe(logDirectory(dir))
    }),
  )
})

const bulk = (round: number): ReturnType<typeof frame>[] =>
  Array.from({ length: 100 }, (_, i) => frame(1, round * 100 + i))

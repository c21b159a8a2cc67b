// Several processes on one log: killed writers, refused writers, readers beside a writer.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { checkDataFile } from '../../src/store/check-file.ts'
import { dataFile, openLog, openLogReader } from '../../src/store/open-log.ts'
import { tail, watchLog } from '../../src/store/tail.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { withRunDirectory } from './run-directory.ts'

interface Writer {
  readonly child: ChildProcess
  readonly lines: Interface
  /** The last acknowledged number so far. */
  acked(): number
}

function startWriter(dir: string, mode = 'group'): Writer {
  const script = join(import.meta.dirname, 'writer.child.ts')
  const child = spawn(process.execPath, [script, dir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  let acked = 0
  lines.on('line', line => {
    if (line.startsWith('ack ')) acked = Number(line.slice(4))
  })
  return { child, lines, acked: () => acked }
}

async function lineThat(writer: Writer, wanted: (line: string) => boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  writer.lines.on('line', line => {
    if (wanted(line)) resolve(line)
  })
  writer.lines.once('close', () => reject(new Error('the writer ended early')))
  return promise
}

/** Kills the writer and waits until the kernel has closed everything of it. */
async function kill(writer: Writer): Promise<void> {
  const closed = Promise.all([once(writer.child, 'exit'), once(writer.lines, 'close')])
  writer.child.kill('SIGKILL')
  await closed
}

describe('several processes on one log', () => {
  for (const mode of ['group', 'relaxed']) {
    test(
      `P1 P3 D1 a ${mode} writer killed at random instants loses nothing acknowledged`,
      withRunDirectory(async dir => {
        const random = seededRandom(mode === 'group' ? 1 : 2)
        let lastSeq = 0
        const kills = mode === 'group' ? 20 : 5
        for (let round = 1; round <= kills; round++) {
          const writer = startWriter(dir, mode)
          expect(await lineThat(writer, line => /^(open|error) /.test(line))).toBe(`open ${round}`)
          if (round % 5 > 0) await lineThat(writer, line => line.startsWith('ack '))
          await new Promise(resolve => setTimeout(resolve, random.next() * 60))
          await kill(writer)
          const report = await verifyLog(dir)
          expect(report).toMatchObject({ ok: true, problems: [] })
          expect(report.lastSeq).toBeGreaterThanOrEqual(Math.max(writer.acked(), lastSeq))
          lastSeq = report.lastSeq
        }
        expect(lastSeq).toBeGreaterThan(100)
        const { writer, report } = await openLog(dir)
        expect(report).toMatchObject({ lastSeq, cleanClose: false, cutBytes: 0, epoch: kills + 1 })
        await writer.close()
      }),
      60_000,
    )
  }

  test(
    'G5 a log that another process writes is never taken for a damaged one',
    withRunDirectory(async dir => {
      const writer = startWriter(dir, 'sync')
      await lineThat(writer, line => line.startsWith('ack '))
      const before = writer.acked()
      for (let look = 0; look < 1_000; look++) {
        expect(checkDataFile(dataFile(dir))).toBe(true)
        if (look % 10 === 0) await new Promise(resolve => setImmediate(resolve))
      }
      expect(writer.acked()).toBeGreaterThan(before)
      await kill(writer)
    }),
  )

  test(
    'P5 a writer in another process is refused with the pid of the first',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir)
      const second = startWriter(dir)
      const line = await lineThat(second, l => l.startsWith('error '))
      expect(line).toContain('LOG_LOCKED')
      expect(line).toContain(`process ${process.pid}`)
      if (second.child.exitCode === null) await once(second.child, 'exit')
      expect(second.child.exitCode).toBe(1)
      await writer.close()
    }),
  )

  test(
    'another process follows the log while it is written',
    withRunDirectory(async dir => {
      const writer = startWriter(dir)
      await lineThat(writer, line => line.startsWith('ack '))
      const reader = openLogReader(dir)
      const stop = new AbortController()
      const follow = tail(reader, { signal: stop.signal, wake: watchLog(dir) })
      let next = 1
      for await (const batch of follow) {
        expect(batch.firstSeq).toBe(next)
        next += batch.count
        if (next > 2000) stop.abort()
      }
      expect(reader.frame(4)?.byteLength).toBe(96)
      await reader.close()
      await kill(writer)
    }),
  )

  test.skipIf(process.getuid?.() !== 0)(
    'a directory that may not be written to is one clear error',
    withRunDirectory(async dir => {
      const closed = join(dir, 'closed')
      mkdirSync(closed)
      chmodSync(dir, 0o755)
      chmodSync(closed, 0o555)
      const writer = startWriter(closed, 'unprivileged')
      expect(await lineThat(writer, line => /^(open|error) /.test(line))).toContain('CANNOT_CREATE')
      if (writer.child.exitCode === null) await once(writer.child, 'exit')
    }),
  )
})

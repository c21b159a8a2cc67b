// D13 (G2): those who read a log cannot make it grow without bound, and readers that died leave no
// trace. Ours hold no snapshot between two batches; while one of another program does, the log
// takes its room more slowly.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { dataFile, openLog, openLogReader } from '../../../src/store/open-log.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { until } from '../../runtime/harness.ts'
import { memory, withRunDirectory } from '../../store/run-directory.ts'
import { contributionAt } from '../workload.ts'

type Way = 'slow' | 'hold' | 'busy' | 'crowd'

/** Readers that a process of a crowd has. */
const CROWD = 8

async function startReader(way: Way, dir: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'reader.child.ts')
  const child = spawn(process.execPath, [script, way, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const readers = way === 'crowd' ? CROWD : 1
  // Words of several threads come in any pieces.
  let said = ''
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString()
  })
  await until(`${way} readers`, () => said.split('reading').length > readers)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  // One that died by itself has found something.
  expect([child.exitCode, child.signalCode]).toEqual([null, null])
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

const TICK_MILLIS = 1000 / 60

/**
 * Writes 60 frames of 60 kB and as many steps a second, as a trainer hands them in; by how many
 * bytes the file has grown.
 */
async function growth(seconds: number, readers: readonly Way[]): Promise<number> {
  const dir = mkdtempSync(join(memory, 'rollcast-readers-'))
  const { writer } = await openLog(dir)
  const children: ChildProcess[] = []
  try {
    await writer.append(contributionAt('frames', 1, 2)).durable
    for (const way of readers) children.push(await startReader(way, dir))
    const before = statSync(dataFile(dir)).size
    const ticks = Math.round((seconds * 1000) / TICK_MILLIS)
    const started = performance.now()
    for (let tick = 1; tick <= ticks; tick++) {
      // The same amount, however busy the machine is: what counts is how it is spread.
      writer.append(contributionAt('frames', writer.nextSeq, 2))
      const left = started + tick * TICK_MILLIS - performance.now()
      if (left > 0) await new Promise(resolve => setTimeout(resolve, left))
    }
    await writer.flush()
    const grownBytes = statSync(dataFile(dir)).size - before
    await writer.close()
    return grownBytes
  } finally {
    for (const child of children) await kill(child)
    rmSync(dir, { recursive: true })
  }
}

describe('readers of a log', () => {
  test(
    'D13 G2 ours cost no room, however slow; one that holds a snapshot less than half as much again',
    async () => {
      const seconds = runs(3, 60)
      // At once, so that all three meet the same machine.
      const [alone = 0, ...others] = await Promise.all([
        growth(seconds, []),
        growth(seconds, ['slow', 'slow', 'slow']),
        growth(seconds, ['hold']),
      ])
      const [slow = 0, held = 0] = others.map(bytes => bytes / alone)
      figure('D13.held', {
        seconds,
        aloneMib: Math.round(alone / 2 ** 20),
        slowReaders: slow.toFixed(3),
        heldSnapshot: held.toFixed(3),
      })
      expect(slow).toBeLessThan(1.05)
      expect(held).toBeLessThan(1.5)
    },
    runs(60_000, 600_000),
  )

  test(
    'D13 negative control: a snapshot that is held does cost room, for as long as it is held',
    withRunDirectory(async dir => {
      const { writer } = await openLog(dir, { durability: 'sync' })
      const room = async (): Promise<number> => {
        const before = statSync(dataFile(dir)).size
        for (let i = 0; i < 400; i++) {
          await writer.append(contributionAt('steps', writer.nextSeq, 1)).durable
        }
        return statSync(dataFile(dir)).size - before
      }
      await room()
      const free = await room()
      const reader = await startReader('hold', dir)
      const held = await room()
      await kill(reader)
      // The writer finds that it is dead, and what was freed meanwhile is used first.
      const after = await room()
      await writer.close()
      expect(held).toBeGreaterThan(5 * Math.max(free, 256 * 1024))
      expect(after).toBeLessThan(held / 4)
    }, memory),
  )

  test(
    'D13 readers that are killed while they read leave nothing behind: there is room for the next',
    withRunDirectory(async dir => {
      const deaths = runs(32, 1_000)
      const random = seededRandom(13)
      const { writer } = await openLog(dir)
      await writer.append(contributionAt('frames', 1, 100)).durable
      const timer = setInterval(() => {
        writer.append(contributionAt('frames', writer.nextSeq, 2))
      }, 5)
      const wayOf = (process: number): Way => (process % 4 === 3 ? 'busy' : 'crowd')
      let dead = 0
      for (let process = 0, next = startReader(wayOf(0), dir); ; process++) {
        const reader = await next
        const size = wayOf(process) === 'crowd' ? CROWD : 1
        const last = dead + size >= deaths
        if (!last) next = startReader(wayOf(process + 1), dir)
        await new Promise(resolve => setTimeout(resolve, random.next() * 20))
        await kill(reader)
        dead += size
        if (last) break
      }
      clearInterval(timer)
      await writer.flush()
      expect(writer.failure).toBeUndefined()
      const reader = openLogReader(dir, { check: false, readOnly: false })
      expect(reader.durable()).toEqual(writer.durable)
      await reader.close()
      // The dead hold nothing: else each of these would need new pages.
      const before = statSync(dataFile(dir)).size
      for (let i = 0; i < 300; i++) {
        writer.append(contributionAt('steps', writer.nextSeq, 1))
        await writer.flush()
      }
      const grownBytes = statSync(dataFile(dir)).size - before
      const lastSeq = writer.durable.seq
      await writer.close()
      expect(await verifyLog(dir)).toMatchObject({ ok: true, lastSeq })
      figure('D13.killed', {
        readersKilled: dead,
        events: lastSeq,
        grownAfterKib: grownBytes / 1024,
      })
      expect(grownBytes).toBeLessThan(2 ** 20)
    }, memory),
    runs(60_000, 900_000),
  )
})

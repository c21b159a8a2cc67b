// A log that is written by a process of its own (G10): it alone writes; a program that is killed
// leaves neither a process nor a lock behind; one whose process is killed hears of it at once.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { RollcastError } from '../../../src/base/errors.ts'
import { seededRandom } from '../../../src/base/random.ts'
import type { Placement } from '../../../src/protocol/thread-messages.ts'
import { dataFile, openLog } from '../../../src/store/open-log.ts'
import { findChildren, isAlive, LOG_PROCESS, stopProcess } from '../../faults/child-process.ts'
import { figure } from '../../faults/figures.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { until } from '../../runtime/harness.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { contributionAt } from '../workload.ts'
import { places } from './places.ts'
import { startWriter, type Writer } from './writer.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
/** Until the orphan is gone, and until the log is open again. */
const ORPHAN_MILLIS_MAX = 1_000
const OPEN_MILLIS_MAX = 1_000

/** A writer at work, once `events` more are acknowledged. */
async function atWork(
  dir: string,
  events: number,
  placement: Placement = 'process',
  strace?: readonly string[],
): Promise<Writer> {
  const log = { dir, placement, workload: 'frames', batch: 10, window: 8 } as const
  const writer = startWriter({ logs: [log], contributions: 1_000_000 }, strace)
  const account = writer.accounts[0]!
  await writer.hears(() => account.acknowledged >= (account.opened?.lastSeq ?? 0) + events)
  return writer
}

const logProcessOf = (writer: Writer): number => findChildren(writer.pid(), LOG_PROCESS)[0]!
describe('a program that is killed, with its log in a process of its own', () => {
  const kills = runs(4, 200)

  test(`D1 G10 P1 P5: ${kills} times: the process ends too, the log opens at once, nothing is lost (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    const where = places('disk')
    const tally = { kills, acknowledged: 0, recovered: 0, orphanMillisMax: 0, openMillisMax: 0 }
    for (let kill = 0; kill < kills; kill++) {
      const dir = where.next()
      const writer = await atWork(dir, 1 + random.below(200))
      const child = logProcessOf(writer)
      const killedAt = performance.now()
      writer.kill()
      await writer.exited
      // At once, while the orphan may still be there.
      const { report, openMillis } = await goesOn(dir, 'frames')
      await until('the orphan to end', () => !isAlive(child), ORPHAN_MILLIS_MAX)
      const orphanMillis = Math.round(performance.now() - killedAt)
      tally.orphanMillisMax = Math.max(tally.orphanMillisMax, orphanMillis)
      const { acknowledged } = writer.accounts[0]!
      const after = await judgeLog(dir, { workload: 'frames', acknowledged: report.lastSeq + 2 })
      expect(after.problems).toEqual([])
      expect(after.lastSeq).toBe(report.lastSeq + 2)
      expect(report.lastSeq).toBeGreaterThanOrEqual(acknowledged)
      tally.acknowledged += acknowledged
      tally.recovered += report.lastSeq
      tally.openMillisMax = Math.max(tally.openMillisMax, Math.round(openMillis))
    }
    figure('D1.process', tally)
    expect(tally.openMillisMax).toBeLessThanOrEqual(OPEN_MILLIS_MAX)
  }, 3_600_000)

  test('D1 G10 negative control: a process that does not end by itself is noticed', async () => {
    const stays: Plant = {
      file: 'src/store/storage-process.ts',
      find: "process.on('disconnect', endAtOnce)",
      replace: 'setInterval(() => {}, 1_000)',
    }
    vi.stubEnv('NODE_OPTIONS', plantArgv([stays]).join(' '))
    onTestFinished(() => void vi.unstubAllEnvs())
    const writer = await atWork(places('memory').next(), 1)
    const child = logProcessOf(writer)
    onTestFinished(() => void process.kill(child, 'SIGKILL'))
    writer.kill()
    await writer.exited
    const noticed = until('the orphan to end', () => !isAlive(child), ORPHAN_MILLIS_MAX)
    await expect(noticed).rejects.toThrow('gave up')
  })
})

describe('a program whose log`s process is killed', () => {
  for (const death of ['SIGKILL', 'SIGSEGV'] as const) {
    test(`G10 by ${death}: it hears of it at once, nothing is left waiting, and the log goes on`, async () => {
      const dir = places('memory').next()
      const { writer } = await openLog(dir, { placement: 'process' })
      await writer.append(contributionAt('frames', writer.nextSeq, 10)).durable
      const failed = Promise.withResolvers<RollcastError>()
      writer.onFailure(failed.resolve)
      const child = findChildren('self', LOG_PROCESS)[0]!
      await stopProcess(child)
      const waiting = writer.append(contributionAt('frames', writer.nextSeq, 10)).durable
      const answer = waiting.catch(error => error)
      process.kill(child, death)
      process.kill(child, 'SIGCONT')
      const failure = await failed.promise
      expect(failure).toMatchObject({ code: 'INTERNAL', temporary: true })
      expect(failure.message).toContain(death)
      expect(await answer).toBe(failure)
      expect(() => writer.append(contributionAt('frames', writer.nextSeq, 10))).toThrow(failure)
      await writer.close()
      const { report } = await goesOn(dir, 'frames', { placement: 'process' })
      expect(report).toMatchObject({ previousEpoch: 1, cleanClose: false, cutBytes: 0 })
      expect(report.lastSeq).toBeGreaterThanOrEqual(10)
      expect(findChildren('self', LOG_PROCESS)).toEqual([])
    })
  }

  test('G10 also when nothing is on its way', async () => {
    const { writer } = await openLog(places('memory').next(), { placement: 'process' })
    const failed = Promise.withResolvers<RollcastError>()
    writer.onFailure(failed.resolve)
    process.kill(findChildren('self', LOG_PROCESS)[0]!, 'SIGKILL')
    expect(await failed.promise).toMatchObject({ code: 'INTERNAL', temporary: true })
    await writer.close()
  })

  test('G10 P7 one that is stopped is a disk that does not answer; it ends with its log', async () => {
    const dir = places('memory').next()
    const { writer } = await openLog(dir, { placement: 'process', operationMillisMax: 3_000 })
    await writer.append(contributionAt('frames', writer.nextSeq, 10)).durable
    const child = findChildren('self', LOG_PROCESS)[0]!
    await stopProcess(child)
    const { durable } = writer.append(contributionAt('frames', writer.nextSeq, 10))
    await expect(durable).rejects.toMatchObject({ code: 'LOG_FAILED', temporary: false })
    await writer.close()
    expect(findChildren('self', LOG_PROCESS)).toEqual([])
    const { report } = await goesOn(dir, 'frames', { placement: 'process' })
    expect(report).toMatchObject({ previousEpoch: 1, cleanClose: false, cutBytes: 0 })
    expect(report.lastSeq).toBeGreaterThanOrEqual(10)
  })

  test('G10 S7 signals that ask all processes to end do not end it before its program', async () => {
    const { writer } = await openLog(places('memory').next(), { placement: 'process' })
    const child = findChildren('self', LOG_PROCESS)[0]!
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(child, signal)
    await writer.append(contributionAt('frames', writer.nextSeq, 10)).durable
    await writer.close()
    expect(findChildren('self', LOG_PROCESS)).toEqual([])
  })

  test('G10 P7 a page that it cannot read (SIGBUS) is the disk`s failure, for good', async () => {
    const { writer } = await openLog(places('memory').next(), { placement: 'process' })
    const failed = Promise.withResolvers<RollcastError>()
    writer.onFailure(failed.resolve)
    process.kill(findChildren('self', LOG_PROCESS)[0]!, 'SIGBUS')
    expect(await failed.promise).toMatchObject({ code: 'LOG_FAILED', temporary: false })
    await writer.close()
  })
})

describe.skipIf(!requireTool('strace'))('who writes the file', () => {
  test.each([
    ['process', false],
    ['thread', true],
  ] as const)('G10 with the log in a %s: the program itself, %s', async (placement, expected) => {
    const where = places('memory')
    const dir = where.next()
    const trace = `${dir}.trace`
    onTestFinished(() => rmSync(trace, { force: true }))
    const calls = 'trace=write,pwrite64,writev,fsync,fdatasync,ftruncate,fallocate'
    const files = ['-P', dataFile(dir)]
    const writer = await atWork(dir, 50, placement, [
      ...['-f', '-qq', '-o', trace, ...files, '-e', calls],
    ])
    const own = new Set(readdirSync(`/proc/${writer.pid()}/task`))
    writer.kill()
    await writer.exited
    const lines = readFileSync(trace, 'utf8').split('\n')
    const writing = lines.filter(line => /^\d+ +\w+\(/.test(line)).map(line => line.split(' ')[0]!)
    expect(writing.length).toBeGreaterThan(10)
    expect(writing.some(thread => own.has(thread))).toBe(expected)
  })
})

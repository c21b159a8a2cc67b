// D6 (P7): the n-th system call of one kind fails with EIO or ENOSPC, once or from then on. The
// writer stops there for ever: all that waits is told so, nothing is called durable any more, the
// process lives, and what is there is a prefix that a new writer goes on from.
import { describe, expect, test } from 'vitest'
import type { Placement } from '../../../src/protocol/thread-messages.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { complaints } from './complaints.ts'
import { fatalWriteErrors } from './fatal-write-errors.ts'
import { places } from './places.ts'
import { callsMaking, callsOn, inject, nameOf, type Point, some } from './strace.ts'
import { startWriter } from './writer.ts'

type Fault = Point & { readonly error: 'EIO' | 'ENOSPC' }

const allPoints: readonly Point[] = [
  ...callsMaking('pwrite64', 4),
  ...callsMaking('writev', 4),
  ...callsMaking('fsync', 4),
  ...callsMaking('link', 1),
  ...callsOn('fdatasync', 40),
  ...callsOn('pwrite64', 36),
  ...callsOn('writev', 36),
  ...callsOn('write', 35),
]
const allFaults = allPoints.flatMap((point): Fault[] => [
  { ...point, error: 'EIO' },
  { ...point, error: 'ENOSPC' },
])

/**
 * lmdb-js 3.5.6 writes the message about a page that it could not write into a buffer that is too
 * short for some, and does not survive an error in the making of a file: either can end the
 * process. The log asks the file system before (file-room.ts); strace fails LMDB's own call.
 */
const endedByLmdb = ({ call }: Fault, signal: string | null): boolean =>
  (call === 'pwrite64' || call === 'writev') && (signal === 'SIGABRT' || signal === 'SIGSEGV')

interface Manner {
  readonly acknowledgeEarly?: boolean
  readonly placement?: Placement
  /** More arguments of strace. */
  readonly strace?: readonly string[]
}

async function meet(fault: Fault, dir: string, manner: Manner = {}) {
  const { acknowledgeEarly = false, placement = 'thread', strace = [] } = manner
  if (!fault.making) await goesOn(dir, 'frames')
  // Every second time the disk is well again after the one error: that is not believed.
  const when = `${fault.n}${fault.n % 2 === 1 ? '+' : ''}`
  const durability = fault.n % 3 === 0 ? 'sync' : 'group'
  const writer = startWriter(
    {
      logs: [{ dir, durability, placement, workload: 'frames', batch: 10, window: 4 }],
      contributions: 1_000,
      pauseMillis: 1,
      acknowledgeEarly,
    },
    [...strace, ...inject(dir, fault, `error=${fault.error}`, when)],
  )
  const { code, signal } = await writer.exited
  const account = writer.accounts[0]!
  const { workload, acknowledged, emitted } = account.witness
  const verdict = await judgeLog(dir, {
    workload,
    acknowledged,
    ...(account.opened && emitted !== undefined ? { emitted } : {}),
  })
  const { report } = await goesOn(dir, workload)
  const problems = [...verdict.problems]
  const ended = endedByLmdb(fault, signal)
  if (!ended || placement === 'process') problems.push(...complaints(account, code ?? signal))
  if (report.cutBytes > 0) problems.push(`${report.cutBytes} B were cut`)
  return {
    account,
    verdict,
    ended,
    problems: problems.map(one => `${fault.error} of ${nameOf(fault)}: ${one}`),
  }
}

const able = requireTool('strace') && requireTool('gcc')

describe.skipIf(!requireTool('strace'))('a disk that fails', () => {
  const count = runs(12, allFaults.length)

  test(`D6 P7: ${count} of ${allFaults.length} errors end the writing at once, and nothing else`, async () => {
    const where = places('memory')
    const problems: string[] = []
    const tally = { runs: 0, acknowledged: 0, rejected: 0, recovered: 0, lost: 0, endedByLmdb: 0 }
    let settleMillisMax = 0
    for (const fault of some(allFaults, count)) {
      const { account, verdict, ended, ...found } = await meet(fault, where.next())
      const before = account.opened?.lastSeq ?? 0
      problems.push(...found.problems)
      tally.runs++
      tally.lost += verdict.lost
      tally.acknowledged += account.acknowledged > 0 ? account.acknowledged - before : 0
      tally.recovered += Math.max(0, verdict.lastSeq - before)
      if (ended) tally.endedByLmdb++
      for (const { end, settledAt = 0 } of account.fates) {
        if (end !== 'rejected' || account.failedAt === undefined) continue
        tally.rejected++
        settleMillisMax = Math.max(settleMillisMax, settledAt - account.failedAt)
      }
    }
    figure('D6', { ...tally, settleMillisMax: settleMillisMax.toFixed(1) })
    expect(problems).toEqual([])
    expect(tally.lost).toBe(0)
    expect(tally.rejected).toBeGreaterThan(count / 2)
  }, 3_600_000)

  test('D6 negative control: a writer that does not wait for the disk is caught', async () => {
    const fault = { call: 'fdatasync', n: 10, error: 'EIO', making: false } as const
    const { verdict } = await meet(fault, places('memory').next(), { acknowledgeEarly: true })
    expect(verdict.lost).toBeGreaterThan(0)
  })
})

describe.skipIf(!able)('a disk that fails, and an LMDB that dies of it each time', () => {
  const count = runs(6, allFaults.length / 8)

  test(`D6 G10 P7: ${count} errors below a log in a process of its own end the writing, and no program`, async () => {
    const where = places('memory')
    const strace = fatalWriteErrors()
    const problems: string[] = []
    const tally = { runs: 0, lost: 0, endedByLmdb: 0 }
    for (const fault of some(allFaults, count)) {
      const found = await meet(fault, where.next(), { placement: 'process', strace })
      problems.push(...found.problems.filter(problem => !isOfMaking(fault, problem)))
      tally.runs++
      tally.lost += found.verdict.lost
      if (found.ended) tally.endedByLmdb++
    }
    figure('D6.process', tally)
    expect(problems).toEqual([])
    expect(tally).toMatchObject({ lost: 0, endedByLmdb: 0 })
  }, 3_600_000)

  test('D6 G10 negative control: in a thread the same error ends the program', async () => {
    const fault = { call: 'writev', n: 3, error: 'EIO', making: false } as const
    const manner = { placement: 'thread', strace: fatalWriteErrors() } as const
    const { ended, verdict } = await meet(fault, places('memory').next(), manner)
    expect({ ended, lost: verdict.lost }).toEqual({ ended: true, lost: 0 })
  })
})

/** LMDB also dies of errors of which it says nothing, but only before there is a log. */
const isOfMaking = ({ making }: Fault, problem: string): boolean =>
  making && problem.endsWith('told as INTERNAL')

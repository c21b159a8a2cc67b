// D2 (P1, P3): a writer is killed at exact instants: by the kernel, on its way into the n-th
// system call of one kind, n = 1, 2, 3 ... The making of a log is gone through call by call, then
// some 75 commits. strace counts the calls of each thread for itself; LMDB commits on one thread.
import { describe, expect, test } from 'vitest'
import { figure } from '../../faults/figures.ts'
import { runs, tier } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { type Places, places } from './places.ts'
import { callsMaking, callsOn, inject, nameOf, type Point, some } from './strace.ts'
import { type Account, startWriter } from './writer.ts'

/** What a writer calls; the first lines are all that making a log takes. */
const allPoints: readonly Point[] = [
  ...callsMaking('pwrite64', 9),
  ...callsMaking('writev', 4),
  ...callsMaking('fsync', 5),
  ...callsMaking('link', 1),
  ...callsMaking('unlinkat', 2),
  ...callsMaking('rmdir', 1),
  ...callsOn('fdatasync', 75),
  ...callsOn('pwrite64', 99),
  ...callsOn('writev', 75),
  ...callsOn('write', 29),
]

/** Kills a writer at `point`; what it had said until then, undefined when it never came there. */
async function killAt(
  point: Point,
  dir: string,
  acknowledgeEarly = false,
): Promise<Account | undefined> {
  // The data file grows once in several commits: `write` needs longer ones.
  const batch = point.call === 'write' ? 10 : 2
  const writer = startWriter(
    {
      logs: [
        {
          dir,
          durability: 'sync',
          workload: 'frames',
          batch,
          window: 1,
        },
      ],
      contributions: 200,
      acknowledgeEarly,
    },
    inject(dir, point, 'signal=KILL'),
  )
  const { code, signal } = await writer.exited
  if (code === 0 && writer.ended()) return undefined
  expect(signal, writer.stderr()).toBe('SIGKILL')
  return writer.accounts[0]
}

interface Tally {
  points: number
  acknowledged: number
  recovered: number
  lost: number
  /** Points that no writer came to. */
  missed: string[]
  problems: string[]
}

async function campaign(points: readonly Point[], where: Places, early = false): Promise<Tally> {
  const tally: Tally = {
    ...{ points: points.length, acknowledged: 0, recovered: 0, lost: 0 },
    ...{ missed: [], problems: [] },
  }
  let dir = where.next()
  for (const [index, point] of points.entries()) {
    // A new log now and then: judging one reads all of it.
    if (point.making || index % 5 === 0) {
      dir = where.next()
      if (!point.making) await goesOn(dir, 'frames')
    }
    const account = await killAt(point, dir, early)
    const name = nameOf(point)
    if (account === undefined) {
      tally.missed.push(name)
      continue
    }
    const before = account.opened?.lastSeq ?? 0
    const { workload, acknowledged, emitted } = account.witness
    // A writer that was not told where the log ends has taken nothing away from it.
    const verdict = await judgeLog(dir, {
      workload,
      acknowledged,
      ...(account.opened && emitted !== undefined ? { emitted } : {}),
    })
    tally.problems.push(...verdict.problems.map(problem => `${name}: ${problem}`))
    tally.lost += verdict.lost
    tally.acknowledged += acknowledged - before
    tally.recovered += verdict.lastSeq - before
    const { report } = await goesOn(dir, workload)
    expect(report, name).toMatchObject({ cutBytes: 0, cutEvents: 0, lastSeq: verdict.lastSeq })
  }
  return tally
}

describe.skipIf(!requireTool('strace'))('a writer killed at an exact system call', () => {
  const count = runs(60, allPoints.length)

  test(`D2 P1 P3: loses nothing acknowledged, at ${count} points`, async () => {
    const { missed, problems, ...tally } = await campaign(some(allPoints, count), places('memory'))
    figure('D2', tally)
    expect(problems).toEqual([])
    expect(missed).toEqual([])
    expect(tally.lost).toBe(0)
    expect(tally.recovered).toBeGreaterThanOrEqual(tally.acknowledged)
    expect(tally.acknowledged).toBeGreaterThan(count)
    expect(tier === 'commit' || count === 300).toBe(true)
  }, 3_600_000)

  test('D2 negative control: a writer that acknowledges before the flush is caught', async () => {
    const points = callsOn('fdatasync', 30).filter(({ n }) => n % 10 === 0)
    const { lost, problems } = await campaign(points, places('memory'), true)
    expect(lost).toBeGreaterThan(0)
    expect(problems.join()).toContain('acknowledged events are lost')
  }, 60_000)
})

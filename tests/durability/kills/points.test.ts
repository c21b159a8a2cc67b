// D2 (P1, P3): the same, at exact instants: the kernel kills the writer on its way into the n-th
// system call of one kind, n = 1, 2, 3 ... The making of a log is gone through call by call, then
// some 75 commits. strace counts the calls of each thread for itself; LMDB commits on one thread.
import { describe, expect, test } from 'vitest'
import { figure } from '../../faults/figures.ts'
import { runs, tier } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { type Places, places } from './places.ts'
import { type Call, inject } from './strace.ts'
import { type Account, startWriter } from './writer.ts'

interface Point {
  readonly call: Call
  readonly n: number
  /** While a log is made, or while one is written that is there. */
  readonly fresh: boolean
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1)
const pointsOf = (call: Call, count: number, fresh: boolean): Point[] =>
  upTo(count).map(n => ({ call, n, fresh }))

/** What a writer calls, in LMDB or before it; the first lines are all that making a log takes. */
const allPoints: readonly Point[] = [
  ...pointsOf('write', 1, true),
  ...pointsOf('pwrite64', 10, true),
  ...pointsOf('writev', 4, true),
  ...pointsOf('fdatasync', 6, true),
  ...pointsOf('fdatasync', 75, false),
  ...pointsOf('pwrite64', 100, false),
  ...pointsOf('writev', 75, false),
  ...pointsOf('write', 29, false),
]

/** `count` points, spread evenly. */
const some = (count: number): Point[] =>
  upTo(count).map(index => allPoints[Math.floor(((index - 1) * allPoints.length) / count)]!)

/** Kills a writer at `point`; what it had said until then, undefined when it never came there. */
async function killAt(
  { call, n }: Point,
  dir: string,
  acknowledgeEarly = false,
): Promise<Account | undefined> {
  const writer = startWriter(
    {
      // The data file grows once in several commits: `write` needs longer ones.
      logs: [
        {
          dir,
          durability: 'sync',
          workload: 'frames',
          batch: call === 'write' ? 10 : 2,
          window: 1,
        },
      ],
      contributions: 200,
      acknowledgeEarly,
    },
    inject(dir, call, `signal=KILL:when=${n}`),
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
    if (point.fresh || index % 5 === 0) {
      dir = where.next()
      if (!point.fresh) await goesOn(dir, 'frames')
    }
    const account = await killAt(point, dir, early)
    const name = `${point.call} ${point.n}${point.fresh ? ' of a new log' : ''}`
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
    const { missed, problems, ...tally } = await campaign(some(count), places('memory'))
    figure('D2', tally)
    expect(problems).toEqual([])
    expect(missed).toEqual([])
    expect(tally.lost).toBe(0)
    expect(tally.recovered).toBeGreaterThanOrEqual(tally.acknowledged)
    expect(tally.acknowledged).toBeGreaterThan(count)
    expect(tier === 'commit' || count === 300).toBe(true)
  }, 3_600_000)

  test('D2 negative control: a writer that acknowledges before the flush is caught', async () => {
    const points = [10, 20, 30].map(n => ({ call: 'fdatasync' as const, n, fresh: false }))
    const { lost, problems } = await campaign(points, places('memory'), true)
    expect(lost).toBeGreaterThan(0)
    expect(problems.join()).toContain('acknowledged events are lost')
  }, 60_000)
})

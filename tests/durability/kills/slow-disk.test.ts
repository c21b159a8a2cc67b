// D12 (P1, P2, P9): each flush takes 50 ms, 300 ms or 2 s. What waits for the disk is bounded, past
// that the producer is told and nothing is taken in; nothing is acknowledged early; nobody waits for
// the disk but who asks to; and when the disk has caught up, all that was taken in is there.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { goesOn, judgeLog } from '../oracle.ts'
import { complaints } from './complaints.ts'
import { places } from './places.ts'
import { inject } from './strace.ts'
import { readOrder, traceArguments } from './trace.ts'
import { startWriter } from './writer.ts'

/** Two frames of 60 kB and two steps every so often: more than the slowest disk takes. */
const PAUSE_MILLIS = runs(10, 25)
const BATCH = 4
const delays = [50, 300, 2_000]
const PENDING_BYTES_MAX = runs(3, 16) * MIB
const EMIT_MILLIS = runs(1_000, 60_000)

async function writeSlowly(dir: string, flushMillis: number, acknowledgeEarly = false) {
  const file = `${dir}.trace`
  const writer = startWriter(
    {
      logs: [
        {
          ...{ dir, durability: 'group', workload: 'frames', batch: BATCH, window: 1e9 },
          pendingBytesMax: PENDING_BYTES_MAX,
        },
      ],
      contributions: Math.ceil(EMIT_MILLIS / PAUSE_MILLIS),
      pauseMillis: PAUSE_MILLIS,
      acknowledgeEarly,
    },
    traceArguments(file, `delay_enter=${flushMillis * 1000}`),
  )
  const { code } = await writer.exited
  expect(code, writer.stderr()).toBe(0)
  const account = writer.accounts[0]!
  return { account, order: readOrder(file), verdict: await judgeLog(dir, account.witness) }
}

async function judgeSlow(dir: string, flushMillis: number): Promise<void> {
  const { account, order, verdict } = await writeSlowly(dir, flushMillis)
  const refused = account.fates.filter(({ end }) => end === 'refused')
  const taken = account.fates.filter(({ end }) => end === 'acknowledged')
  const waits = taken.map(({ emittedAt, settledAt = 0 }) => settledAt - emittedAt)
  figure(`D12.${flushMillis}`, {
    offered: account.fates.length,
    taken: taken.length,
    refused: refused.length,
    pendingBytesMax: account.pendingBytes,
    flushes: order.flushes,
    shortestWaitMillis: Math.min(...waits).toFixed(0),
    longestWaitMillis: Math.max(...waits).toFixed(0),
  })
  // Refused and told, never dropped; what was taken in is durable, and nothing else is there.
  expect(taken.length + refused.length).toBe(account.fates.length)
  expect(new Set(account.codes)).toEqual(new Set(refused.length > 0 ? ['UNAVAILABLE'] : []))
  expect(account.pendingBytes).toBeLessThanOrEqual(PENDING_BYTES_MAX)
  expect(verdict).toEqual({ lastSeq: taken.at(-1)!.seq, lost: 0, problems: [] })
  expect(verdict.lastSeq).toBe(taken.length * BATCH)
  if (flushMillis === Math.max(...delays)) expect(refused.length).toBeGreaterThan(0)
  // Not early, by the order of system calls and by the clock.
  expect(order.acknowledgements).toBe(taken.length)
  expect(order.early).toEqual([])
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(flushMillis - 1)
  // The producer went on while the disk was busy.
  expect(order.emittedInOneFlush).toBeGreaterThan(0)
}

describe.skipIf(!requireTool('strace'))('a slow disk', () => {
  test('D12 P1 P2: is told and bounded, and costs nothing that was taken in', async () => {
    const dir = places('memory').next()
    // Side by side: they wait most of the time.
    await Promise.all(delays.map(millis => judgeSlow(join(dir, String(millis)), millis)))
  }, 600_000)

  test('D12 P7: a flush that comes back after the deadline has failed, and is not believed', async () => {
    const dir = places('memory').next()
    const point = { making: false, call: 'fdatasync', n: 5 } as const
    const writer = startWriter(
      {
        logs: [
          {
            ...{ dir, durability: 'sync', workload: 'frames', batch: 2, window: 4 },
            operationMillisMax: 500,
          },
        ],
        contributions: 100,
        pauseMillis: 1,
      },
      inject(dir, point, 'delay_enter=3000000'),
    )
    const { code } = await writer.exited
    const account = writer.accounts[0]!
    expect(complaints(account, code)).toEqual([])
    expect(account.codes).toContain('LOG_FAILED')
    // It was durable all the same, in the end: more may be there than was promised, never less.
    const verdict = await judgeLog(dir, account.witness)
    expect(verdict.problems).toEqual([])
    expect(verdict.lastSeq).toBeGreaterThan(account.acknowledged)
    expect((await goesOn(dir, 'frames')).report.cleanClose).toBe(false)
  }, 60_000)

  test('D12 negative control: acknowledgements before the flush are seen in the order of calls', async () => {
    const { order } = await writeSlowly(join(places('memory').next(), 'run'), 50, true)
    expect(order.early.length).toBeGreaterThan(0)
  }, 600_000)
})

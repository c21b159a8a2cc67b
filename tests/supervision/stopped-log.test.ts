// S4 and G10: the process that writes the log is stopped (SIGSTOP). From here that looks like a slow
// disk, so it is waited for like one, and after 30 s it is a dead one. The trainer goes on all the time.
import { expect, test } from 'vitest'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { findChildren, LOG_PROCESS, stopProcess } from '../faults/child-process.ts'
import { runs } from '../faults/tier.ts'
import { readEvents, tempDir, until } from '../runtime/harness.ts'
import { only } from '../runtime/nothing-missing.ts'
import { judgeRun } from './judge-run.ts'
import { type Load, startLoad } from './programs/load.ts'

/** Longer than an actor may say nothing. */
const STOPPED_MILLIS = 3_000
/** The deadline of 30 s, and some time to be told of it. */
const FAILED_MILLIS_MAX = 60_000

interface Stopped {
  readonly dir: string
  readonly run: Run
  readonly load: Load
  readonly pid: number
}

/** A run under load whose log's process has just been stopped. */
async function stopLog(): Promise<Stopped> {
  const dir = tempDir()
  const placement = { logPlacement: 'process', closeMillisMax: 30_000 } as const
  const options = checkOptions({ dir, ...placement, handleSignals: false, onProblem: () => {} })
  const run = await start(options, { faults: false })
  const load = startLoad(run)
  await until('steps to be durable', () => load.acknowledged > 500)
  const [pid = -1] = findChildren('self', LOG_PROCESS)
  await stopProcess(pid)
  return { dir, run, load, pid }
}

const recorderOf = ({ status }: Run) => status?.actors.find(({ name }) => name === 'recorder')

async function goesOnAfterIt(): Promise<void> {
  const { dir, run, load, pid } = await stopLog()
  const before = load.steps
  await until('the disk to be slow', () => run.undurable.millis > STOPPED_MILLIS)
  expect(load.steps).toBeGreaterThan(before)
  expect(run.status?.healthy).toBe(true)
  expect(recorderOf(run)).toMatchObject({ restarts: 0, state: expect.stringMatching(/^running/) })
  process.kill(pid, 'SIGCONT')
  load.stop()
  const { steps, frames } = load
  await run.close()
  expect((await judgeRun(dir, { steps, frames, kills: {} })).problems).toEqual([])
}

async function failsForGood(): Promise<void> {
  const { dir, run, load, pid } = await stopLog()
  await until('health to be red', () => run.status?.healthy === false, FAILED_MILLIS_MAX)
  expect(run.status?.problem).toContain('did not answer in 30000 ms')
  expect(recorderOf(run)?.restarts).toBe(0)
  const { acknowledged } = load
  const before = load.steps
  await until('the trainer to go on', () => load.steps > before + 1_000)
  load.stop()
  await expect(run.close()).rejects.toThrow('did not answer')
  // It is not left behind, holding LMDB's lock.
  await until('its process to end', () => !findChildren('self', LOG_PROCESS).includes(pid))
  const next = await start(checkOptions({ dir, handleSignals: false }), { faults: false })
  await next.close()
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  const steps = only(await readEvents(dir), 'step_taken').map(({ position }) => position?.[0])
  expect(steps).toEqual(steps.map((_, step) => step))
  expect(steps.length).toBeGreaterThanOrEqual(acknowledged)
}

test('S4 G10: a log`s process that is stopped is waited for, and nothing is lost; after 30 s the log has failed', async () => {
  for (const each of runs([goesOnAfterIt], [goesOnAfterIt, failsForGood])) await each()
}, 180_000)

// S7 and S8: the embedding program comes to its end under load, by a signal, by itself, or by an
// error that nobody catches. The run is closed in time, what was acknowledged is in the log, and the
// program's exit code says how it ended.
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { figure } from '../faults/figures.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs } from '../faults/tier.ts'
import { type Program, readEvents, runCommand, tempDir } from '../runtime/harness.ts'
import { only } from '../runtime/nothing-missing.ts'
import type { EndingTask } from './programs/ending.child.ts'

const program = fileURLToPath(new URL('./programs/ending.child.ts', import.meta.url))
const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
/** S7: a program with a run ends within this time. */
const END_MILLIS_MAX = 5_000

interface Ending {
  readonly id: string
  readonly end: EndingTask['end']
  readonly signals: readonly NodeJS.Signals[]
  /** They reach all processes of the job: the log and the encoder have their own here. */
  readonly job?: boolean
  readonly times: number
  /** How it ended: by itself with this code, or by this signal. */
  readonly exit: number | NodeJS.Signals
  /** Why the run ended, as the log has it; null where the program did not wait for the log. */
  readonly reason: 'signal' | 'exit' | null
  readonly says?: string
}

const bug = { signals: [], times: runs(1, 20), exit: 1, says: 'the trainer has a bug' } as const
const endings: readonly Ending[] = [
  {
    ...{ id: 'S7.SIGTERM', end: 'signal', signals: ['SIGTERM'], times: runs(4, 200) },
    ...{ exit: 0, reason: 'signal' },
  },
  {
    ...{ id: 'S7.SIGINT-twice', end: 'signal', signals: ['SIGINT', 'SIGINT'], times: runs(2, 50) },
    ...{ exit: 'SIGINT', reason: null },
  },
  {
    ...{ id: 'S7.by-itself', end: 'natural', signals: [], times: runs(1, 20) },
    ...{ exit: 0, reason: 'exit' },
  },
  {
    ...{ id: 'S7.job', end: 'signal', signals: ['SIGTERM'], job: true, times: runs(1, 10) },
    ...{ exit: 0, reason: 'signal' },
  },
  { ...bug, id: 'S8.uncaughtException', end: 'throw', reason: 'exit' },
  { ...bug, id: 'S8.unhandledRejection', end: 'reject', reason: 'exit' },
]

interface Outcome {
  readonly millis: number
  readonly acknowledged: number
  readonly problems: readonly string[]
}

/** Runs the program for 50 to 400 ms under load, ends it, and judges what it left. */
async function endUnderLoad(
  ending: Ending,
  random: Random,
  plants: readonly Plant[] = [],
): Promise<Outcome> {
  const dir = tempDir('/dev/shm')
  const afterMillis = 50 + random.below(350)
  const { job = false } = ending
  const task: EndingTask = { end: ending.end, afterMillis, placement: job ? 'process' : 'thread' }
  const argv = ['--disable-warning=ExperimentalWarning', ...plantArgv(plants), program, dir]
  // `setsid` makes the program the first of a group of processes.
  const command = job ? ['setsid', process.execPath] : [process.execPath]
  const [name = '', ...rest] = [...command, ...argv, JSON.stringify(task)]
  const child = runCommand('ending', name, ...rest)
  await child.hears('started')
  if (ending.signals.length > 0) await pause(afterMillis)
  const signalledAt = Date.now()
  for (const signal of ending.signals) {
    process.kill(job ? -child.pid : child.pid, signal)
    await pause(5 + random.below(5))
  }
  // Two of a kind that are pending at once are one: the second is sent until it has come.
  const [, second] = ending.signals
  while (second && child.process.exitCode === null && child.process.signalCode === null) {
    child.process.kill(second)
    await pause(5)
  }
  const { code, signal } = await child.exited
  const endsAt = child.said.find(line => 'endsAt' in line)?.['endsAt'] ?? signalledAt
  const millis = Date.now() - Number(endsAt)
  const problems = (code ?? signal) === ending.exit ? [] : [`ended with ${code ?? signal}`]
  if (millis > END_MILLIS_MAX) problems.push(`took ${millis} ms`)
  if (!child.stderr().includes(ending.says ?? '')) problems.push('its error is not told')
  if (!ending.says && child.stderr() !== '') problems.push(child.stderr())
  problems.push(...(await judge(dir, child, ending)))
  return { millis, acknowledged: newest(child, 'acknowledged'), problems }
}

/** The last number that the program has said under this key; 0 when it said none. */
const newest = (child: Program, key: string): number =>
  Number(child.said.findLast(line => key in line)?.[key] ?? 0)

async function judge(dir: string, child: Program, { end, reason }: Ending): Promise<string[]> {
  const problems: string[] = []
  const events = await readEvents(dir)
  const steps = only(events, 'step_taken').map(step => step.position?.[0])
  if (steps.some((position, index) => position !== index)) problems.push('a step is missing')
  // Where nothing turns the event loop any more, everything is there; else what was acknowledged.
  const acknowledged = newest(child, end === 'signal' ? 'acknowledged' : 'steps')
  if (steps.length < acknowledged) problems.push(`${steps.length} of ${acknowledged} steps`)
  if (reason !== null) {
    if (only(events, 'run_ended').at(-1)?.reason !== reason) problems.push(`did not end: ${reason}`)
    const open = only(events, 'episode_began').length - only(events, 'episode_ended').length
    if (open !== 0) problems.push(`${open} episodes are open`)
  }
  if (!(await verifyLog(dir)).ok) problems.push('the log does not verify')
  return problems
}

describe.each(endings)('S7 S8 $id: a program that ends under load', ending => {
  const random = seededRandom(seed)

  test(
    `${ending.times} times: in time, whole, with its exit code (seed ${seed})`,
    async () => {
      const outcomes: Outcome[] = []
      for (let i = 0; i < ending.times; i++) outcomes.push(await endUnderLoad(ending, random))
      const millis = outcomes.map(outcome => outcome.millis).sort((a, b) => a - b)
      figure(ending.id, {
        ends: ending.times,
        acknowledged: outcomes.reduce((sum, outcome) => sum + outcome.acknowledged, 0),
        lost: 0,
        medianMillis: millis[millis.length >> 1] ?? 0,
        maxMillis: millis.at(-1) ?? 0,
      })
      expect(outcomes.flatMap(({ problems }) => problems)).toEqual([])
    },
    runs(60_000, 900_000),
  )
})

test('S7 the campaign notices a run that is not closed when its program ends', async () => {
  const careless: Plant = {
    file: 'src/runtime/process-exit.ts',
    find: "process.on('exit', onExit)",
    replace: '',
  }
  const natural = endings.find(({ end }) => end === 'natural')!
  const { problems } = await endUnderLoad(natural, seededRandom(seed), [careless])
  expect(problems.join()).toMatch(/did not end/)
})

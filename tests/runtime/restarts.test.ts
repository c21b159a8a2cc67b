// P9, P11: an actor that dies while it streams comes back from snapshot and log; nobody else
// notices, lossless consumers miss nothing, and the trainer goes on.
import { expect, test } from 'vitest'
import { checkOptions, type RunOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { findChildren, LOG_PROCESS } from '../faults/child-process.ts'
import { tempDir, until } from './harness.ts'
import { checkNothingMissing, only } from './nothing-missing.ts'
import { connectViewer } from './viewer-client.ts'

async function startFaulty(dir: string, options: Partial<RunOptions> = {}): Promise<Run> {
  const checked = checkOptions({ dir, handleSignals: false, live: { port: 0 }, ...options })
  return start(checked, { faults: true })
}

/** A trainer at about 500 steps/s in episodes of 40 steps, a frame every fourth step. */
function train(run: Run): { steps: number; stop(): void } {
  const recorder = run.recorder('agent')
  const pixels = new Uint8Array(24 * 24 * 3)
  const progress = { steps: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    for (let i = 0; i < 2; i++) {
      if (recorder.episode === 0) recorder.begin()
      const step = progress.steps++
      const terminated = step % 40 === 39
      recorder.step({ reward: 0.5, position: [step], terminated })
      if (step % 4 === 0) {
        recorder.frame({ width: 24, height: 24, data: pixels.fill(step & 255) })
      }
      if (terminated) recorder.end()
    }
  }, 4)
  return progress
}

const actorOf = (run: Run, name: string) => run.status?.actors.find(actor => actor.name === name)

const actors: ActorKind[] = ['recorder', 'encoder', 'aggregator', 'broadcaster']

// All the others, in every way: tests/supervision/kills.ts.
test('P9 P11 A3 the aggregator throws while it streams: it comes back and nothing is missing', async () => {
  const victim = 'aggregator'
  const dir = tempDir()
  const run = await startFaulty(dir)
  const trainer = train(run)
  await until('some steps', () => trainer.steps > 400)
  run.host.crash(victim, 'throw')
  await until('the restart to show', () => actorOf(run, victim)?.restarts === 1)
  await until('it to run again', () => actorOf(run, victim)?.state.startsWith('running'))
  const before = trainer.steps
  await until('the trainer to go on', () => trainer.steps > before + 400)
  for (const other of actors.filter(name => name !== victim)) {
    expect(actorOf(run, other)?.restarts).toBe(0)
  }
  const viewer = await connectViewer(run.url ?? '')
  await viewer.next('state_update')
  trainer.stop()
  const { steps } = trainer
  await run.close()
  const events = await checkNothingMissing(dir, steps)
  const gone = only(events, 'actor_changed').filter(({ to }) => to === 'gone')
  expect(gone.some(({ actor, reason }) => actor === victim && reason === 'planted fault')).toBe(
    true,
  )
  // Milestones are facts: made once, whoever died in between.
  const milestones = only(events, 'milestone_reached').map(m => `${m.milestone} ${m.value}`)
  expect(new Set(milestones).size).toBe(milestones.length)
})

test('all four die at once: the run recovers', async () => {
  const dir = tempDir()
  const run = await startFaulty(dir)
  const trainer = train(run)
  await until('some steps', () => trainer.steps > 400)
  for (const victim of actors) run.host.crash(victim, 'exit')
  await until('all to be back', () =>
    actors.every(name => {
      const actor = actorOf(run, name)
      return actor?.restarts === 1 && actor.state.startsWith('running')
    }),
  )
  const before = trainer.steps
  await until('the trainer to go on', () => trainer.steps > before + 200)
  trainer.stop()
  const { steps } = trainer
  await run.close()
  await checkNothingMissing(dir, steps)
})

test('A6 the encoder in a process of its own: the same facts, also after it was killed', async () => {
  const dir = tempDir()
  const run = await startFaulty(dir, { encoderPlacement: 'process' })
  const trainer = train(run)
  await until('some steps', () => trainer.steps > 400)
  run.host.crash('encoder', 'exit')
  await until('the restart to show', () => actorOf(run, 'encoder')?.restarts === 1)
  await until('it to run again', () => actorOf(run, 'encoder')?.state.startsWith('running'))
  const before = trainer.steps
  await until('the trainer to go on', () => trainer.steps > before + 200)
  trainer.stop()
  const { steps } = trainer
  await run.close()
  await checkNothingMissing(dir, steps)
})

test('S4 G10 a stuck recorder whose log another process writes is ended, and that process with it', async () => {
  const dir = tempDir()
  const run = await startFaulty(dir, { logPlacement: 'process' })
  const trainer = train(run)
  await until('some steps', () => trainer.steps > 200)
  const [before] = findChildren('self', LOG_PROCESS)
  run.host.crash('recorder', 'hang')
  await until('the restart to show', () => actorOf(run, 'recorder')?.restarts === 1)
  await until('it to run again', () => actorOf(run, 'recorder')?.state.startsWith('running'))
  await until('one process to be left', () => findChildren('self', LOG_PROCESS).length === 1)
  expect(findChildren('self', LOG_PROCESS)).not.toContain(before)
  trainer.stop()
  const { steps } = trainer
  await run.close()
  await checkNothingMissing(dir, steps)
  await until('no process to be left', () => findChildren('self', LOG_PROCESS).length === 0)
})

test('a stuck aggregator is replaced, and nobody waits for it', async () => {
  const dir = tempDir()
  const run = await startFaulty(dir)
  const trainer = train(run)
  await until('some steps', () => trainer.steps > 200)
  run.host.crash('aggregator', 'hang')
  await until('the restart to show', () => actorOf(run, 'aggregator')?.restarts === 1)
  await until('it to run again', () => actorOf(run, 'aggregator')?.state.startsWith('running'))
  trainer.stop()
  const { steps } = trainer
  await run.close()
  await checkNothingMissing(dir, steps)
})

test('P11: more than 5 deaths in 10 s stop the group; the trainer goes on and is told', async () => {
  const dir = tempDir()
  const problems: string[] = []
  const run = await startFaulty(dir, { onProblem: problem => problems.push(problem.message) })
  const trainer = train(run)
  for (let death = 1; death <= 6; death++) {
    await until('it to run', () => actorOf(run, 'aggregator')?.state.startsWith('running'))
    run.host.crash('aggregator', 'throw')
    await until('it to be noticed', () => {
      const actor = actorOf(run, 'aggregator')
      return run.status?.healthy === false || (actor?.restarts ?? 0) >= death
    })
  }
  await until('health to be red', () => run.status?.healthy === false)
  const before = trainer.steps
  await until('the trainer to go on', () => trainer.steps > before + 100)
  trainer.stop()
  await expect(run.close()).rejects.toThrow('aggregator')
  expect(problems.join()).toContain('aggregator')
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
})

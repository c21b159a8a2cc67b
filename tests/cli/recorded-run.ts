// A small run, recorded by a trainer that says a bit of everything, for commands to read.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LiveOptions, Run } from '../../src/index.ts'
import { startRun } from '../../src/index.ts'

/** Episodes of agent `a`; `b` has one of `longEpisodeSteps`. */
export const episodesOfA = 3
export const stepsOfA = 10
export const longEpisodeSteps = 1500
export const frameCount = episodesOfA * stepsOfA
export const stepCount = episodesOfA * stepsOfA + longEpisodeSteps
/** In the middle of the log, in words that no other event says. */
export const secret = 'an insight that a test can find in the file'

export interface Workspace {
  readonly dir: string
  /** A recorded and closed run in it. */
  readonly run: string
  /** A copy of the run, to be damaged. */
  copy(name: string): string
  remove(): void
}

/** A directory with one recorded run, `first`. */
export async function recordWorkspace(): Promise<Workspace> {
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-cli-'))
  const first = join(dir, 'first')
  const run = await openRun(first)
  await record(run)
  await run.close()
  return {
    dir,
    run: first,
    copy(name) {
      cpSync(first, join(dir, name), { recursive: true })
      return join(dir, name)
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

export const openRun = (dir: string, live?: LiveOptions): Promise<Run> =>
  startRun({ dir, handleSignals: false, ...(live ? { live } : {}) })

async function record(run: Run): Promise<void> {
  const a = run.recorder('a')
  for (let episode = 0; episode < episodesOfA; episode++) {
    a.begin({ seed: episode, stage: 1, epsilon: 0.5 })
    for (let step = 0; step < stepsOfA; step++) {
      const reward = episode === 0 && step === 0 ? Number.NaN : 1
      const terminated = step === stepsOfA - 1
      a.step({ reward, action: step, position: [step, 0], meters: { energy: 0.5 }, terminated })
      a.frame({ width: 4, height: 4, data: new Uint8Array(48).fill(step) })
    }
    a.end()
    a.metrics({ loss: Number.POSITIVE_INFINITY }, episode)
  }
  // Apart from what came before and what comes: a batch of its own.
  await run.flush()
  a.insight('note', { text: secret })
  await run.flush()
  const b = run.recorder('b')
  b.begin()
  for (let step = 0; step < longEpisodeSteps; step++) b.step({ reward: 0.1, qValues: [1, 2, 3] })
  b.end({ reason: 'died: of boredom' })
  await run.flush()
}

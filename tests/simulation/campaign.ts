// A campaign: so many seeds, each with its thousand steps, all of them well. It is run in two halves,
// which two cores can share.
import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { type Outcome, simulate } from './simulate.ts'

const SEEDS = runs(250, 5_000)
const FIRST_SEED = 1000

/** Fails with all that is needed to see it again. */
export function expectWell({ seed, steps, violation, story }: Outcome): void {
  if (violation === undefined) return
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  expect.fail(
    `seed ${seed} of commit ${commit} after ${steps} steps: ${violation}\n${story}\n` +
      `node tests/simulation/run.ts --seed ${seed} --trace`,
  )
}

/** Every second seed, from the first or the second on. */
export async function campaign(half: 'even' | 'odd'): Promise<void> {
  const totals = { steps: 0, virtualMillis: 0, processes: 0, events: 0 }
  for (let i = 0; i < SEEDS; i++) {
    const outcome = await simulate(FIRST_SEED + 2 * i + (half === 'even' ? 0 : 1))
    expectWell(outcome)
    totals.steps += outcome.steps
    totals.virtualMillis += outcome.virtualMillis
    totals.processes += outcome.processes
    totals.events += outcome.events
  }
  const { steps, virtualMillis, processes, events } = totals
  const virtualSeconds = Math.round(virtualMillis / 1000)
  figure(`SIM.${half}`, { seeds: SEEDS, steps, virtualSeconds, processes, events, violations: 0 })
}

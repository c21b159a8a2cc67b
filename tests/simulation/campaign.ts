// A campaign: so many seeds, each with its thousand steps, all of them well. It is run in two halves,
// which two cores can share. What a commit is held to are always the same seeds: what fails is then
// the commit's. The slow tier plays others every day, or from ROLLCAST_SEED on.
import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs, tier } from '../faults/tier.ts'
import { type Outcome, simulate } from './simulate.ts'

const DAY_MILLIS = 86_400_000
const SEEDS = runs(250, 5_000)
const today = firstSeed(tier, Math.floor(Date.now() / DAY_MILLIS))
const FIRST_SEED = Number(process.env['ROLLCAST_SEED'] ?? today)

/** The first seed that both halves play on `day`, counted from 1970 in UTC. */
export function firstSeed(of: typeof tier, day: number): number {
  return of === 'commit' ? 1000 : day * 2 * SEEDS
}

/** Fails with all that is needed to see it again. */
export function expectWell({ seed, steps, violation, story }: Outcome, campaign = ''): void {
  if (violation === undefined) return
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  expect.fail(
    `seed ${seed} of commit ${commit} after ${steps} steps: ${violation}\n${story}\n` +
      `node tests/simulation/run.ts --seed ${seed} --trace${campaign}`,
  )
}

/** Every second seed, from the first or the second on. */
export async function campaign(half: 'even' | 'odd'): Promise<void> {
  const again = `\nthe whole campaign: ROLLCAST_TIER=${tier} ROLLCAST_SEED=${FIRST_SEED}`
  const totals = { steps: 0, virtualMillis: 0, processes: 0, events: 0 }
  for (let i = 0; i < SEEDS; i++) {
    const outcome = await simulate(FIRST_SEED + 2 * i + (half === 'even' ? 0 : 1))
    expectWell(outcome, again)
    totals.steps += outcome.steps
    totals.virtualMillis += outcome.virtualMillis
    totals.processes += outcome.processes
    totals.events += outcome.events
  }
  const { steps, virtualMillis, processes, events } = totals
  const virtualSeconds = Math.round(virtualMillis / 1000)
  const played = { seeds: SEEDS, firstSeed: FIRST_SEED, steps, virtualSeconds, processes, events }
  figure(`SIM.${half}`, { ...played, violations: 0 })
}

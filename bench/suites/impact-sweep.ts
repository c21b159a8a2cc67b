// How the cost of a step goes with the number of agents that take them in turns.
import { measureCalls } from '../calls.ts'
import { growthOf, type Sweep } from '../suite.ts'

const AGENTS = [1, 4, 16, 50]
const CALLS = 200_000

export const impactSweep: Sweep = async settings => {
  const nanos = new Map<number, number[]>()
  for (const agents of settings.small ? [1, 2] : AGENTS) {
    settings.onProgress(`impact: ${agents} agents`)
    nanos.set(agents, await measureCalls(settings.small ? 2000 : CALLS, agents))
  }
  return {
    growth: [growthOf('impact.step_nanos', 'ns', 'agents', nanos)],
    notes: ['bursts of 1000 steps, the agents in turns; the consumer is let catch up between them'],
  }
}

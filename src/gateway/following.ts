// Which agents a viewer follows: the one that the server chooses (the default), one or several by
// name, or all that there are, up to a bound. Agents of `all` are admitted as they are seen.
import { limits } from '../protocol/limits.ts'
import type { Stage } from './publication.ts'

export type Choice = 'default' | 'all' | readonly string[]

export class Following {
  readonly #stage: Pick<Stage, 'agents' | 'defaultAgent'>
  #choice: Choice = 'default'
  /** Those named, or those admitted so far. */
  #agents = new Set<string>()

  constructor(stage: Pick<Stage, 'agents' | 'defaultAgent'>) {
    this.#stage = stage
  }

  get choice(): Choice {
    return this.#choice
  }

  /** True when others are followed from now on. */
  choose(choice: Choice): boolean {
    const before = this.agents
    this.#choice = choice
    this.#agents = new Set(typeof choice === 'string' ? [] : choice)
    const now = this.agents
    return now.length !== before.length || now.some((agent, at) => agent !== before[at])
  }

  follows(agent: string): boolean {
    if (this.#choice === 'default') return agent === this.#stage.defaultAgent
    if (this.#choice === 'all' && this.#agents.size < limits.viewerAgentsMax) {
      this.#agents.add(agent)
    }
    return this.#agents.has(agent)
  }

  /** Those followed now; none while there is no agent. */
  get agents(): readonly string[] {
    const { agents, defaultAgent } = this.#stage
    if (this.#choice === 'default') return defaultAgent === null ? [] : [defaultAgent]
    if (this.#choice === 'all') for (const agent of agents) this.follows(agent)
    return [...this.#agents]
  }

  /** How many share what the viewer can take. At least 1. */
  get count(): number {
    return Math.max(1, this.#agents.size)
  }
}

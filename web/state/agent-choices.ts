// Which agents there are to choose from.
import type { ViewerState } from './viewer-state.ts'

/**
 * None while there is no choice: one agent, and it is not picked. A picked one is always among them,
 * also where this run does not have it (yet), or there would be no way back from it.
 */
export function agentChoices({
  agents,
  followed,
}: Pick<ViewerState, 'agents' | 'followed'>): readonly string[] {
  if (followed === null) return agents.length < 2 ? [] : agents
  return agents.includes(followed) ? agents : [followed, ...agents]
}

// Which agent to watch, when there is more than one, or when the picked one is not in this run.
import { agentChoices } from '../state/agent-choices.ts'
import { useSession, useViewer } from '../use-session.ts'

export function AgentPicker() {
  const session = useSession()
  const agents = useViewer(state => state.agents)
  const followed = useViewer(state => state.followed)
  const shown = useViewer(state => state.look?.agent)
  const choices = agentChoices({ agents, followed })
  if (choices.length === 0) return null
  return (
    <label className="agent-picker">
      <span className="visually-hidden">Agent</span>
      <select
        value={followed ?? ''}
        onChange={event => session.follow(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">
          auto{shown === undefined || followed !== null ? '' : ` (${shown})`}
        </option>
        {choices.map(agent => (
          <option key={agent} value={agent}>
            {agents.includes(agent) ? agent : `${agent} (not in this run yet)`}
          </option>
        ))}
      </select>
    </label>
  )
}

// Which agent to watch, when there is more than one.
import { useSession, useViewer } from '../use-session.ts'

export function AgentPicker() {
  const session = useSession()
  const agents = useViewer(state => state.agents)
  const followed = useViewer(state => state.followed)
  const shown = useViewer(state => state.look?.agent)
  if (agents.length < 2) return null
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
        {agents.map(agent => (
          <option key={agent} value={agent}>
            {agent}
          </option>
        ))}
      </select>
    </label>
  )
}

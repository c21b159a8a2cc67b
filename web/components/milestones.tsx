// What the run has reached, newest first; each opens the episode that did it.
import { formatData, formatName, formatTime, formatValue } from '../format.ts'
import { useSession, useViewer } from '../use-session.ts'
import { Panel } from './panel.tsx'

export function Milestones() {
  const session = useSession()
  const milestones = useViewer(state => state.milestones)
  const returns = milestones.filter(({ milestone }) => milestone === 'best_return')
  const best = Math.max(...returns.map(({ value }) => value))
  return (
    <Panel
      title="Milestones"
      className="milestones"
      aside={returns.length > 0 && `best return ${formatValue(best)}`}
    >
      {milestones.length === 0 ? (
        <p className="empty">None yet. Best returns, longest episodes and stages appear here.</p>
      ) : (
        <ul>
          {milestones.map(one => (
            <li key={`${one.milestone} ${one.agent} ${one.episode}`}>
              <button type="button" onClick={() => session.openEpisode(one.episode)}>
                <span className={`milestone-mark milestone-${one.milestone}`} aria-hidden="true" />
                <span className="milestone-name">{formatName(one.milestone)}</span>
                <span className="milestone-value">
                  {one.previous !== null && <small>{formatValue(one.previous)} → </small>}
                  {formatValue(one.value)}
                </span>
                <span className="milestone-where">
                  #{one.episode} · {formatTime(one.time)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Insights />
    </Panel>
  )
}

/** What the trainer said beside its figures, in its own words. */
function Insights() {
  const insights = useViewer(state => state.insights)
  if (insights.length === 0) return null
  return (
    <ul className="insights" aria-label="Insights">
      {insights.map(({ kind, agent, time, data }) => (
        <li key={`${kind} ${agent ?? ''} ${time}`}>
          <strong>{formatName(kind)}</strong> {agent}
          <span className="milestone-where">{formatTime(time)}</span>
          <p>{formatData(data)}</p>
        </li>
      ))}
    </ul>
  )
}

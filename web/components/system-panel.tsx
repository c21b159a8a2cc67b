// The machinery: one line that is always there, and behind it every actor and channel with its
// counters.
import { useState } from 'react'
import { formatBytes } from '../../src/base/bytes.ts'
import type { ViewerActor } from '../../src/protocol/viewer-messages.ts'
import { formatCount, formatMillis } from '../format.ts'
import type { SystemReport } from '../state/viewer-state.ts'
import { useViewer } from '../use-session.ts'

export function SystemPanel() {
  const system = useViewer(state => state.system)
  const connected = useViewer(state => state.connection.phase === 'open')
  const [open, setOpen] = useState(false)
  return (
    <footer className="system">
      <button
        type="button"
        className={connected ? 'system-line' : 'system-line stale'}
        aria-expanded={open}
        aria-controls="system-details"
        onClick={() => setOpen(!open)}
      >
        <span className="chevron" aria-hidden="true">
          {open ? '▾' : '▴'}
        </span>
        {system !== null && !connected && <span>last known:</span>}
        {system === null ? <span>System: no report yet</span> : <Summary system={system} />}
      </button>
      <div id="system-details" className="system-details" hidden={!open}>
        {open && system !== null && <Actors actors={system.actors} />}
      </div>
    </footer>
  )
}

function Summary({ system }: { system: SystemReport }) {
  const lost = useViewer(state => state.totals?.lost_events ?? 0)
  const refused = useViewer(state => state.totals?.refused_inputs ?? 0)
  const restarts = system.actors.reduce((sum, actor) => sum + actor.restarts, 0)
  const quarantined = system.actors.reduce((sum, actor) => sum + actor.quarantined, 0)
  return (
    <>
      <span className={system.healthy ? 'health good' : 'health bad'}>
        {system.healthy ? '● healthy' : '▲ unhealthy'}
      </span>
      <span>{system.trainer_attached ? 'trainer attached' : 'no trainer'}</span>
      <span>{system.actors.length} actors</span>
      <span>{restarts} restarts</span>
      <span className={lost > 0 ? 'bad' : ''}>{formatCount(lost)} events lost</span>
      {quarantined > 0 && <span className="bad">{quarantined} events passed over</span>}
      {refused > 0 && <span className="bad">{formatCount(refused)} inputs refused</span>}
      <span>
        live queue {system.episodes_queued}, {formatCount(system.episodes_dropped)} dropped
      </span>
    </>
  )
}

const channelHeads = [
  'policy',
  'depth',
  'high water',
  'offered',
  'taken',
  'dropped',
  'spilled',
  'blocked',
]

function Actors({ actors }: { actors: readonly ViewerActor[] }) {
  if (actors.length === 0) return <p className="empty">No actors are running.</p>
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">actor / channel</th>
          {channelHeads.map(head => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      {actors.map(actor => (
        <tbody key={actor.name}>
          <tr className="actor">
            <th scope="rowgroup">{actor.name}</th>
            <td colSpan={channelHeads.length}>
              <span className="tag">{actor.state}</span> {actor.placement}
              {actor.lag !== null && `, ${formatCount(actor.lag)} events behind`}
              {actor.restarts > 0 && `, ${actor.restarts} restarts`}
              {actor.quarantined > 0 && `, ${actor.quarantined} events passed over`}
              {actor.reason !== null && <span className="warn">: {actor.reason}</span>}
            </td>
          </tr>
          {actor.channels.map(channel => (
            <tr key={channel.name}>
              <th scope="row">{channel.name}</th>
              <td className="text">{channel.policy}</td>
              <td title={formatBytes(channel.depth_bytes)}>{formatCount(channel.depth)}</td>
              <td>{formatCount(channel.high_water)}</td>
              <td>{formatCount(channel.offered)}</td>
              <td>{formatCount(channel.taken)}</td>
              <td className={channel.dropped > 0 ? 'warn' : ''}>{formatCount(channel.dropped)}</td>
              <td className={channel.spilled > 0 ? 'warn' : ''}>{formatCount(channel.spilled)}</td>
              <td className={channel.blocked_millis > 0 ? 'warn' : ''}>
                {formatMillis(channel.blocked_millis)}
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  )
}

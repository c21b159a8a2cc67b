// How the machinery is, in one line at the foot of every view; it leads to the page that says more.
import type { ViewerFrames } from '../../src/protocol/server-messages.ts'
import { formatCount } from '../format.ts'
import type { SystemReport } from '../state/viewer-state.ts'
import { useViewer } from '../use-session.ts'

export function SystemLine() {
  const system = useViewer(state => state.system)
  const connected = useViewer(state => state.connection.phase === 'open')
  return (
    <footer className="system">
      <a className={connected ? 'system-line' : 'system-line stale'} href="#/system">
        {system !== null && !connected && <span>last known:</span>}
        {system === null ? <span>System: no report yet</span> : <Summary system={system} />}
      </a>
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
      {system.frames && <Frames frames={system.frames} />}
    </>
  )
}

/** What is seen is the newest, not everything: a person must be able to tell. */
function Frames({ frames }: { frames: ViewerFrames }) {
  if (frames.source === 'log')
    return <span className="bad">frames by the log: fast lane stuck</span>
  if (frames.source === 'none') return null
  return (
    <span>
      newest frames: {formatCount(frames.shown)} shown, {formatCount(frames.skipped)} passed over
    </span>
  )
}

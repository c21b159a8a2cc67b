// The episode as it is played: picture, figures over it, and the controls of a replay below.
import { useSession, useViewer } from '../use-session.ts'
import { AgentPicker } from './agent-picker.tsx'
import { Hud } from './hud.tsx'
import { StageCanvas } from './stage-canvas.tsx'
import { Transport } from './transport.tsx'

export function StagePanel() {
  const session = useSession()
  const hasLook = useViewer(state => state.look !== null)
  const replay = useViewer(state => state.replay)
  const hasPicture = useViewer(
    ({ look }) => look !== null && (look.frame !== null || look.trail.length > 0),
  )
  return (
    <section className="panel stage-panel" aria-label="Stage">
      <div className="stage">
        <StageCanvas of={session} />
        {replay?.phase === 'loading' && (
          <p className="stage-note">Fetching episode {replay.episode} …</p>
        )}
        {replay?.phase === 'failed' && (
          <p className="stage-note" role="alert">
            Episode {replay.episode} cannot be replayed: {replay.message}.
          </p>
        )}
        {!hasLook && replay === null && <Waiting />}
        {hasLook && !hasPicture && replay?.phase !== 'loading' && (
          <p className="stage-note">This agent records no frames and no position.</p>
        )}
        <AgentPicker />
        <Hud />
      </div>
      <Transport />
    </section>
  )
}

function Waiting() {
  const mode = useViewer(state => state.mode)
  const isOpen = useViewer(state => state.connection.phase === 'open')
  const hasRows = useViewer(state => state.rows.length > 0)
  if (!isOpen) return <p className="stage-note">Reaching the server …</p>
  if (mode === 'live') return <p className="stage-note">Waiting for the next step …</p>
  if (hasRows) {
    return <p className="stage-note">Nothing is played now. Choose an episode to replay it.</p>
  }
  return (
    <div className="stage-note waiting">
      <span className="waiting-ring" aria-hidden="true" />
      <h2>Waiting for a run</h2>
      <p>Start a trainer that records with Rollcast, or try the demo:</p>
      <code>npx rollcast demo</code>
      <p>This page shows the run as soon as it begins. There is no need to reload.</p>
    </div>
  )
}

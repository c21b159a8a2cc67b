// How live it is: the mode by the server's word, the age of what is on this screen, the trainer's
// cost. It draws the stage out of sight, because the age is that of what was drawn.
import { ModeBadge } from '../components/mode-badge.tsx'
import { StageCanvas } from '../components/stage-canvas.tsx'
import { useSession, useViewer } from '../use-session.ts'

export function OverlayLatency() {
  const session = useSession()
  const cost = useViewer(state => state.system?.trainer_cost_percent ?? null)
  const viewers = useViewer(state => state.system?.viewers ?? null)
  return (
    <section className="card overlay-latency" aria-label="Latency">
      <ModeBadge />
      <dl>
        <div>
          <dt>trainer's cost</dt>
          <dd>{cost === null ? '–' : `${cost.toFixed(2)} %`}</dd>
        </div>
        <div>
          <dt>viewers</dt>
          <dd>{viewers ?? '–'}</dd>
        </div>
      </dl>
      <div className="overlay-measured">
        <StageCanvas of={session} />
      </div>
    </section>
  )
}

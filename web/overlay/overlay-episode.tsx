// The episode as it is played: picture, figures, meters.
import { Hud } from '../components/hud.tsx'
import { StageCanvas } from '../components/stage-canvas.tsx'
import { formatName, formatValue } from '../format.ts'
import { fractionOf, widen } from '../meter-range.ts'
import { useSession, useViewer } from '../use-session.ts'
import type { OverlayOptions } from './options.ts'

export function OverlayEpisode({ figures, meters }: OverlayOptions) {
  const session = useSession()
  return (
    <section className="overlay-episode card" aria-label="Episode">
      <div className="stage">
        <StageCanvas of={session} />
        {figures && <Hud />}
      </div>
      {meters && <Meters />}
    </section>
  )
}

function Meters() {
  const meters = useViewer(({ look }) => look?.state?.meters ?? null)
  if (meters === null) return null
  return (
    <ul className="overlay-meters" aria-label="Meters">
      {Object.entries(meters).map(([name, value]) => (
        <li key={name}>
          <span>{formatName(name)}</span>
          <span className="bar-track" aria-hidden="true">
            <span
              className="bar-fill"
              style={{ transform: `scaleX(${fractionOf(widen(undefined, value), value)})` }}
            />
          </span>
          <span className="bar-value">{formatValue(value)}</span>
        </li>
      ))}
    </ul>
  )
}

// An overlay for a stream: one panel, nothing around it, a link that is tried for ever.
import { useEffect } from 'react'
import { useSession, useViewer } from '../use-session.ts'
import type { OverlayName, OverlayOptions, ReadOptions } from './options.ts'
import { OverlayEpisode } from './overlay-episode.tsx'
import { OverlayLatency } from './overlay-latency.tsx'
import { OverlayMetrics } from './overlay-metrics.tsx'
import { OverlayMilestones } from './overlay-milestones.tsx'

const panels: Readonly<Record<OverlayName, (options: OverlayOptions) => React.ReactNode>> = {
  episode: OverlayEpisode,
  metrics: OverlayMetrics,
  milestones: OverlayMilestones,
  latency: OverlayLatency,
}

/** A server that sent us away may be another one by then. */
const REFUSED_RETRY_MILLIS = 15_000

export function Overlay({ options, problems }: ReadOptions) {
  const session = useSession()
  const phase = useViewer(state => state.connection.phase)
  useEffect(() => {
    if (phase !== 'refused') return
    const timer = setTimeout(session.start, REFUSED_RETRY_MILLIS)
    return () => clearTimeout(timer)
  }, [session, phase])
  const Panel = panels[options.overlay]
  return (
    <main className={`overlay overlay-${options.background}`} style={{ zoom: options.scale }}>
      <h1 className="visually-hidden">{`Rollcast: ${options.overlay}`}</h1>
      {problems.map(problem => (
        <p className="overlay-problem" role="alert" key={problem}>
          {problem}
        </p>
      ))}
      <Panel {...options} />
      {phase !== 'open' && (
        <p className="overlay-lost" role="status">
          connecting …
        </p>
      )}
    </main>
  )
}

// The run's name and how it is: mode and latency, viewers, what is safe on disk, trainer's cost.
import type { ReactNode } from 'react'
import { formatCount } from '../format.ts'
import { useViewer } from '../use-session.ts'
import { ModeBadge } from './mode-badge.tsx'
import { Navigation } from './navigation.tsx'
import { ThemeButton } from './theme-button.tsx'

function Fact({ label, title, children }: { label: string; title: string; children: ReactNode }) {
  return (
    <div className="fact" title={title}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts() {
  const system = useViewer(state => state.system)
  const totals = useViewer(state => state.totals)
  if (system === null) return <dl className="facts" />
  const behind =
    system.newest.epoch === system.durable.epoch ? system.newest.seq - system.durable.seq : null
  const cost = system.trainer_cost_percent
  return (
    <dl className="facts">
      {totals !== null && (
        <>
          <Fact label="Episodes" title="Finished episodes of the run">
            {formatCount(totals.episodes)}
          </Fact>
          <Fact label="Steps" title="Steps of the run">
            {formatCount(totals.steps)}
          </Fact>
        </>
      )}
      <Fact
        label="On disk"
        title={`Event ${system.durable.seq} is safe on disk, event ${system.newest.seq} is the newest shown (epoch ${system.newest.epoch})`}
      >
        {formatCount(system.durable.seq)}
        {behind !== null && <small> +{formatCount(Math.max(0, behind))}</small>}
      </Fact>
      <Fact label="Trainer cost" title="Share of the trainer's time spent in recording">
        {cost === null ? '–' : `${cost.toFixed(2)} %`}
      </Fact>
      <Fact label="Viewers" title="Viewers connected now">
        {system.viewers}
      </Fact>
    </dl>
  )
}

export function Header({ onHelp }: { onHelp: () => void }) {
  const name = useViewer(state => state.name ?? state.run)
  return (
    <header className="top">
      <img className="mark" src="/icon.svg" alt="Rollcast" width="28" height="28" />
      <h1>{name ?? 'Rollcast'}</h1>
      <ModeBadge />
      <Navigation />
      <Facts />
      <div className="top-actions">
        <button type="button" className="icon" onClick={onHelp} aria-label="Keyboard shortcuts">
          ?
        </button>
        <ThemeButton />
      </div>
    </header>
  )
}

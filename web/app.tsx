// The page: header, three columns (one on a phone), the system's line at the foot.
import { useEffect, useRef } from 'react'
import { BarsPanel } from './components/bars-panel.tsx'
import { EpisodeCharts } from './components/episode-charts.tsx'
import { EpisodeList } from './components/episode-list.tsx'
import { Header } from './components/header.tsx'
import { HelpDialog } from './components/help-dialog.tsx'
import { MetricCards } from './components/metric-cards.tsx'
import { Milestones } from './components/milestones.tsx'
import { Notices } from './components/notices.tsx'
import { StagePanel } from './components/stage-panel.tsx'
import { SystemPanel } from './components/system-panel.tsx'
import { Toasts } from './components/toasts.tsx'
import { runKey } from './keyboard.ts'
import { useSession } from './use-session.ts'

/** True when the focused element has its own use for the key. */
function takesKey(target: Element, key: string): boolean {
  if (target.closest('input[type="range"]')) return /^(Arrow|Page|Home|End)/.test(key)
  if (target.closest('button')) return key === ' '
  return target.closest('input, select, dialog') !== null
}

export function App() {
  const session = useSession()
  const help = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && takesKey(event.target, event.key)) return
      if (event.key === '?') help.current?.showModal()
      else if (!runKey(event.key, session)) return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [session])

  return (
    <div className="page">
      <Header onHelp={() => help.current?.showModal()} />
      <Notices />
      <main className="columns">
        <div className="column column-stage">
          <StagePanel />
          <BarsPanel />
        </div>
        <div className="column column-charts">
          <EpisodeCharts />
          <MetricCards />
        </div>
        <div className="column column-lists">
          <EpisodeList />
          <Milestones />
        </div>
      </main>
      <SystemPanel />
      <Toasts />
      <HelpDialog ref={help} />
    </div>
  )
}

// The page: header, the view that the address names, the system's line at the foot.
import { type Ref, useEffect, useRef } from 'react'
import { FILTER_ID } from './components/episode-filter-box.tsx'
import { Header } from './components/header.tsx'
import { HelpDialog } from './components/help-dialog.tsx'
import { Notices } from './components/notices.tsx'
import { SystemLine } from './components/system-line.tsx'
import { Toasts } from './components/toasts.tsx'
import { type PageActions, runKey } from './keyboard.ts'
import type { Player } from './playback.ts'
import { useSession, useViewer } from './use-session.ts'
import { CompareView } from './views/compare-view.tsx'
import { GridView } from './views/grid-view.tsx'
import { LiveView } from './views/live-view.tsx'
import { SystemView } from './views/system-view.tsx'

/** True when the focused element has its own use for the key. */
function takesKey(target: Element, key: string): boolean {
  if (target.closest('input[type="range"]')) return /^(Arrow|Page|Home|End)/.test(key)
  if (target.closest('button, a')) return key === ' '
  return target.closest('input, select') !== null
}

export function App() {
  const session = useSession()
  const help = useRef<HTMLDialogElement>(null)
  const comparison = useRef<Player>(null)
  useEffect(() => {
    const page: PageActions = {
      focusFilter: () => document.getElementById(FILTER_ID)?.focus(),
      showHelp: () => help.current?.showModal(),
    }
    const onKey = (event: KeyboardEvent): void => {
      // What lies behind a dialog is not seen, whatever has the focus.
      if (document.querySelector('dialog[open]') !== null) return
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && takesKey(event.target, event.key)) return
      const player = comparison.current ?? session.controls
      if (runKey(event.key, { session, player, page })) event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [session])

  return (
    <div className="page">
      <Header onHelp={() => help.current?.showModal()} />
      <Notices />
      <View comparison={comparison} />
      <SystemLine />
      <Toasts />
      <HelpDialog ref={help} />
    </div>
  )
}

function View({ comparison }: { comparison: Ref<Player> }) {
  const route = useViewer(state => state.route)
  switch (route.view) {
    case 'grid':
      return <GridView />
    case 'system':
      return <SystemView />
    case 'compare':
      return <CompareView left={route.left} right={route.right} player={comparison} />
    default:
      return <LiveView />
  }
}

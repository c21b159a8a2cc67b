// The views of the page, as links with addresses of their own.
import { RUNS_PATH } from '../../src/protocol/run-list.ts'
import { base } from '../browser-socket.ts'
import { formatRoute, type Route } from '../permalink.ts'
import { compareRoute } from '../state/compare-route.ts'
import type { ViewerState } from '../state/viewer-state.ts'
import { useViewer } from '../use-session.ts'

function comparisonOf(state: ViewerState): string | null {
  const route = compareRoute(state)
  return route === null ? null : formatRoute(route)
}

export function Navigation() {
  const view = useViewer(state => state.route.view)
  const comparison = useViewer(comparisonOf)
  const links: readonly { view: Route['view']; label: string; hash: string | null }[] = [
    { view: 'live', label: 'Live', hash: '#/' },
    { view: 'grid', label: 'Agents', hash: '#/grid' },
    { view: 'compare', label: 'Compare', hash: comparison },
    { view: 'system', label: 'System', hash: '#/system' },
  ]
  const current = view === 'episode' ? 'live' : view
  return (
    <nav className="views" aria-label="Views">
      {base !== '/' && <a href={RUNS_PATH}>Runs</a>}
      {links.map(({ view: target, label, hash }) =>
        hash === null ? null : (
          <a key={target} href={hash} aria-current={target === current ? 'page' : undefined}>
            {label}
          </a>
        ),
      )}
    </nav>
  )
}

// What to compare when nobody said: the best episode beside the one that is replayed, or beside the
// newest.
import type { Route } from '../permalink.ts'
import type { ViewerState } from './viewer-state.ts'

type Known = Pick<ViewerState, 'replay' | 'rows' | 'milestones' | 'route'>

/** The comparison that is shown, or the one to show; null while there are not two episodes. */
export function compareRoute({ replay, rows, milestones, route }: Known): Route | null {
  if (route.view === 'compare') return route
  const right = replay?.episode ?? rows[0]?.episode
  const best = milestones.find(({ milestone }) => milestone === 'best_return')?.episode
  const left = best !== undefined && best !== right ? best : rows.at(-1)?.episode
  if (left === undefined || right === undefined || left === right) return null
  return { view: 'compare', left, right }
}

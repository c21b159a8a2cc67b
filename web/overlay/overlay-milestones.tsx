// What the run has reached, newest first; for some seconds each, when the address says so.
import { useEffect, useState } from 'react'
import { formatName, formatValue } from '../format.ts'
import { useSession, useViewer } from '../use-session.ts'
import type { OverlayOptions } from './options.ts'

const TICK_MILLIS = 500
const MILLIS_A_SECOND = 1000

export function OverlayMilestones({ max, seconds }: OverlayOptions) {
  const milestones = useViewer(state => state.milestones)
  const session = useSession()
  const [now, setNow] = useState(() => session.serverNow())
  useEffect(() => {
    if (seconds === 0) return
    const timer = setInterval(() => setNow(session.serverNow()), TICK_MILLIS)
    return () => clearInterval(timer)
  }, [session, seconds])
  const isShown = ({ time }: { readonly time: number }): boolean =>
    seconds === 0 || now - time < seconds * MILLIS_A_SECOND
  return (
    <ul className="overlay-milestones" aria-live="polite" aria-label="Milestones">
      {milestones
        .filter(isShown)
        .slice(0, max)
        .map(one => (
          <li className="card" key={`${one.milestone} ${one.agent} ${one.episode}`}>
            <span className={`milestone-mark milestone-${one.milestone}`} aria-hidden="true" />
            <span>
              {formatName(one.milestone)} <small>episode {one.episode}</small>
            </span>
            <strong>{formatValue(one.value)}</strong>
          </li>
        ))}
    </ul>
  )
}

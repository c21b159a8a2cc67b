// Milestones as they happen; they go by themselves, and stay in the list.
import { formatName, formatValue } from '../format.ts'
import { useSession, useViewer } from '../use-session.ts'

export function Toasts() {
  const session = useSession()
  const toasts = useViewer(state => state.toasts)
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map(toast => (
        <button
          type="button"
          className="toast"
          key={`${toast.milestone} ${toast.agent} ${toast.episode}`}
          onClick={() => {
            session.dismissToast(toast)
            session.openEpisode(toast.episode)
          }}
        >
          <span className="toast-mark" aria-hidden="true">
            ★
          </span>
          <span>
            <strong>{formatName(toast.milestone)}</strong> {formatValue(toast.value)}
            <small>
              episode {toast.episode}
              {toast.previous !== null && `, was ${formatValue(toast.previous)}`} · watch it
            </small>
          </span>
        </button>
      ))}
    </div>
  )
}

// LIVE only when it is live: the badge says what is shown now, by the server's word, and how old it
// is by our own measurement.
import { formatMillis } from '../format.ts'
import type { ViewerState } from '../state/viewer-state.ts'
import { useViewer } from '../use-session.ts'

interface Badge {
  readonly tone: 'live' | 'checkpoint' | 'replay' | 'waiting' | 'lost'
  readonly text: string
  readonly means: string
}

function badgeOf({ connection, look, mode, shift, replay }: ViewerState): Badge {
  // Not before the replay is on the stage: until then the live episode is still seen.
  if (look?.replay) {
    return { tone: 'replay', text: 'Replay', means: 'An earlier episode, replayed in this page' }
  }
  if (connection.phase === 'refused') {
    return { tone: 'lost', text: 'Disconnected', means: 'The server closed the connection' }
  }
  if (connection.phase === 'reconnecting' || connection.phase === 'connecting') {
    const first = connection.phase === 'connecting' && connection.attempt === 0
    return first
      ? { tone: 'waiting', text: 'Connecting', means: 'Reaching the server' }
      : { tone: 'lost', text: 'Reconnecting', means: 'The connection was lost; trying again' }
  }
  if (replay === null && shift.behindMillis > 0) return shift.playing ? delayed : paused
  return badges[mode]
}

const paused: Badge = {
  tone: 'replay',
  text: 'Paused',
  means: 'An earlier moment of the live run; End goes back to live',
}

const delayed: Badge = { ...paused, text: 'Behind live' }

const badges: Readonly<Record<ViewerState['mode'], Badge>> = {
  live: { tone: 'live', text: 'Live', means: 'What the trainer plays now' },
  checkpoint: {
    tone: 'checkpoint',
    text: 'Checkpoint',
    means: 'No trainer is attached: the newest finished episodes',
  },
  replay: { tone: 'replay', text: 'Replay', means: 'A recorded run, replayed by the server' },
  waiting: { tone: 'waiting', text: 'Waiting', means: 'There is no run yet' },
}

export function ModeBadge() {
  const tone = useViewer(state => badgeOf(state).tone)
  const text = useViewer(state => badgeOf(state).text)
  const means = useViewer(state => badgeOf(state).means)
  // Only where the stage is drawn is there an age of what is drawn.
  const isDrawn = useViewer(({ look, route }) => route.view === 'live' && look !== null)
  const latency = useViewer(state => state.latency)
  return (
    <div className={`badge badge-${tone}`} title={means}>
      <span className="badge-dot" aria-hidden="true" />
      <span role="status">{text}</span>
      {tone === 'live' && isDrawn && (
        <span
          className="badge-latency"
          title={
            latency === null
              ? 'Not known yet how old this is: the clocks are being compared'
              : `From capture to this screen, median of the last draws; clocks agree within ${formatMillis(latency.errorMillis)}`
          }
        >
          {latency === null ? '–' : formatMillis(latency.millis)}
        </span>
      )}
    </div>
  )
}

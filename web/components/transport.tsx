// The controls of a replay; when nothing is replayed, the way into one.
import { formatPlace } from '../format.ts'
import { speeds } from '../playback.ts'
import { useSession, useViewer } from '../use-session.ts'
import { Icon } from './icons.tsx'

export function Transport() {
  const replay = useViewer(state => state.replay)
  if (replay === null) return <LiveBar />
  return replay.phase === 'ready' ? <ReplayBar /> : <BackBar />
}

function LiveBar() {
  const session = useSession()
  const latest = useViewer(state => state.rows[0]?.episode)
  const mode = useViewer(state => state.mode)
  return (
    <div className="transport transport-live">
      <p>
        {mode === 'live'
          ? 'Following the trainer. Any finished episode can be replayed.'
          : 'Finished episodes are replayed here.'}
      </p>
      <button
        type="button"
        disabled={latest === undefined}
        onClick={() => latest !== undefined && session.openEpisode(latest)}
      >
        Replay the last
      </button>
    </div>
  )
}

function BackBar() {
  const { backToLive } = useSession()
  return (
    <div className="transport transport-live">
      <p />
      <button type="button" onClick={backToLive}>
        Back to live
      </button>
    </div>
  )
}

function ReplayBar() {
  const session = useSession()
  const replay = useViewer(state => state.replay)
  const look = useViewer(state => state.look)
  if (replay?.phase !== 'ready') return null
  const playhead = look?.replay?.playhead
  const index = look?.replay?.index ?? 0
  const playing = playhead?.playing ?? false
  const stride = session.stage.replayStride
  return (
    <fieldset className="transport" aria-label={`Replay of episode ${replay.episode}`}>
      <input
        type="range"
        className="scrub"
        min={0}
        max={Math.max(0, replay.steps - 1)}
        value={index}
        aria-label="Step"
        aria-valuetext={`step ${look?.state?.step ?? 0} of ${replay.row.steps}`}
        onChange={event => session.seek(event.target.valueAsNumber)}
      />
      <div className="transport-row">
        <button
          type="button"
          className="icon"
          onClick={() => session.openNeighbour(-1)}
          aria-label="Previous episode"
        >
          <Icon name="previous" />
        </button>
        <button
          type="button"
          className="icon"
          onClick={() => session.stepBy(-1)}
          aria-label="Back one step"
        >
          <Icon name="stepBack" />
        </button>
        <button
          type="button"
          className="icon play"
          onClick={session.togglePlaying}
          aria-label={playing ? 'Pause' : 'Play'}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          className="icon"
          onClick={() => session.stepBy(1)}
          aria-label="Forward one step"
        >
          <Icon name="stepForward" />
        </button>
        <button
          type="button"
          className="icon"
          onClick={() => session.openNeighbour(1)}
          aria-label="Next episode"
        >
          <Icon name="next" />
        </button>
        <label className="speed">
          <span className="visually-hidden">Speed</span>
          <select
            value={String(playhead?.speed ?? 1)}
            onChange={event => {
              const speed = speeds.find(one => String(one) === event.target.value)
              if (speed !== undefined) session.setSpeed(speed)
            }}
          >
            {speeds.map(speed => (
              <option key={speed} value={String(speed)}>
                {speed === 'max' ? 'max' : `${speed}×`}
              </option>
            ))}
          </select>
        </label>
        <output className="place">{formatPlace(playhead?.atMillis ?? 0)}</output>
        <FramesNote
          expected={replay.framesExpected}
          received={replay.framesReceived}
          stride={stride}
          thinnedBy={replay.thinnedBy}
        />
        <button type="button" className="to-live" onClick={session.backToLive}>
          Back to live
        </button>
      </div>
    </fieldset>
  )
}

interface FramesNoteProps {
  readonly expected: number
  readonly received: number
  readonly stride: number
  readonly thinnedBy: number
}

/** Says what of the episode is not here, if anything. */
function FramesNote({ expected, received, stride, thinnedBy }: FramesNoteProps) {
  const notes = [
    thinnedBy > 1 ? `every ${thinnedBy}th step` : '',
    stride > 1 ? `every ${stride}th frame` : '',
    received < expected ? `frames ${Math.round((100 * received) / expected)} %` : '',
  ].filter(note => note !== '')
  return <span className="place-note">{notes.join(' · ')}</span>
}

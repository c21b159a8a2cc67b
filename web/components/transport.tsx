// The playback bar: of a replay, and of the live run, which can be paused and gone back in. The
// same buttons in both; what has nothing to act on is disabled and stays in its place.
import { formatMillis, formatPlace } from '../format.ts'
import { speeds } from '../playback.ts'
import { missingNote } from '../state/missing.ts'
import { useSession, useViewer } from '../use-session.ts'
import { Icon, type IconName } from './icons.tsx'

interface TransportButtonProps {
  readonly icon: IconName
  readonly label: string
  /** The key that does the same. */
  readonly shortcut: string
  readonly onClick: () => void
  readonly className?: string
  readonly pressed?: boolean
  readonly disabled?: boolean
}

function TransportButton({ icon, label, shortcut, pressed, ...rest }: TransportButtonProps) {
  const { className = '', onClick, disabled } = rest
  return (
    <button
      type="button"
      className={`icon ${className}`}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      title={`${label} (${shortcut})`}
    >
      <Icon name={icon} />
    </button>
  )
}

export function Transport() {
  const { controls } = useSession()
  const replay = useViewer(state => state.replay)
  const playing = useViewer(({ look, replay, shift }) =>
    replay === null ? shift.playing : (look?.replay?.playhead.playing ?? false),
  )
  const loop = useViewer(state => state.loop)
  const hasLook = useViewer(state => state.look !== null)
  const hasRows = useViewer(state => state.rows.length > 0)
  const isReady = replay?.phase === 'ready'
  const still = replay === null ? !hasLook : !isReady
  const name = replay === null ? 'Live playback' : `Replay of episode ${replay.episode}`
  return (
    <fieldset className="transport" aria-label={name}>
      <div className="transport-scrub">
        {isReady ? <ReplayScrub /> : <LiveScrub />}
        <Place />
      </div>
      <div className="transport-row">
        <TransportButton
          icon="previous"
          label="Previous episode"
          shortcut="["
          disabled={!hasRows}
          onClick={() => controls.openNeighbour(-1)}
        />
        <TransportButton
          icon="stepBack"
          label="Back one step"
          shortcut=","
          disabled={still}
          onClick={() => controls.stepBy(-1)}
        />
        <TransportButton
          icon={playing ? 'pause' : 'play'}
          label={playing ? 'Pause' : 'Play'}
          shortcut="K"
          className="play"
          disabled={still}
          onClick={controls.togglePlaying}
        />
        <TransportButton
          icon="stepForward"
          label="Forward one step"
          shortcut="."
          disabled={still}
          onClick={() => controls.stepBy(1)}
        />
        <TransportButton
          icon="next"
          label="Next episode"
          shortcut="]"
          disabled={replay === null}
          onClick={() => controls.openNeighbour(1)}
        />
        <TransportButton
          icon="starPrevious"
          label="Previous interesting episode"
          shortcut="P"
          onClick={() => controls.openInteresting(-1)}
        />
        <TransportButton
          icon="starNext"
          label="Next interesting episode"
          shortcut="N"
          disabled={replay === null}
          onClick={() => controls.openInteresting(1)}
        />
        <TransportButton
          icon="loop"
          label="Repeat the episode"
          shortcut="R"
          pressed={loop}
          onClick={controls.toggleLoop}
        />
        <SpeedPicker />
        <Note />
        <LiveButton />
      </div>
    </fieldset>
  )
}

function ReplayScrub() {
  const { controls } = useSession()
  const steps = useViewer(({ replay }) => (replay?.phase === 'ready' ? replay.steps : 0))
  const length = useViewer(({ replay }) => (replay?.phase === 'ready' ? replay.row.steps : 0))
  const index = useViewer(state => state.look?.replay?.index ?? 0)
  const step = useViewer(state => state.look?.state?.step ?? 0)
  return (
    <input
      type="range"
      className="scrub"
      min={0}
      max={Math.max(0, steps - 1)}
      value={index}
      aria-label="Step"
      aria-valuetext={`step ${step} of ${length}`}
      onChange={event => controls.seek(event.target.valueAsNumber)}
    />
  )
}

const LIVE_SCRUB_STEP_MILLIS = 50

function LiveScrub() {
  const { controls } = useSession()
  const { behindMillis, lengthMillis } = useViewer(state => state.shift)
  const reach = Math.ceil(Math.max(lengthMillis, behindMillis) / 1000) * 1000
  return (
    <input
      type="range"
      className="scrub"
      min={-reach}
      max={0}
      step={LIVE_SCRUB_STEP_MILLIS}
      value={-behindMillis}
      disabled={reach === 0}
      aria-label="Time behind live"
      aria-valuetext={behindMillis === 0 ? 'live' : `${formatMillis(behindMillis)} behind live`}
      onChange={event => controls.seekBehind(-event.target.valueAsNumber)}
    />
  )
}

/** The live edge has one pace: there the choice is given only once it is behind. */
function SpeedPicker() {
  const { controls } = useSession()
  const isReplay = useViewer(state => state.replay?.phase === 'ready')
  const isBehind = useViewer(({ replay, shift }) => replay === null && shift.behindMillis > 0)
  const speed = useViewer(({ look, shift }) => look?.replay?.playhead.speed ?? shift.speed)
  return (
    <label className="speed">
      <span className="visually-hidden">Speed</span>
      <select
        value={String(speed)}
        disabled={!isReplay && !isBehind}
        onChange={event => {
          const chosen = speeds.find(one => String(one) === event.target.value)
          if (chosen !== undefined) controls.setSpeed(chosen)
        }}
      >
        {speeds
          .filter(one => isReplay || one !== 'max')
          .map(one => (
            <option key={one} value={String(one)}>
              {one === 'max' ? 'max' : `${one}×`}
            </option>
          ))}
      </select>
    </label>
  )
}

/** Where the playhead stands: in the episode, or behind the live edge. */
function Place() {
  const isReplay = useViewer(state => state.replay !== null)
  const at = useViewer(state => state.look?.replay?.playhead.atMillis ?? 0)
  const behind = useViewer(state => state.shift.behindMillis)
  const text = isReplay ? formatPlace(at) : behind > 0 ? `−${formatPlace(behind)}` : 'now'
  return <output className="place">{text}</output>
}

/** What of the episode is not here, if anything. */
function Note() {
  const session = useSession()
  const replay = useViewer(state => state.replay)
  if (replay?.phase !== 'ready') return <span className="place-note" />
  const text = missingNote(replay, session.stage.replayStride)
  return (
    <span className="place-note" title={text}>
      {text}
    </span>
  )
}

function LiveButton() {
  const { backToLive } = useSession()
  const atEdge = useViewer(({ replay, shift }) => replay === null && shift.behindMillis === 0)
  return (
    <button
      type="button"
      className={atEdge ? 'to-live at-edge' : 'to-live'}
      disabled={atEdge}
      onClick={backToLive}
      aria-label={atEdge ? 'At the live edge' : 'Go live'}
      title={atEdge ? 'At the live edge' : 'Go live (End)'}
    >
      Live
    </button>
  )
}

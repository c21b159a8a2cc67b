// The one clock of a comparison: play, scrub, speed, and what it counts.
import { useStore } from 'zustand'
import { type Basis, type Comparison, stepAt } from '../comparison.ts'
import { formatPlace } from '../format.ts'
import { durationOf, speeds } from '../playback.ts'
import { Icon } from './icons.tsx'

export function CompareBar({ comparison }: { comparison: Comparison }) {
  const { playhead, offsets, basis } = useStore(comparison.store)
  const { playing, loop, speed, atMillis } = playhead
  const place = basis === 'time' ? formatPlace(atMillis) : `step ${stepAt(offsets, atMillis)}`
  return (
    <fieldset className="transport panel" aria-label="Playback of both episodes">
      <div className="transport-scrub">
        <input
          type="range"
          className="scrub"
          min={0}
          max={Math.max(1, Math.ceil(durationOf(offsets)))}
          value={atMillis}
          step="any"
          aria-label="Place in both episodes"
          aria-valuetext={place}
          disabled={offsets.length === 0}
          onChange={event => comparison.seekTo(event.target.valueAsNumber)}
        />
        <output className="place">{place}</output>
      </div>
      <div className="transport-row">
        <button
          type="button"
          className="icon"
          aria-label="Back one step"
          onClick={() => comparison.stepBy(-1)}
        >
          <Icon name="stepBack" />
        </button>
        <button
          type="button"
          className="icon play"
          aria-label={playing ? 'Pause' : 'Play'}
          onClick={comparison.togglePlaying}
        >
          <Icon name={playing ? 'pause' : 'play'} />
        </button>
        <button
          type="button"
          className="icon"
          aria-label="Forward one step"
          onClick={() => comparison.stepBy(1)}
        >
          <Icon name="stepForward" />
        </button>
        <button
          type="button"
          className="icon"
          aria-label="Repeat"
          aria-pressed={loop}
          onClick={comparison.toggleLoop}
        >
          <Icon name="loop" />
        </button>
        <label className="speed">
          <span className="visually-hidden">Speed</span>
          <select
            value={String(speed)}
            onChange={event => {
              const chosen = speeds.find(one => String(one) === event.target.value)
              if (chosen !== undefined) comparison.setSpeed(chosen)
            }}
          >
            {speeds.map(one => (
              <option key={one} value={String(one)}>
                {one === 'max' ? 'max' : `${one}×`}
              </option>
            ))}
          </select>
        </label>
        <label>
          One clock by{' '}
          <select
            value={basis}
            onChange={event => comparison.setBasis(event.target.value as Basis)}
          >
            <option value="time">time</option>
            <option value="steps">steps</option>
          </select>
        </label>
      </div>
    </fieldset>
  )
}

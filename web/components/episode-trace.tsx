// The episode on the stage, over its steps, with the play head in it; a click moves the play head.
import { useMemo, useState } from 'react'
import { plotSteps, plottable } from '../episode-plot.ts'
import { useSession, useViewer } from '../use-session.ts'
import { useThrottled } from '../use-throttled.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const REDRAW_MILLIS = 250

/** The number of the newest step is news at the live edge only: a replay's steps are all here. */
function useSteps() {
  const session = useSession()
  const episode = useViewer(state => state.look?.episode ?? null)
  const isReplay = useViewer(({ look }) => look !== null && look.replay !== null)
  const newest = useThrottled(
    useViewer(({ look }) => (look?.replay ? null : (look?.state?.step ?? null))),
    REDRAW_MILLIS,
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: another step means other steps
  return useMemo(() => {
    if (episode === null) return []
    return isReplay ? (session.stage.replaySteps ?? []) : [...session.liveSteps.of(episode)]
  }, [session, episode, isReplay, newest])
}

export function EpisodeTrace() {
  const { controls } = useSession()
  const steps = useSteps()
  const [chosen, setChosen] = useState('return')
  const episode = useViewer(state => state.look?.episode ?? null)
  const isReplay = useViewer(({ look }) => look !== null && look.replay !== null)
  const at = useViewer(state => state.look?.state?.step ?? null)
  const choices = useMemo(() => plottable(steps[0] ?? null), [steps])
  const plotted = choices.find(({ key }) => key === chosen) ?? choices[0]!
  const data = useMemo(() => plotSteps(steps, plotted), [steps, plotted])
  const series = useMemo<readonly ChartSeries[]>(
    () => [{ label: plotted.label, colour: '--accent', draw: 'area' }],
    [plotted],
  )
  return (
    <Panel
      title={episode === null ? 'Episode' : `Episode ${episode}`}
      className="chart-panel"
      aside={
        <label>
          <span className="visually-hidden">Draw</span>
          <select value={plotted.key} onChange={event => setChosen(event.target.value)}>
            {choices.map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
        </label>
      }
    >
      {steps.length === 0 && <p className="empty">The steps of the episode are drawn here.</p>}
      <Chart
        key={plotted.key}
        label={`${plotted.label} over the steps of the episode`}
        data={data}
        series={series}
        unit="step"
        mark={at}
        {...(isReplay
          ? { onPick: step => controls.seek(steps.findIndex(one => one.step >= step)) }
          : {})}
      />
    </Panel>
  )
}

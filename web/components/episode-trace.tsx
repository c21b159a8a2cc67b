// The episode on the stage, over its steps, with the play head in it; a click moves the play head.
import { useMemo, useState } from 'react'
import { plotSteps, plottable } from '../episode-plot.ts'
import { useSession, useViewer } from '../use-session.ts'
import { useThrottled } from '../use-throttled.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const REDRAW_MILLIS = 250

/** The steps there are, and the one that is seen. At the live edge both are news now and then only. */
function useSteps() {
  const session = useSession()
  const episode = useViewer(state => state.look?.episode ?? null)
  const isReplay = useViewer(({ look }) => look !== null && look.replay !== null)
  const step = useViewer(state => state.look?.state?.step ?? null)
  const newest = useThrottled(isReplay ? null : step, REDRAW_MILLIS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another step means other steps
  const steps = useMemo(() => {
    if (episode === null) return []
    return isReplay ? (session.stage.replaySteps ?? []) : [...session.liveSteps.of(episode)]
  }, [session, episode, isReplay, newest])
  return { steps, at: isReplay ? step : newest }
}

export function EpisodeTrace() {
  const { controls } = useSession()
  const { steps, at } = useSteps()
  const [chosen, setChosen] = useState('return')
  const episode = useViewer(state => state.look?.episode ?? null)
  const isReplay = useViewer(({ look }) => look !== null && look.replay !== null)
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

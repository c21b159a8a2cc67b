// The return so far of both episodes over the same axis, with the clock's place in it.
import { useMemo } from 'react'
import type uPlot from 'uplot'
import { useStore } from 'zustand'
import { type Comparison, stepAt } from '../comparison.ts'
import { joinSides } from '../join-sides.ts'
import type { Session } from '../session.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const MILLIS_A_SECOND = 1000

interface CompareChartProps {
  readonly comparison: Comparison
  readonly sessions: readonly [Session, Session]
}

const series: readonly ChartSeries[] = [
  { label: 'left', colour: '--accent', draw: 'line' },
  { label: 'right', colour: '--second', draw: 'line' },
]

export function CompareChart({ comparison, sessions }: CompareChartProps) {
  const [left, right] = sessions
  const one = useStore(left.store, state => state.replay)
  const other = useStore(right.store, state => state.replay)
  const { basis, offsets } = useStore(comparison.store)
  const at = useStore(comparison.store, state => state.playhead.atMillis)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another replay has other steps
  const data = useMemo<uPlot.AlignedData>(() => {
    const sides = [left.stage, right.stage].map(stage => {
      const steps = stage.replaySteps ?? []
      const times = stage.replayOffsets ?? []
      return {
        x: basis === 'steps' ? steps.map(({ step }) => step) : times.map(toSeconds),
        y: steps.map(step => step.cumulative_reward),
      }
    })
    return joinSides(sides[0]!, sides[1]!)
  }, [left, right, one?.phase, other?.phase, basis, offsets])
  const mark = basis === 'steps' ? stepAt(offsets, at) : toSeconds(at)
  const unit = basis === 'steps' ? 'step' : 'seconds'
  return (
    <Panel title="Return so far" className="chart-panel">
      <Chart
        key={basis}
        label={`Return so far of both episodes over ${unit}`}
        data={data}
        series={series}
        unit={unit}
        mark={mark}
      />
    </Panel>
  )
}

const toSeconds = (millis: number): number => millis / MILLIS_A_SECOND

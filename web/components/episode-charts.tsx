// Return and length over the episodes that the page holds: each as a point, with the mean of the
// last 20 as a line.
import { useMemo } from 'react'
import type uPlot from 'uplot'
import type { ViewerEpisodeRow } from '../../src/protocol/viewer-messages.ts'
import { movingMean } from '../moving-mean.ts'
import { useViewer } from '../use-session.ts'
import { useThrottled } from '../use-throttled.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const WINDOW = 20
const REDRAW_MILLIS = 500

const returnSeries: readonly ChartSeries[] = [
  { label: 'return', colour: '--accent-soft', draw: 'points' },
  { label: `mean of ${WINDOW}`, colour: '--accent', draw: 'line' },
]
const lengthSeries: readonly ChartSeries[] = [
  { label: 'steps', colour: '--second-soft', draw: 'points' },
  { label: `mean of ${WINDOW}`, colour: '--second', draw: 'line' },
]

function dataOf(
  rows: readonly ViewerEpisodeRow[],
  pick: (row: ViewerEpisodeRow) => number,
): uPlot.AlignedData {
  const oldestFirst = rows.toReversed()
  const values = oldestFirst.map(pick)
  return [
    oldestFirst.map(row => row.episode),
    values.map(value => (Number.isFinite(value) ? value : null)),
    movingMean(values, WINDOW),
  ]
}

export function EpisodeCharts() {
  // Drawing 2000 points takes longer than an episode of an easy task.
  const rows = useThrottled(
    useViewer(state => state.rows),
    REDRAW_MILLIS,
  )
  const returns = useMemo(() => dataOf(rows, row => row.total_reward), [rows])
  const lengths = useMemo(() => dataOf(rows, row => row.steps), [rows])
  const aside = rows.length > 0 && `${rows.length} episodes`
  return (
    <div className="episode-charts">
      <Panel title="Return" className="chart-panel" aside={aside}>
        {rows.length === 0 && <p className="empty">Each finished episode is a point here.</p>}
        <Chart label="Return over episodes" data={returns} series={returnSeries} />
      </Panel>
      <Panel title="Length" className="chart-panel">
        {rows.length === 0 && <p className="empty">And its number of steps here.</p>}
        <Chart label="Steps over episodes" data={lengths} series={lengthSeries} />
      </Panel>
    </div>
  )
}

// What became of each episode, over the episodes that the page holds: a point each (of many, the
// extremes), with the mean of the last 20 as a line. The one that is replayed is marked; a click
// replays another.
import { useMemo, useState } from 'react'
import type { ViewerEpisodeRow } from '../../src/protocol/server-messages.ts'
import { formatCount } from '../format.ts'
import { movingMean } from '../moving-mean.ts'
import { thinPoints } from '../thin-points.ts'
import { useSession, useViewer } from '../use-session.ts'
import { useThrottled } from '../use-throttled.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const WINDOW = 20
const REDRAW_MILLIS = 500
const POINTS_MAX = 1500
const MILLIS_A_SECOND = 1000

const outcomes = {
  return: { label: 'Return', of: row => row.total_reward },
  length: { label: 'Length', of: row => row.steps },
  duration: { label: 'Seconds', of: row => (row.end_time - row.start_time) / MILLIS_A_SECOND },
  stage: { label: 'Stage', of: row => row.curriculum_stage },
  epsilon: { label: 'Epsilon', of: row => row.epsilon },
  intrinsic: { label: 'Intrinsic return', of: row => row.intrinsic_reward },
} as const satisfies Record<string, { label: string; of: (row: ViewerEpisodeRow) => number | null }>
type Outcome = keyof typeof outcomes
const outcomeNames = Object.keys(outcomes) as Outcome[]

const series: readonly ChartSeries[] = [
  { label: 'one', colour: '--second-soft', draw: 'points' },
  { label: `mean of ${WINDOW}`, colour: '--second', draw: 'line' },
]

function dataOf(
  rows: readonly ViewerEpisodeRow[],
  outcome: Outcome,
): [number[], (number | null)[], (number | null)[]] {
  const oldestFirst = rows.toReversed()
  const of: (row: ViewerEpisodeRow) => number | null = outcomes[outcome].of
  const values = oldestFirst.map(row => of(row) ?? Number.NaN)
  const points = values.map(value => (Number.isFinite(value) ? value : null))
  const means = movingMean(values, WINDOW)
  const drawn = thinPoints(points, POINTS_MAX)
  return [
    drawn.map(index => oldestFirst[index]!.episode),
    drawn.map(index => points[index]!),
    drawn.map(index => means[index]!),
  ]
}

export function EpisodeCharts() {
  const session = useSession()
  const [outcome, setOutcome] = useState<Outcome>('return')
  // Drawing thousands of points takes longer than an episode of an easy task.
  const rows = useThrottled(
    useViewer(state => state.rows),
    REDRAW_MILLIS,
  )
  const replayed = useViewer(state => state.replay?.episode ?? null)
  const data = useMemo(() => dataOf(rows, outcome), [rows, outcome])
  const isEmpty = rows.length > 0 && data[1].every(value => value === null)
  return (
    <Panel
      title="Over episodes"
      className="chart-panel"
      aside={
        <>
          {rows.length > 0 && `newest ${formatCount(rows.length)} `}
          <label>
            <span className="visually-hidden">Draw over episodes</span>
            <select value={outcome} onChange={event => setOutcome(event.target.value as Outcome)}>
              {outcomeNames.map(name => (
                <option key={name} value={name}>
                  {outcomes[name].label}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      {rows.length === 0 && <p className="empty">Each finished episode is a point here.</p>}
      {isEmpty && <p className="empty">No {outcome} in this run.</p>}
      <Chart
        label={`${outcomes[outcome].label} over episodes`}
        data={data}
        series={series}
        mark={replayed}
        onPick={episode => session.openEpisode(episode)}
      />
    </Panel>
  )
}

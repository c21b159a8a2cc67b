// A card for each metric: value, mean, direction and its history. Only as many charts exist as are
// looked at.
import { useMemo, useState } from 'react'
import type uPlot from 'uplot'
import type { ViewerSeries } from '../../src/protocol/viewer-messages.ts'
import { formatValue } from '../format.ts'
import { useViewer } from '../use-session.ts'
import { Chart, type ChartSeries } from './chart.tsx'
import { Panel } from './panel.tsx'

const CARDS_AT_FIRST = 12
const sparkSeries: readonly ChartSeries[] = [{ label: 'value', colour: '--accent', draw: 'area' }]

const trends: Readonly<Record<ViewerSeries['trend'], { arrow: string; says: string }>> = {
  rising: { arrow: '↗', says: 'rising' },
  falling: { arrow: '↘', says: 'falling' },
  flat: { arrow: '→', says: 'no significant trend' },
}

function dataOf(points: ViewerSeries['points']): uPlot.AlignedData {
  const known = points ?? []
  return [
    known.map(([step]) => step),
    known.map(([, value]) => (Number.isFinite(value) ? value : null)),
  ]
}

function MetricCard({ name }: { name: string }) {
  const series = useViewer(state => state.series[name])
  const points = series?.points
  const data = useMemo(() => dataOf(points), [points])
  if (series === undefined) return null
  const { arrow, says } = trends[series.trend]
  return (
    <li className="metric">
      <h3 title={name}>{name}</h3>
      <p className="metric-value">
        {formatValue(series.last)}
        <span
          className={`trend trend-${series.trend}`}
          role="img"
          aria-label={says}
          title={`${says}: ${formatValue(series.slope)} per 1000 steps`}
        >
          {arrow}
        </span>
      </p>
      <p
        className="metric-mean"
        title={`of the last 100; of all ${formatValue(series.mean)}, from ${formatValue(series.min)} to ${formatValue(series.max)}`}
      >
        mean {formatValue(series.moving_average)}
      </p>
      <Chart label={`${name} over steps`} data={data} series={sparkSeries} spark />
    </li>
  )
}

export function MetricCards() {
  const key = useViewer(state => Object.keys(state.series).join('\n'))
  const [shown, setShown] = useState(CARDS_AT_FIRST)
  const names = key === '' ? [] : key.split('\n')
  return (
    <Panel title="Metrics" className="metrics" aside={names.length > 0 && String(names.length)}>
      {names.length === 0 ? (
        <p className="empty">The trainer has sampled no metrics yet.</p>
      ) : (
        <ul className="metric-grid">
          {names.slice(0, shown).map(name => (
            <MetricCard key={name} name={name} />
          ))}
        </ul>
      )}
      {names.length > shown && (
        <button type="button" className="more" onClick={() => setShown(shown + CARDS_AT_FIRST)}>
          Show {Math.min(CARDS_AT_FIRST, names.length - shown)} more
        </button>
      )}
    </Panel>
  )
}

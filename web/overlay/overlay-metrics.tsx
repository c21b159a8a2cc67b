// Some metrics: the newest value, where it goes, and its history.
import { Spark } from '../components/spark.tsx'
import { formatValue } from '../format.ts'
import { useMetricNames } from '../use-metric-names.ts'
import { useViewer } from '../use-session.ts'
import type { OverlayOptions } from './options.ts'

const arrows = { rising: '↗', falling: '↘', flat: '→' } as const

export function OverlayMetrics({ names, max }: OverlayOptions) {
  const held = useMetricNames()
  const shown = (names.length > 0 ? names : held).slice(0, max)
  return (
    <ul className="overlay-metrics" aria-label="Metrics">
      {shown.length === 0 && <li className="card">No metrics yet</li>}
      {shown.map(name => (
        <Metric key={name} name={name} />
      ))}
    </ul>
  )
}

function Metric({ name }: { name: string }) {
  const series = useViewer(state => state.series[name])
  return (
    <li className="card overlay-metric">
      <h2>{name}</h2>
      {series === undefined ? (
        <p className="overlay-missing">No such metric in this run.</p>
      ) : (
        <>
          <p className="overlay-value">
            {formatValue(series.last)}{' '}
            <span className={`trend trend-${series.trend}`} role="img" aria-label={series.trend}>
              {arrows[series.trend]}
            </span>
          </p>
          <Spark label={`${name} over steps`} points={series.points ?? []} />
        </>
      )}
    </li>
  )
}

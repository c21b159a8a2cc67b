// A card for each metric: value, mean, direction and its history; its name opens it in full. Only as
// many charts exist as are looked at.
import { useEffect, useMemo, useRef, useState } from 'react'
import type uPlot from 'uplot'
import type { ViewerSeries } from '../../src/protocol/server-messages.ts'
import { formatCount, formatValue } from '../format.ts'
import { isOverEpisodes, placeInSeries, valueAt } from '../metric-place.ts'
import { useMetricNames } from '../use-metric-names.ts'
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

function useHistory(name: string): uPlot.AlignedData {
  const points = useViewer(state => state.series[name]?.points)
  return useMemo(() => dataOf(points), [points])
}

interface MetricProps {
  readonly name: string
  readonly onOpen: (name: string) => void
}

function MetricCard({ name, onOpen }: MetricProps) {
  const series = useViewer(state => state.series[name])
  const data = useHistory(name)
  const place = useViewer(state => placeInSeries(state, name))
  if (series === undefined) return null
  return (
    <li className="metric">
      <h3>
        <button type="button" title={`${name}: show it in full`} onClick={() => onOpen(name)}>
          {name}
        </button>
      </h3>
      {place === null ? <Now series={series} /> : <Then series={series} place={place} />}
      <Chart label={`${name} over steps`} data={data} series={sparkSeries} mark={place} spark />
    </li>
  )
}

function Now({ series }: { series: ViewerSeries }) {
  const { arrow, says } = trends[series.trend]
  return (
    <>
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
    </>
  )
}

/** As it was at the play head of a replay; of how it went on nothing is told. */
function Then({ series, place }: { series: ViewerSeries; place: number }) {
  const value = valueAt(series.points ?? [], place)
  const unit = isOverEpisodes(series.name) ? 'episode' : 'step'
  return (
    <>
      <p className="metric-value">{value === null ? '–' : formatValue(value)}</p>
      <p className="metric-mean" title="At the play head, of the points that are kept">
        at {unit} {formatCount(place)}
      </p>
    </>
  )
}

const fullSeries: readonly ChartSeries[] = [{ label: 'value', colour: '--accent', draw: 'line' }]

/** One metric over all its history, with axes; drag to zoom, double-click to zoom out. */
function MetricDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const data = useHistory(name)
  const place = useViewer(state => placeInSeries(state, name))
  const unit = isOverEpisodes(name) ? 'episode' : 'step'
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="metric-dialog" aria-label={name} onClose={onClose}>
      <form method="dialog">
        <header>
          <h2>{name}</h2>
          <button type="submit" className="icon" aria-label="Close">
            ✕
          </button>
        </header>
      </form>
      <Chart
        label={`${name} over steps`}
        data={data}
        series={fullSeries}
        unit={unit}
        mark={place}
      />
      <p>Thinned out with its extremes kept. Drag to zoom, double-click to zoom out.</p>
    </dialog>
  )
}

export function MetricCards() {
  const names = useMetricNames()
  const [shown, setShown] = useState(CARDS_AT_FIRST)
  const [opened, setOpened] = useState<string | null>(null)
  return (
    <Panel title="Metrics" className="metrics" aside={names.length > 0 && String(names.length)}>
      {names.length === 0 ? (
        <p className="empty">The trainer has sampled no metrics yet.</p>
      ) : (
        <ul className="metric-grid">
          {names.slice(0, shown).map(name => (
            <MetricCard key={name} name={name} onOpen={setOpened} />
          ))}
        </ul>
      )}
      {names.length > shown && (
        <button type="button" className="more" onClick={() => setShown(shown + CARDS_AT_FIRST)}>
          Show {Math.min(CARDS_AT_FIRST, names.length - shown)} more
        </button>
      )}
      {opened !== null && <MetricDialog name={opened} onClose={() => setOpened(null)} />}
    </Panel>
  )
}

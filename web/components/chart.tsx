// uPlot in React: made once, fed with setData, resized with its box, destroyed on unmount. Colours
// are read at each draw, so that a change of theme needs a redraw and no new chart.
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { formatTicks, formatValue } from '../format.ts'
import { isLone } from '../lone-point.ts'
import { cssValue, useTheme } from '../theme.ts'

export interface ChartSeries {
  readonly label: string
  /** A custom property, such as `--accent`. */
  readonly colour: string
  readonly draw: 'line' | 'points' | 'area'
}

interface ChartProps {
  readonly label: string
  /** x, then one list for each series; null where there is nothing. */
  readonly data: uPlot.AlignedData
  readonly series: readonly ChartSeries[]
  /** Without axes and cursor, for a glance. */
  readonly spark?: boolean
  /** What x counts. */
  readonly unit?: string
  /** The x of the play head, drawn as an upright line; null for none. */
  readonly mark?: number | null
  /** Called with the x of the point that was clicked. */
  readonly onPick?: (x: number) => void
}

const FONT = '11px system-ui, sans-serif'

function seriesOptions({ label, colour, draw }: ChartSeries): uPlot.Series {
  return {
    label,
    stroke: () => cssValue(colour),
    value: (_chart, value) => (value === null ? '–' : formatValue(value)),
    ...(draw === 'points'
      ? {
          paths: () => null,
          points: { show: true, size: 3.5, width: 0, fill: () => cssValue(colour) },
        }
      : {
          width: 1.75,
          points: {
            show: (chart, index) => isLone(chart.data[index] ?? []),
            ...{ size: 5, width: 0, fill: () => cssValue(colour) },
          },
        }),
    ...(draw === 'area'
      ? { fill: () => `${cssValue(colour)}22`, fillTo: (_chart, _index, lowest) => lowest }
      : {}),
  }
}

function axisOptions(size: number): uPlot.Axis {
  return {
    size,
    font: FONT,
    gap: 4,
    stroke: () => cssValue('--quiet'),
    grid: { stroke: () => cssValue('--line'), width: 1 },
    ticks: { show: false },
    values: (_chart, values) => formatTicks(values),
  }
}

/** Ticks of what is counted, such as episodes, are whole numbers. */
const wholeSteps = Array.from({ length: 15 }, (_, i) =>
  [1, 2, 5].map(step => step * 10 ** i),
).flat()

const xAxisOptions = (unit: string): uPlot.Axis => ({
  ...axisOptions(24),
  ...(unit === 'seconds' ? {} : { incrs: wholeSteps }),
})

const formatX = (x: number | null): string => {
  if (x === null) return '–'
  return Number.isInteger(x) ? String(x) : formatValue(x)
}

/** The play head, over what was drawn. */
function drawMark(chart: uPlot, x: number | null): void {
  const { left, top, width, height } = chart.bbox
  const at = x === null ? Number.NaN : chart.valToPos(x, 'x', true)
  if (!(at >= left && at <= left + width)) return
  const { ctx } = chart
  ctx.save()
  ctx.strokeStyle = cssValue('--ink')
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(at, top)
  ctx.lineTo(at, top + height)
  ctx.stroke()
  ctx.restore()
}

/** A press that moved was a zoom, and picks nothing. */
const PICK_PIXELS_MAX = 4

function listenForPicks(chart: uPlot, pick: (x: number) => void): void {
  let pressedAt = 0
  chart.over.addEventListener('pointerdown', event => {
    pressedAt = event.clientX
  })
  chart.over.addEventListener('click', event => {
    const { idx } = chart.cursor
    const x = idx === null || idx === undefined ? undefined : chart.data[0][idx]
    if (x !== undefined && Math.abs(event.clientX - pressedAt) < PICK_PIXELS_MAX) pick(x)
  })
}

function optionsOf(
  series: readonly ChartSeries[],
  spark: boolean,
  unit: string,
  markOf: () => number | null,
): uPlot.Options {
  return {
    hooks: { draw: [chart => drawMark(chart, markOf())] },
    width: 100,
    height: 60,
    padding: spark ? [3, 0, 3, 0] : [8, 16, 0, 2],
    scales: { x: { time: false } },
    legend: {
      show: !spark,
      live: true,
      markers: {
        width: 0,
        fill: (_chart, index) => cssValue(series[index - 1]?.colour ?? '--quiet'),
      },
    },
    cursor: spark ? { show: false } : { points: { size: 6 }, drag: { x: true, y: false } },
    axes: spark ? [{ show: false }, { show: false }] : [xAxisOptions(unit), axisOptions(48)],
    series: [{ label: unit, value: (_chart, x) => formatX(x) }, ...series.map(seriesOptions)],
  }
}

export function Chart(props: ChartProps) {
  const { label, data, series, spark = false, unit = 'episode', mark = null, onPick } = props
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const newest = useRef({ data, mark, onPick })
  const theme = useTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is made once
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const markOf = (): number | null => newest.current.mark
    const options = optionsOf(series, spark, unit, markOf)
    const made = new uPlot(options, newest.current.data, element)
    chart.current = made
    listenForPicks(made, x => newest.current.onPick?.(x))
    const fit = (): void => {
      const legend = spark ? 0 : (made.root.querySelector('.u-legend')?.clientHeight ?? 0)
      const width = element.clientWidth
      const height = element.clientHeight - legend
      if (width > 0 && height > 0) made.setSize({ width, height })
    }
    const observer = new ResizeObserver(fit)
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [])

  useEffect(() => {
    newest.current.data = data
    const made = chart.current
    if (made === null) return
    made.setData(data)
    // Away from the pointer the legend tells the newest values.
    const isPointed = (made.cursor.left ?? -1) >= 0
    const newestIndex = data[0].length - 1
    if (!spark && !isPointed && newestIndex >= 0) made.setLegend({ idx: newestIndex }, false)
  }, [data, spark])

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again in the theme's colours
  useEffect(() => chart.current?.redraw(false, true), [theme])

  useEffect(() => {
    newest.current.onPick = onPick
    if (newest.current.mark === mark) return
    newest.current.mark = mark
    chart.current?.redraw(false, false)
  }, [mark, onPick])

  const kind = spark ? 'chart spark' : onPick ? 'chart pickable' : 'chart'
  return <div ref={box} className={kind} role="img" aria-label={label} />
}

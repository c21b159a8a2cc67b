// uPlot in React: made once, fed with setData, resized with its box, destroyed on unmount. Colours
// are read at each draw, so that a change of theme needs a redraw and no new chart.
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { formatValue } from '../format.ts'
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
      : { width: 1.75, points: { show: false } }),
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
    values: (_chart, values) => values.map(value => (value === null ? '' : formatValue(value))),
  }
}

function optionsOf(series: readonly ChartSeries[], spark: boolean): uPlot.Options {
  return {
    width: 100,
    height: 60,
    padding: spark ? [3, 0, 3, 0] : [8, 16, 0, 2],
    scales: { x: { time: false } },
    legend: { show: !spark, live: true, markers: { show: false } },
    cursor: spark ? { show: false } : { points: { size: 6 }, drag: { x: true, y: false } },
    axes: spark ? [{ show: false }, { show: false }] : [axisOptions(24), axisOptions(48)],
    series: [
      { label: 'episode', value: (_c, x) => (x === null ? '–' : String(x)) },
      ...series.map(seriesOptions),
    ],
  }
}

export function Chart({ label, data, series, spark = false }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const newest = useRef(data)
  const theme = useTheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is made once
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const made = new uPlot(optionsOf(series, spark), newest.current, element)
    chart.current = made
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
    newest.current = data
    const made = chart.current
    if (made === null) return
    made.setData(data)
    // Away from the pointer the legend tells the newest values.
    const isPointed = (made.cursor.left ?? -1) >= 0
    if (!spark && !isPointed) made.setLegend({ idx: data[0].length - 1 }, false)
  }, [data, spark])

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again in the theme's colours
  useEffect(() => chart.current?.redraw(false, true), [theme])

  return <div ref={box} className={spark ? 'chart spark' : 'chart'} role="img" aria-label={label} />
}

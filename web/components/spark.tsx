// A small curve without axes, as SVG: for pages that show a few values and need no charts.
import { thinPoints } from '../thin-points.ts'

interface SparkProps {
  readonly label: string
  /** `[x, y]`, x rising. */
  readonly points: readonly (readonly [number, number])[]
}

const WIDTH = 200
const HEIGHT = 44
const MARGIN = 3
const POINTS_MAX = 200

export function Spark({ label, points }: SparkProps) {
  const finite = points.filter(([, y]) => Number.isFinite(y))
  const shown = thinPoints(
    finite.map(([, y]) => y),
    POINTS_MAX,
  ).map(index => finite[index]!)
  if (shown.length < 2) return null
  const [firstX, lastX] = [shown[0]![0], shown.at(-1)![0]]
  const values = shown.map(([, y]) => y)
  const [lowest, highest] = [Math.min(...values), Math.max(...values)]
  const place = ([x, y]: readonly [number, number]): string => {
    const across = (WIDTH * (x - firstX)) / (lastX - firstX || 1)
    const height = (HEIGHT - 2 * MARGIN) * ((y - lowest) / (highest - lowest || 1))
    return `${across.toFixed(1)} ${(HEIGHT - MARGIN - height).toFixed(1)}`
  }
  return (
    <svg
      className="spark-svg"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={`M${shown.map(place).join('L')}`} />
    </svg>
  )
}

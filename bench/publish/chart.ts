// Charts as SVG, drawn by hand: bars for a figure beside its peers, lines for how figures grow. They
// must be read on white and on black, so every colour is a middle one and the text has no background.
import { formatNumber, formatSize } from '../report.ts'

const WIDTH = 720
const FONT = 'font-family="system-ui, sans-serif" font-size="13"'
const INK = '#7d8590'
/** Ours and the others', told apart without red and green. */
const OWN = '#e8871e'
const OTHER = '#4a90c2'
const LINES = [OWN, OTHER, '#9b6bc4', '#3fa796']

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const svg = (height: number, title: string, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"` +
      ` viewBox="0 0 ${WIDTH} ${height}" role="img" ${FONT} fill="${INK}">`,
    `<title>${escapeXml(title)}</title>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')

const label = (x: number, y: number, anchor: 'start' | 'middle' | 'end', content: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(content)}</text>`

const round = (value: number): number => Math.round(value * 10) / 10

export interface ChartBar {
  readonly name: string
  readonly value: number
  readonly own: boolean
}

/** A group of bars with a scale of its own, from 0. */
export interface BarGroup {
  readonly title: string
  readonly unit: string
  readonly bars: readonly ChartBar[]
}

const BAR_LEFT = 130
const BAR_RIGHT = WIDTH - 130
const ROW = 22

/** Bars from left to right, groups below each other. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const body: string[] = []
  let y = 20
  for (const { title: heading, unit, bars } of groups) {
    body.push(label(0, y, 'start', `${heading}, ${unit}`))
    y += 10
    const most = Math.max(...bars.map(({ value }) => value))
    for (const { name, value, own } of bars) {
      const width = round(((BAR_RIGHT - BAR_LEFT) * value) / most)
      const fill = own ? OWN : OTHER
      body.push(
        label(BAR_LEFT - 8, y + 14, 'end', name),
        `<rect x="${BAR_LEFT}" y="${y + 2}" width="${width}" height="${ROW - 6}" fill="${fill}"/>`,
        label(BAR_LEFT + width + 8, y + 14, 'start', formatNumber(value)),
      )
      y += ROW
    }
    y += 26
  }
  return svg(y - 16, title, body)
}

export interface Line {
  readonly name: string
  readonly points: readonly { readonly at: number; readonly value: number }[]
}

const PLOT = { left: 90, right: WIDTH - 30, top: 40, bottom: 250 } as const

/**
 * Lines over sizes that grow by factors: both axes are logarithmic, so that a cost in proportion is
 * a diagonal and one that does not grow is level. A size of 0 stands at the left end.
 */
export function lineChart(
  title: string,
  { over, unit }: { readonly over: string; readonly unit: string },
  lines: readonly Line[],
): string {
  const sizes = lines.flatMap(({ points }) => points.map(({ at }) => at))
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value))
  const positive = sizes.filter(at => at > 0)
  const smallest = Math.min(...positive)
  const x = scale(
    sizes.includes(0) ? smallest / 4 : smallest,
    Math.max(...positive),
    PLOT.left,
    PLOT.right,
  )
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)))
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...values)))
  const y = scale(lowest, Math.max(highest, lowest * 10), PLOT.bottom, PLOT.top)
  const body: string[] = []
  for (let value = lowest; value <= Math.max(highest, lowest * 10); value *= 10) {
    body.push(
      `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(y(value))}" y2="${round(y(value))}"` +
        ` stroke="${INK}" stroke-opacity="0.3"/>`,
      label(PLOT.left - 8, y(value) + 4, 'end', formatNumber(value)),
    )
  }
  for (const at of new Set(sizes)) {
    body.push(label(x(at === 0 ? smallest / 4 : at), PLOT.bottom + 20, 'middle', formatSize(at)))
  }
  body.push(label((PLOT.left + PLOT.right) / 2, PLOT.bottom + 40, 'middle', over))
  body.push(label(PLOT.right, 21, 'end', unit))
  let heading = 0
  for (const [i, { name, points }] of lines.entries()) {
    const colour = LINES[i % LINES.length]
    const placed = points.map(
      ({ at, value }) => `${round(x(at === 0 ? smallest / 4 : at))},${round(y(value))}`,
    )
    body.push(
      `<polyline points="${placed.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...placed.map(at => `<circle cx="${at.replace(',', '" cy="')}" r="3" fill="${colour}"/>`),
      `<rect x="${heading}" y="10" width="12" height="12" fill="${colour}"/>`,
      label(heading + 18, 21, 'start', name),
    )
    heading += 40 + 8 * name.length
  }
  return svg(PLOT.bottom + 54, title, body)
}

/** From a logarithmic range to places; a range of one value is its beginning. */
function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const width = Math.log(to / from) || 1
  return value => start + ((end - start) * Math.log(value / from)) / width
}

// Which results stand where: the newest figures and the newest sweep of each suite, between markers
// in docs/performance.md and README.md, and as charts beside them. Pure: results in, texts out.
import { RollcastError } from '../../src/base/errors.ts'
import type { SavedResult } from '../results.ts'
import type { Figure, Growth } from '../suite.ts'
import { type BarGroup, barChart, lineChart } from './chart.ts'
import {
  elsewhereTable,
  figuresTable,
  growthTables,
  highlightsTable,
  summaryTable,
} from './tables.ts'

/** The newest result of each suite and kind, in the order of their names. */
export function newestOf(results: readonly SavedResult[]): SavedResult[] {
  const newest = new Map(results.map(result => [`${result.suite} ${result.kind}`, result]))
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, result]) => result)
}

/** Figures that are drawn beside their peers, by the suite. */
const drawn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  append: {
    'append.events_per_second': 'Steps of 200 bytes made durable',
    'append.large_events_per_second': 'Steps of 2 KB made durable',
    'append.frame_mib_per_second': 'Frames of 100 KB made durable',
  },
  fanout: { 'fanout.messages_per_second': 'Messages delivered to 500 viewers' },
  ring: { 'ring.producer_nanos': 'What handing over a step costs the producer' },
  seek: { 'seek.p50_micros': 'Any event of the past, decoded' },
}

function groupOf(figures: readonly Figure[], name: string, title: string): BarGroup[] {
  const found = figures.filter(figure => figure.name === name)
  const [own] = found
  if (own === undefined) return []
  const bars = found.flatMap(({ peer, ratio }) =>
    peer === null || ratio === null ? [] : [{ name: peer, value: own.median / ratio, own: false }],
  )
  return [
    { title, unit: own.unit, bars: [{ name: 'rollcast', value: own.median, own: true }, ...bars] },
  ]
}

/** Texts by file name: a chart of each suite that has one, and of each sweep. */
export function chartsOf(results: readonly SavedResult[]): Map<string, string> {
  const charts = new Map<string, string>()
  for (const { suite, kind, figures, growth } of newestOf(results)) {
    const wanted = drawn[suite]
    if (kind === 'figures' && wanted) {
      const groups = Object.entries(wanted).flatMap(([name, title]) =>
        groupOf(figures, name, title),
      )
      charts.set(`${suite}.svg`, barChart(`${suite} beside its peers`, groups))
    }
    for (const [file, chart] of growthCharts(suite, growth ?? [])) charts.set(file, chart)
  }
  return charts
}

/** A chart of what grows over the same, and is counted in the same. */
function growthCharts(suite: string, growth: readonly Growth[]): Map<string, string> {
  const charts = new Map<string, string>()
  for (const [over, ofOne] of Map.groupBy(growth, each => each.over)) {
    const byUnit = Map.groupBy(ofOne, each => each.unit)
    for (const [unit, drawn] of byUnit) {
      const lines = drawn.map(({ name, points }) => ({
        name,
        points: points.map(({ at, median }) => ({ at, value: median })),
      }))
      const inUnit = byUnit.size > 1 ? ` in ${unit.replace('/s', ' a second')}` : ''
      const file = `${suite} by ${over}${inUnit}`.toLowerCase().replaceAll(' ', '-')
      charts.set(
        `${file}.svg`,
        lineChart(`${suite}: how it goes with ${over}`, { over, unit }, lines),
      )
    }
  }
  return charts
}

const commandOf = (suite: string | undefined, kind: string): string =>
  `\`npm run bench -- ${suite}${kind === 'sweep' ? ' --sweep' : ''} --save\``

/** What stands between the markers of this name. */
function contentOf(
  name: string,
  newest: readonly SavedResult[],
  others: readonly (readonly SavedResult[])[],
): string[] {
  if (name === 'summary') return summaryTable(newest)
  if (name === 'elsewhere') return others.flatMap(other => elsewhereTable(newestOf(other)))
  if (name === 'highlights') return highlightsTable(newest)
  const [suite, kind = 'figures'] = name.split(' ')
  const result = newest.find(each => each.suite === suite && each.kind === kind)
  if (result === undefined) return [`Not measured yet on this machine: ${commandOf(suite, kind)}.`]
  const charts = [...chartsOf([result]).keys()].map(
    file => `![${file.replace('.svg', '').replaceAll('-', ' ')}](performance/${file})`,
  )
  const tables = kind === 'sweep' ? growthTables(result) : figuresTable(result)
  return charts.length > 0 ? [...charts, '', ...tables] : tables
}

const MARKED = /(<!-- bench: ([a-z ]+) -->)[\s\S]*?(<!-- end -->)/g

/**
 * The page with the newest results between its markers; of `others`, which are those of other machines,
 * what has a bar. BAD_INPUT where it has none.
 */
export function fillPage(
  page: string,
  results: readonly SavedResult[],
  where: string,
  others: readonly (readonly SavedResult[])[] = [],
): string {
  const newest = newestOf(results)
  const filled = page.replaceAll(
    MARKED,
    (_, begin: string, name: string, end: string) =>
      `${begin}\n\n${contentOf(name, newest, others).join('\n')}\n\n${end}`,
  )
  if (!page.includes('<!-- bench: ')) {
    throw new RollcastError('BAD_INPUT', `${where}: expected <!-- bench: NAME -->, found none`)
  }
  return filled
}

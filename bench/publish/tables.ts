// Saved results as Markdown.
import { barOf, describeBar, isMet, judge } from '../bars.ts'
import { formatNumber, formatSize } from '../report.ts'
import type { SavedResult } from '../results.ts'
import type { Figure, Growth } from '../suite.ts'

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(header),
  row(header.map(() => '---')),
  ...rows.map(row),
]

function verdictOf(figure: Figure): string {
  const bar = barOf(figure)
  if (bar === undefined) return ''
  return `${describeBar(bar, figure)}: ${isMet(bar, figure) ? 'met' : '**missed**'}`
}

/** Where, when and how it was measured. */
export const origin = ({ command, at, commit, machine }: SavedResult): string =>
  `\`${command}\`, ${at.slice(0, 10)}, commit ${commit}; ${machine}`

/** The figures of one result, then its notes. */
export function figuresTable(result: SavedResult): string[] {
  const rows = result.figures.map(figure => [
    `\`${figure.name}\``,
    formatNumber(figure.median),
    `${formatNumber(figure.low)} to ${formatNumber(figure.high)}`,
    figure.unit,
    figure.peer ?? '',
    figure.ratio === null ? '' : figure.ratio.toFixed(2),
    verdictOf(figure),
  ])
  return [
    origin(result),
    '',
    ...table(['figure', 'median', 'quartiles', 'unit', 'peer', 'ratio', 'bar'], rows),
    '',
    ...result.notes.map(note => `- ${note}`),
  ]
}

/** How the figures of a sweep go with their sizes. */
export function growthTables(result: SavedResult): string[] {
  const ofOne = ({ name, unit, over, points }: Growth): string[] => [
    ...table(
      [over, ...points.map(({ at }) => formatSize(at))],
      [[`\`${name}\`, ${unit}`, ...points.map(({ median }) => formatNumber(median))]],
    ),
    '',
  ]
  return [origin(result), '', ...(result.growth ?? []).flatMap(ofOne)].slice(0, -1)
}

/** All figures that have a bar, of all results. */
export function summaryTable(results: readonly SavedResult[]): string[] {
  const judged = judge(results.flatMap(({ figures }) => figures))
  const rows = judged.map(({ bar, figure }) => [
    `\`${figure.name}\``,
    formatNumber(bar.of === 'ratio' ? figure.ratio! : figure.median),
    verdictOf(figure),
  ])
  return table(['figure', 'found', 'bar'], rows)
}

/** The same of another machine, which is named. */
export function elsewhereTable(results: readonly SavedResult[]): string[] {
  const [first] = results
  if (first === undefined) return []
  const days = new Set(results.map(({ at }) => at.slice(0, 10)))
  // How busy it was goes with the suite.
  const machine = first.machine.replace(/, load .*/, '')
  return [`${machine}; ${[...days].toSorted().join(', ')}:`, '', ...summaryTable(results)]
}

/** What the README says, in the words of somebody who has not read this. */
const highlights: Readonly<Record<string, string>> = {
  'impact.step_nanos': 'a step costs the trainer',
  'impact.loss_percent': 'training time lost, 5000 steps and 60 frames a second',
  'append.events_per_second': 'steps made durable',
  'append.frame_mib_per_second': 'frames made durable',
  'replay.decode_events_per_second': 'replay, read and decoded',
  'seek.p99_micros': 'any event of the past, 99th percentile',
  'fanout.messages_per_second': 'messages to 500 viewers',
  'fanout.p99_millis': 'their age on arrival, 99th percentile',
  'recover.open_1024_millis': 'a log of 1 GiB ready again after a kill',
}

/** A few figures in plain words, each beside all its peers. */
export function highlightsTable(results: readonly SavedResult[]): string[] {
  const figures = results.flatMap(result => result.figures)
  const rows = Object.entries(highlights).flatMap(([name, says]) => {
    const found = figures.filter(figure => figure.name === name)
    const [first] = found
    if (first === undefined) return []
    const beside = found.flatMap(({ peer, ratio }) =>
      peer === null || ratio === null ? [] : [`${ratio.toFixed(2)} x ${peer}`],
    )
    return [[says, `${formatNumber(first.median)} ${first.unit}`, beside.join(', ')]]
  })
  return table(['', 'median', 'beside its peers'], rows)
}

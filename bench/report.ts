// The benches' results for people.
import { cpus, loadavg, release, totalmem } from 'node:os'
import { formatBytes } from '../src/base/bytes.ts'
import { describeBar, isMet, type JudgedFigure } from './bars.ts'
import type { Growth, SuiteResult } from './suite.ts'

/** What the figures were measured on, and how busy it was. */
export function describeMachine(): string {
  const processors = cpus()
  const load = (loadavg()[0] ?? 0).toFixed(1)
  return [
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    formatBytes(totalmem()),
    `linux ${release()}`,
    `node ${process.version}`,
    `load ${load}`,
  ].join(', ')
}

/** Three significant digits; whole thousands with separators. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const rounded = value === 0 ? 0 : Number(value.toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 })
}

/** A size that was chosen: all of its digits. */
export const formatSize = (value: number): string => value.toLocaleString('en')

/** Cells in columns; those of `right` end at the same place. */
function layOut(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  return rows.map(cells =>
    cells
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}

/** A table of the figures, then how they grow, then the notes. */
export function formatTable(suite: string, machine: string, result: SuiteResult): string {
  const header = ['figure', 'median', 'low', 'high', 'unit', 'peer', 'ratio']
  const rows = result.figures.map(({ name, unit, median, low, high, peer, ratio }) => [
    name,
    formatNumber(median),
    formatNumber(low),
    formatNumber(high),
    unit,
    peer ?? '',
    ratio === null ? '' : ratio.toFixed(2),
  ])
  return [
    `${suite}  (${machine})`,
    ...(rows.length > 0 ? layOut([header, ...rows], [1, 2, 3]) : []),
    ...(result.growth ?? []).flatMap(formatGrowth),
    'low and high: quartiles of the rounds unless said otherwise',
    ...result.notes.map(note => `- ${note}`),
    '',
  ].join('\n')
}

function formatGrowth({ name, unit, over, points }: Growth): string[] {
  const header = [over, `${name} (${unit})`, 'low', 'high']
  const rows = points.map(({ at, median, low, high }) => [
    formatSize(at),
    ...[median, low, high].map(formatNumber),
  ])
  return layOut([header, ...rows], [0, 1, 2, 3])
}

/** The figures that have a bar, and whether they meet it. */
export function formatVerdicts(machine: string, judged: readonly JudgedFigure[]): string {
  const rows = judged.map(({ bar, figure }) => [
    isMet(bar, figure) ? 'met' : 'MISSED',
    figure.name,
    formatNumber(bar.of === 'ratio' ? figure.ratio! : figure.median),
    describeBar(bar, figure),
    `${formatNumber(figure.median)} ${figure.unit}`,
  ])
  const header = ['', 'figure', 'found', 'bar', 'median']
  const missed = rows.filter(([verdict]) => verdict !== 'met').length
  return [
    machine,
    ...layOut([header, ...rows], [2]),
    `${rows.length - missed} of ${rows.length} bars met`,
    '',
  ].join('\n')
}

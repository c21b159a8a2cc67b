// The benches' results for people.
import { cpus, loadavg, release, totalmem } from 'node:os'
import { formatBytes } from '../src/base/bytes.ts'
import type { SuiteResult } from './suite.ts'

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
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const rounded = value === 0 ? 0 : Number(value.toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 })
}

/** A table of the figures, then the notes. */
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
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map(row => row[i]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i >= 1 && i <= 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [
    `${suite}  (${machine})`,
    line(header),
    ...rows.map(line),
    'low and high: quartiles of the rounds unless said otherwise',
    ...result.notes.map(note => `- ${note}`),
    '',
  ].join('\n')
}

// `rollcast log stats`: what is in a log, in counts and bytes.
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { type LogStats, logStats } from '../../store/stats.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { tableLines } from '../table.ts'
import { grouped, stamp } from '../wording.ts'

export function addLogStats(log: Command, output: Output): void {
  log
    .command('stats')
    .description('count what is in the log')
    .argument('<DIR>', 'run directory')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { json }: { json?: true }) => {
      const run = findRun(dir, output)
      const stats = await logStats(run)
      if (json) await output.writeJson({ run_dir: run, ...snakeCase(stats) })
      else await output.writeLines(statsLines(stats))
    })
}

function statsLines(stats: LogStats): string[] {
  const facts: readonly (readonly [string, string])[] = [
    ['events', `${grouped(stats.events)} in ${grouped(stats.batches)} batches`],
    ['bytes of events', formatBytes(stats.eventBytes)],
    ['file', formatBytes(stats.fileBytes)],
    ['first event', stamp(stats.firstTime)],
    ['last event', stamp(stats.lastTime)],
    ['epoch', `${stats.epoch}${stats.cleanClose ? ', closed' : ', open or not closed cleanly'}`],
    ['finished episodes', grouped(stats.episodeRows)],
    ['frames with pixels', grouped(stats.frames)],
    ['layouts', grouped(stats.layouts)],
    ['snapshots', grouped(stats.snapshots)],
  ]
  const byCount = Object.entries(stats.eventsByType).sort(([, a], [, b]) => b - a)
  return [
    ...facts.map(([what, value]) => `${what.padEnd(20)}${value}`),
    '',
    ...tableLines<(typeof byCount)[number]>(
      [
        ['type', ([type]) => type],
        ['events', ([, count]) => count],
      ],
      byCount,
    ),
  ]
}

// `rollcast log salvage`: everything that is whole in a damaged log up to the damage, as a new log.
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { systemClock } from '../../base/clock.ts'
import { type SalvageReport, salvageLog } from '../../store/salvage.ts'
import { skippedLines } from '../damage-text.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { counted, grouped } from '../wording.ts'

interface SalvageOptions {
  readonly output: string
  readonly json?: true
}

export function addLogSalvage(log: Command, output: Output): void {
  log
    .command('salvage')
    .description('take what is whole out of a damaged log, into a new one; the old one is kept')
    .argument('<DIR>', 'run directory')
    .requiredOption('-o, --output <NEW>', 'run directory for the new log')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { output: into, json }: SalvageOptions) => {
      const run = findRun(dir, output)
      const progress = new Progress(output, systemClock)
      const onProgress = (fraction: number): void => progress.update(fraction, `salvaging ${run}`)
      const report = await salvageLog(run, into, { onProgress }).finally(() => progress.end())
      if (!json) {
        for (const line of salvageLines(into, report)) output.say(line)
        return
      }
      const { skipped, ...counts } = report
      await output.writeJson({
        run_dir: run,
        new_dir: into,
        ...snakeCase(counts),
        skipped: skipped.map(snakeCase),
      })
    })
}

function salvageLines(into: string, report: SalvageReport): string[] {
  const { lastSeq, frames, framesLost, skipped, bytes } = report
  const lost = framesLost === 0 ? '' : `; the pixels of ${counted(framesLost, 'frame')} are lost`
  const what = `${counted(lastSeq, 'event')} and ${counted(frames, 'frame')} (${formatBytes(bytes)})`
  const end = skipped.length === 0 ? 'to the end of the log' : `up to event ${grouped(lastSeq)}`
  const kept = `${into}: ${what}, ${end}${lost}`
  return skipped.length === 0 ? [kept] : [kept, '  not taken over:', ...skippedLines(skipped)]
}

// `rollcast log verify`: whether everything in a log is what it was when it was written.
import type { Command } from 'commander'
import type { VerifyReport } from '../../store/verify.ts'
import { exitCodes } from '../exit-codes.ts'
import { catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { verifyApart } from '../verify-apart.ts'
import { counted } from '../wording.ts'

export function addLogVerify(log: Command, output: Output): void {
  log
    .command('verify')
    .description('check every event, frame and index row; exits with 1 when something is wrong')
    .argument('<DIR>', 'run directory')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { json }: { json?: true }) => {
      const run = findRun(dir, output)
      const report = await verifyApart(run, catchInterrupts())
      if (json) await output.writeJson({ run_dir: run, ...snakeCase(report) })
      else for (const line of verdictLines(run, report)) output.say(line)
      if (!report.ok) process.exitCode = exitCodes.checkFailed
    })
}

/** What a person wants to know of a report. */
export function verdictLines(run: string, report: VerifyReport): string[] {
  const { events, frames, prunedFrames, problems, problemCount, lastGoodSeq, lastSeq } = report
  const what = `${counted(events, 'event')} and ${counted(frames, 'frame')}`
  if (report.ok) {
    const pruned = prunedFrames === 0 ? '' : ` (${counted(prunedFrames, 'frame')} pruned)`
    return [`${run}: ${what} are whole${pruned}`]
  }
  return [
    `${run}: ${counted(problemCount, 'problem')} in ${what}; ` +
      `whole up to event ${lastGoodSeq} of ${lastSeq}`,
    ...problems.map(({ seq, message }) =>
      seq === 0 ? `  beside the events: ${message}` : `  event ${seq}: ${message}`,
    ),
    ...(problemCount > problems.length ? [`  and ${problemCount - problems.length} more`] : []),
  ]
}

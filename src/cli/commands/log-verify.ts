// `rollcast log verify`: whether everything in a log is what it was when it was written.
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import type { Examination, Unreadable } from '../../store/examine.ts'
import type { VerifyReport } from '../../store/verify.ts'
import { unreadableLines } from '../damage-text.ts'
import { examineApart } from '../examine-apart.ts'
import { exitCodes } from '../exit-codes.ts'
import { catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { findRun } from '../run-directory.ts'
import { counted } from '../wording.ts'

export function addLogVerify(log: Command, output: Output): void {
  log
    .command('verify')
    .description(
      'check every event, frame and index row; exits with 1 when something is wrong, ' +
        'with 65 when the log cannot be opened',
    )
    .argument('<DIR>', 'run directory')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { json }: { json?: true }) => {
      const run = findRun(dir, output)
      const examination = await examine(run, output)
      if ('report' in examination) return tellReport(run, examination.report, json, output)
      return tellUnreadable(run, examination.unreadable, json, output)
    })
}

function examine(run: string, output: Output): Promise<Examination> {
  const progress = new Progress(output, systemClock)
  return examineApart(run, catchInterrupts(), fraction =>
    progress.update(fraction, `verifying ${run}`),
  ).finally(() => progress.end())
}

async function tellReport(
  run: string,
  report: VerifyReport,
  json: true | undefined,
  output: Output,
): Promise<void> {
  if (!report.ok) process.exitCode = exitCodes.checkFailed
  if (json) await output.writeJson({ run_dir: run, readable: true, ...snakeCase(report) })
  else for (const line of verdictLines(run, report)) output.say(line)
}

async function tellUnreadable(
  run: string,
  unreadable: Unreadable,
  json: true | undefined,
  output: Output,
): Promise<void> {
  process.exitCode = exitCodes.damaged
  if (!json) {
    for (const line of unreadableLines(run, unreadable)) output.say(line)
    return
  }
  const { skipped, ...rest } = unreadable
  await output.writeJson({
    run_dir: run,
    readable: false,
    ok: false,
    ...snakeCase(rest),
    skipped: skipped.map(snakeCase),
  })
}

/** What a person wants to know of a report. */
export function verdictLines(run: string, report: VerifyReport): string[] {
  const { events, frames, prunedFrames, problems, problemCount, lastGoodSeq, lastSeq } = report
  const what = `${counted(events, 'event')} and ${counted(frames, 'frame')}`
  if (report.ok) {
    const pruned = prunedFrames === 0 ? '' : ` (${counted(prunedFrames, 'frame')} pruned)`
    return [`${run}: ${what} are whole${pruned}`, ...clockLines(report)]
  }
  return [
    `${run}: ${counted(problemCount, 'problem')} in ${what}; ` +
      `whole up to event ${lastGoodSeq} of ${lastSeq}`,
    ...problems.map(({ seq, message }) =>
      seq === 0 ? `  beside the events: ${message}` : `  event ${seq}: ${message}`,
    ),
    ...(problemCount > problems.length ? [`  and ${problemCount - problems.length} more`] : []),
    ...clockLines(report),
  ]
}

function clockLines({ nonMonotonic }: VerifyReport): string[] {
  if (nonMonotonic === null) return []
  const { times, firstSeq, millisMax } = nonMonotonic
  return [
    `  the clock went back ${counted(times, 'time')}, first at event ${firstSeq}, ` +
      `by ${counted(Math.round(millisMax / 1_000), 'second')} at most; the order is by number`,
  ]
}

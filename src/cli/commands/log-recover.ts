// `rollcast log recover`: keeps the whole part of a damaged log and makes everything beside it anew.
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { RollcastError } from '../../base/errors.ts'
import type { RecoverReport } from '../../store/recover.ts'
import { examineBytesApart } from '../examine-apart.ts'
import { catchInterrupts } from '../interrupt.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { recoverApart } from '../recover-apart.ts'
import { findRun } from '../run-directory.ts'
import { counted } from '../wording.ts'

interface RecoverOptions {
  readonly cutAtDamage?: true
  readonly json?: true
}

export function addLogRecover(log: Command, output: Output): void {
  log
    .command('recover')
    .description('mend a damaged log in place')
    .argument('<DIR>', 'run directory')
    .option('--cut-at-damage', 'also give up what is whole behind the damage')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { cutAtDamage, json }: RecoverOptions) => {
      const run = findRun(dir, output)
      const signal = catchInterrupts()
      const report = await recoverApart(run, cutAtDamage ?? false, signal).catch(error =>
        explain(run, error, signal),
      )
      const damage = report.damage ?? null
      if (json) await output.writeJson({ run_dir: run, ...snakeCase({ ...report, damage }) })
      else output.say(recoveryLine(run, report))
    })
}

/** Damage that cutting does not mend is told with what can be done instead. */
async function explain(run: string, error: unknown, signal: AbortSignal): Promise<never> {
  if (!(error instanceof RollcastError && error.code === 'LOG_CORRUPT')) throw error
  const { lastGoodSeq } = await examineBytesApart(run, error.message, signal)
  throw new RollcastError(
    'LOG_CORRUPT',
    `${error.message}; by its bytes it is whole up to event ${lastGoodSeq}, which ` +
      `"rollcast log salvage ${run} -o NEW" takes out`,
    { cause: error },
  )
}

function recoveryLine(run: string, report: RecoverReport): string {
  const { damage, lastSeq, epoch, cutBatches, cutBytes } = report
  const whole = `${run}: ${counted(lastSeq, 'event')} kept, epoch ${epoch}`
  if (damage === undefined) return `${whole}; there was no damage`
  const cut = `${cutBatches} batches (${formatBytes(cutBytes)}) cut`
  return `${whole}, ${cut}; the damage was: ${damage}`
}

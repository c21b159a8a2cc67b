// `rollcast log recover`: keeps the whole part of a damaged log and makes everything beside it anew.
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { type RecoverReport, recoverLog } from '../../store/recover.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
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
      const report = await recoverLog(run, { cutAtDamage: cutAtDamage ?? false })
      const damage = report.damage ?? null
      if (json) await output.writeJson({ run_dir: run, ...snakeCase({ ...report, damage }) })
      else output.say(recoveryLine(run, report))
    })
}

function recoveryLine(run: string, report: RecoverReport): string {
  const { damage, lastSeq, epoch, cutBatches, cutBytes } = report
  const whole = `${run}: ${counted(lastSeq, 'event')} kept, epoch ${epoch}`
  if (damage === undefined) return `${whole}; there was no damage`
  const cut = `${cutBatches} batches (${formatBytes(cutBytes)}) cut`
  return `${whole}, ${cut}; the damage was: ${damage}`
}

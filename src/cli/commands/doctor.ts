// `rollcast doctor`: whether this machine can record, and whether a run is whole.
import type { Command } from 'commander'
import { type Check, checkEnvironment, checkRun } from '../checkup.ts'
import { exitCodes } from '../exit-codes.ts'
import { catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'

export function addDoctor(program: Command, output: Output): void {
  program
    .command('doctor')
    .description(
      'check this machine and, with DIR, a run; exits with 1 when something is wrong, with 65 when the run cannot be opened',
    )
    .argument('[DIR]', 'run directory to verify')
    .option('--json', 'one JSON object')
    .action(async (dir: string | undefined, { json }: { json?: true }) => {
      const signal = catchInterrupts()
      const run = dir === undefined ? undefined : findRun(dir, output)
      const environment = await checkEnvironment(run ?? '.')
      const runCheck = run === undefined ? undefined : await checkRun(run, signal)
      const checks: Check[] = [...environment, ...(runCheck ? [runCheck] : [])]
      const ok = checks.every(check => check.ok || !check.required)
      const code = runCheck?.readable === false ? exitCodes.damaged : exitCodes.checkFailed
      if (!ok) process.exitCode ??= code
      if (!json) {
        for (const check of checks) output.say(checkLine(check, output))
        return
      }
      await output.writeJson({
        ok,
        checks: checks.map(({ name, ok, required, detail }) => ({ name, ok, required, detail })),
        run_dir: run ?? null,
        last_good_seq: runCheck?.lastGoodSeq ?? null,
      })
    })
}

function checkLine({ name, ok, required, detail }: Check, output: Output): string {
  const [style, word] = ok
    ? (['green', 'ok'] as const)
    : required
      ? (['red', 'WRONG'] as const)
      : (['yellow', 'absent'] as const)
  return `${output.style(style, word.padEnd(6))}  ${name.padEnd(8)}  ${detail}`
}

// `rollcast log takeover`: frees a log that a stopped writer would hold for ever.
import type { Command } from 'commander'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { takeOverApart } from '../take-over-apart.ts'

export function addLogTakeover(log: Command, output: Output): void {
  log
    .command('takeover')
    .description('fence a writer that is stopped and does not answer, so that another can write')
    .argument('<DIR>', 'run directory')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { json }: { json?: true }) => {
      const run = findRun(dir, output)
      const report = await takeOverApart(run)
      const { epoch = null, lastSeq = null, fencedPid = null } = report ?? {}
      const fenced = report !== undefined
      if (json) {
        return output.writeJson({
          run_dir: run,
          ...snakeCase({ fenced, fencedPid, epoch, lastSeq }),
        })
      }
      if (!fenced) return output.say(`${run}: nobody writes to the log; there is nothing to fence`)
      const who = fencedPid === null ? 'the writer' : `process ${fencedPid}`
      output.say(
        `${run}: ${who} is fenced after event ${lastSeq} by epoch ${epoch}; the log is free`,
      )
    })
}

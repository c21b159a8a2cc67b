// `rollcast log compact`: gives the room of what was deleted back to the disk.
import type { Command } from 'commander'
import { formatBytes } from '../../base/bytes.ts'
import { compactLog } from '../../store/compact.ts'
import { snakeCase } from '../json-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { counted } from '../wording.ts'

interface CompactOptions {
  readonly dropFrames?: true
  readonly json?: true
}

export function addLogCompact(log: Command, output: Output): void {
  log
    .command('compact')
    .description('rewrite the log without free pages; needs room for the copy')
    .argument('<DIR>', 'run directory')
    .option('--drop-frames', 'also delete the pixels of all frames; their events stay')
    .option('--json', 'one JSON object')
    .action(async (dir: string, { dropFrames, json }: CompactOptions) => {
      const run = findRun(dir, output)
      const report = await compactLog(run, { dropFrames: dropFrames ?? false })
      if (json) return output.writeJson({ run_dir: run, ...snakeCase(report) })
      const { bytesBefore, bytesAfter, framesDropped } = report
      const dropped = dropFrames ? `, ${counted(framesDropped, 'frame')} dropped` : ''
      output.say(`${run}: ${formatBytes(bytesBefore)} -> ${formatBytes(bytesAfter)}${dropped}`)
    })
}

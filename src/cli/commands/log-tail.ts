// `rollcast log tail`: the newest events, and those that come, as long as wanted.
import { type Command, Option } from 'commander'
import { tail, watchLog } from '../../store/tail.ts'
import { integer } from '../arguments.ts'
import { eventJson, eventLine } from '../event-text.ts'
import { catchInterrupts } from '../interrupt.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { selectEvents } from '../select-events.ts'
import { withLog } from '../with-log.ts'

interface TailOptions {
  readonly from?: number
  readonly n: number
  readonly follow?: true
  readonly json?: true
}

export function addLogTail(log: Command, output: Output): void {
  log
    .command('tail')
    .description('print the newest events; with --follow also those that come')
    .argument('<DIR>', 'run directory')
    .option('--from <SEQ>', 'begin with this event instead of the newest', integer(1))
    .addOption(
      new Option('-n <COUNT>', 'begin so many events before the end')
        .argParser(integer(0))
        .default(10)
        .conflicts('from'),
    )
    .option('-f, --follow', 'go on with what is written, until interrupted')
    .option('--json', 'a JSON object a line')
    .action((dir: string, options: TailOptions) => tailLog(findRun(dir, output), options, output))
}

function tailLog(dir: string, options: TailOptions, output: Output): Promise<void> {
  const toLine = options.json ? eventJson : eventLine
  return withLog(dir, async reader => {
    const layouts = reader.layouts()
    const fromSeq = options.from ?? Math.max(1, reader.durable().seq - options.n + 1)
    const batches = options.follow
      ? tail(reader, { fromSeq, signal: catchInterrupts(), wake: watchLog(dir) })
      : reader.batches({ fromSeq })
    for await (const batch of batches) {
      await output.writeLines(selectEvents(batch, layouts, undefined), toLine)
    }
  })
}

// `rollcast log cat`: a range of the log, from the first event to the last. Memory is bounded by
// one batch, and a slow reader of stdout slows the reading down.
import { type Command, InvalidArgumentError } from 'commander'
import { type EventType, eventKinds } from '../../protocol/events.ts'
import { integer } from '../arguments.ts'
import { eventJson, eventLine } from '../event-text.ts'
import type { Output } from '../output.ts'
import { findRun } from '../run-directory.ts'
import { selectEvents } from '../select-events.ts'
import { withLog } from '../with-log.ts'

interface CatOptions {
  readonly from: number
  readonly to?: number
  readonly types?: ReadonlySet<EventType>
  readonly json?: true
}

export function addLogCat(log: Command, output: Output): void {
  log
    .command('cat')
    .description('print events in order')
    .argument('<DIR>', 'run directory')
    .option('--from <SEQ>', 'first event', integer(1), 1)
    .option('--to <SEQ>', 'last event; default: the last durable one', integer(0))
    .option('--types <A,B>', 'only events of these types', eventTypes)
    .option('--json', 'a JSON object a line')
    .action((dir: string, options: CatOptions) => catLog(findRun(dir, output), options, output))
}

function catLog(dir: string, options: CatOptions, output: Output): Promise<void> {
  const toLine = options.json ? eventJson : eventLine
  const { from: fromSeq, to: toSeq, types } = options
  return withLog(dir, async reader => {
    const layouts = reader.layouts()
    const range = toSeq === undefined ? { fromSeq } : { fromSeq, toSeq }
    for (const batch of reader.batches(range)) {
      await output.writeLines(selectEvents(batch, layouts, types), toLine)
    }
  })
}

function eventTypes(text: string): ReadonlySet<EventType> {
  const known = [...Object.keys(eventKinds), 'unknown']
  const types = text.split(',').map(type => type.trim())
  const strange = types.find(type => !known.includes(type))
  if (strange === undefined) return new Set(types as EventType[])
  throw new InvalidArgumentError(
    `There is no event type ${strange}; there are ${known.join(', ')}.`,
  )
}

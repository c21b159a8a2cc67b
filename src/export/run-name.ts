// What a run is called, by others and by itself.
import { RollcastError } from '../base/errors.ts'
import type { EventType } from '../protocol/events.ts'
import type { LogReader } from '../store/event-log.ts'
import { decodeBatch } from '../store/log-reader.ts'

export interface RunName {
  readonly id: string
  /** For people. */
  readonly name: string
}

const types: ReadonlySet<EventType> = new Set<EventType>(['run_started'])

/** As its first start said; NOT_FOUND in a log without one. */
export function runName(reader: LogReader): RunName {
  const layouts = reader.layouts()
  for (const batch of reader.batches({ fromSeq: 1 })) {
    for (const { event } of decodeBatch(batch, layouts, types)) {
      if (event.type === 'run_started') return { id: event.run, name: event.name }
    }
  }
  throw new RollcastError('NOT_FOUND', 'the log has no run that started')
}

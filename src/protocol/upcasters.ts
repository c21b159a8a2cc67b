// Old events in today's shape. An upcaster lifts a kind's fields from one version to the next;
// decoding applies them in order, so that no reader ever sees an old version. Versions are never
// rewritten on disk.
import { type EventType, eventVersions } from './events.ts'

type Fields = Record<string, unknown>
type Upcaster = (fields: Fields) => Fields

/** `upcasters.some_event[1]` lifts version 1 to version 2. */
const upcasters: Readonly<Partial<Record<EventType, Readonly<Record<number, Upcaster>>>>> = {}

/** The fields of `type` as of today's version; `table` and `current` can be given by tests. */
export function upcast(
  type: EventType,
  version: number,
  fields: Fields,
  table: Readonly<Partial<Record<EventType, Readonly<Record<number, Upcaster>>>>> = upcasters,
  current: number = eventVersions[type] ?? 1,
): Fields {
  let lifted = fields
  for (let at = version; at < current; at++) {
    const step = table[type]?.[at]
    if (step) lifted = step(lifted)
  }
  return lifted
}

// Which global step the trainer had reached at each place of an episode: metrics are told by global
// steps, episodes by their own. Metrics that were sampled meanwhile say it, and one shortly before.
import type { EventType } from '../protocol/events.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'
import { decodeBatch } from '../store/log-reader.ts'

/** How far before the episode a sample is looked for. */
const EVENTS_BEFORE = 5_000
/** Of a long episode every so many are left out. */
const PLACES_MAX = 500

const types: ReadonlySet<EventType> = new Set(['metrics_sampled'])

/** When the first and the last step of an episode were taken. */
export interface StepTimes {
  readonly first: number
  readonly last: number
}

/**
 * Pairs of milliseconds since the first step and global step; none where no metric is near. What is
 * sampled when the last step has been taken is told there: no replay goes further.
 */
export function globalStepsOf(
  reader: LogReader,
  { firstSeq, lastSeq }: EpisodeRow,
  { first, last }: StepTimes,
): (readonly [number, number])[] {
  const layouts = reader.layouts()
  const fromSeq = Math.max(1, firstSeq - EVENTS_BEFORE)
  const found: (readonly [number, number])[] = []
  for (const batch of reader.batches({ fromSeq, toSeq: lastSeq })) {
    for (const { time, event } of decodeBatch(batch, layouts, types)) {
      if (event.type !== 'metrics_sampled') continue
      // Of those before only the last counts.
      if (time <= first) found.length = 0
      if (found.at(-1)?.[1] === event.globalStep) continue
      found.push([Math.max(0, Math.min(time, last) - first), event.globalStep])
    }
  }
  const every = Math.ceil(found.length / PLACES_MAX)
  return every <= 1 ? found : found.filter((_, index) => index % every === 0)
}

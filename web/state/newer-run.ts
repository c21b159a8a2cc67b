// Whether another run is news to whoever watches one.
import type { RunRow } from '../../src/protocol/run-list.ts'

type Begun = Pick<RunRow, 'name' | 'started_at' | 'written_at'>

/**
 * Whether the run at the top of the list has begun after `first`, which was there at first. An older
 * one comes to the top when those that were recorded beside it have ended.
 */
export const isNewer = (top: Begun, first: Begun): boolean =>
  top.name !== first.name &&
  top.started_at !== null &&
  top.started_at > (first.started_at ?? first.written_at)

// Where something stands in a log. A sequence number alone is not enough: what an epoch showed
// live but had not yet made durable may be numbered anew by the next epoch.

/** `seq` counts events from 1 without gaps; `epoch` counts openings of the log for writing. */
export interface Position {
  readonly epoch: number
  readonly seq: number
}

/** Before the first event of a log. */
export const origin: Position = { epoch: 0, seq: 0 }

/** Negative when `a` stands before `b`, 0 when they are the same place. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.seq - b.seq
}

// What is told of the fast lane, the ring of newest frames between trainer and viewers.

/**
 * Where the frames that viewers see come from. `none`: nobody watches. `lane`: shared memory.
 * `log`: whoever writes the log sends them, because the lane has brought none for too long.
 */
export type FrameSource = 'none' | 'lane' | 'log'

/** What the producer is doing; NaN where it is not known. */
export interface LaneHud {
  /** Whose numbers these are. */
  readonly layout: number
  readonly episode: number
  readonly step: number
  readonly lastReward: number
  /** Mean reward of a step over the last second. */
  readonly meanReward: number
  readonly stepsPerSecond: number
  readonly loss: number
  /** Unix milliseconds. */
  readonly time: number
}

/** Counts since the run began. */
export interface LaneStatus {
  /** A producer is there. */
  readonly running: boolean
  /** No episode is open, so no frame will come for now. */
  readonly paused: boolean
  readonly source: FrameSource
  /** The most frames a second that are wanted of any camera; 0: of none. */
  readonly wantedFps: number
  readonly published: number
  /** Frames that did not fit. */
  readonly refused: number
  /** Slots that a producer had left half-written and the next one has cleared. */
  readonly repaired: number
  readonly taken: number
  /** Published and passed over, because there was a newer one. */
  readonly skipped: number
  /** Handed to viewers, from wherever they came. */
  readonly shown: number
  /** Null before the first frame. */
  readonly hud: LaneHud | null
}

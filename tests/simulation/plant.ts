// Where a test may break the simulated world on purpose, to show that an invariant notices.
import type { ActorReport } from '../../src/protocol/thread-messages.ts'
import type { Appended, Contribution } from '../../src/store/event-log.ts'
import type { Write } from '../../src/store/storage.ts'

/** Without any of these the world is honest. */
export interface Plant {
  /** Nothing happens but work: for what takes longer to show than anybody lives under the script. */
  readonly calm?: boolean
  /** What a message becomes when it is posted on a channel. */
  post?(channel: string, message: unknown): unknown
  /** A message that vanishes. */
  loses?(channel: string, message: unknown): boolean
  /** What an actor's report becomes. */
  report?(report: ActorReport): ActorReport
  /** The records of a batch, as a consumer gets them to read. */
  readBatch?(records: Uint8Array): Uint8Array
  /** What lands on the disk of a commit; nothing at all for a disk that lies. */
  land?(writes: readonly Write[]): readonly Write[]
  /** A fence that does not hold. */
  readonly ignoresFence?: boolean
  /** A storage that reports success after an error. */
  readonly swallowsErrors?: boolean
  /** What the recorder hands to the log. */
  append?(contribution: Contribution): Contribution
  /** What the log answers to the host's facts. */
  appended?(appended: Appended): Appended
  /** A byte of the ring changes between writer and reader. */
  readonly tearsRing?: boolean
  /** A replay that remembers. */
  replayed?(bytes: Uint8Array): Uint8Array
  /** Somebody starts dead actors behind the supervisor's back. */
  readonly resurrects?: boolean
  /** Threads leave their timers behind. */
  readonly leaksTimers?: boolean
  /** What viewers say is recorded. */
  readonly recordsViewers?: boolean
  /** Sockets say that they hold nothing. */
  readonly hidesBuffers?: boolean
  /** A hub that keeps to no bound for all viewers together. */
  readonly boundless?: boolean
  /** A message to a viewer counts as so many. */
  readonly messageWeight?: number
}

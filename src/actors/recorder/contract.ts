// What a recorder is handed when it is started, and what it tells its host.
import type { Position } from '../../protocol/position.ts'
import type { CommitFigures, Placement } from '../../protocol/thread-messages.ts'
import type { Durability, OpenReport } from '../../store/event-log.ts'
import type { GapState } from './gap.ts'

export interface RecorderConfig {
  readonly runDir: string
  /** The lock of the log, when the host holds it. */
  readonly lockName?: string
  readonly ring: SharedArrayBuffer
  /**
   * The fast lane, where viewers say of which cameras they want frames from here. Without one all
   * are sent.
   */
  readonly lane?: SharedArrayBuffer | undefined
  readonly durability: Durability
  /** Where the log is written: in this thread's process, or in a child of it. Default `thread`. */
  readonly logPlacement?: Placement
  /** What is told of the run when the log is opened. */
  readonly run: {
    readonly id: string
    readonly name: string
    readonly config: unknown
    /** The keep rule, which was checked. */
    readonly keep?: string | undefined
  }
  readonly software: string
  /** What an earlier recorder of this run had lost and not yet told when it died; see `noted`. */
  readonly gap?: GapState
  /** For tests of slow disks: every commit takes at least so long. */
  readonly commitDelayMillis?: number
  /** Only the first so many of them. Default: all. */
  readonly slowCommits?: number
  /** For tests of bad disks: commits fail from this one on, counted from 1. */
  readonly commitFailsAt?: number
  /** For tests on small disks: the reserve. */
  readonly freeBytesMin?: number
}

/** Told to the host with `ready`. */
export interface RecorderDetail {
  readonly epoch: number
  readonly nextEpisode: number
  readonly nextLayout: number
  readonly report: OpenReport
}

/** Told to the host with every heartbeat. */
export interface RecorderHeartbeat {
  readonly durable: Position
  readonly newest: Position
  readonly failure: string | null
  readonly lostEvents: number
  /** Of the last minute. */
  readonly commits: CommitFigures
}

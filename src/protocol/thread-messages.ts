// What threads (and processes in their place) say to each other. Data travels on named channels;
// commands and reports travel on the control line between the host and each actor.
import type { FrameFormat, Layout } from './events.ts'
import type { FrameDrop } from './frame-drop.ts'
import type { PictureFormat } from './frame-encoding.ts'
import type { LaneStatus } from './lane.ts'
import type { ChannelCounters, ChannelSpec } from './policies.ts'
import type { Position } from './position.ts'
import type { Predicate } from './predicate/syntax.ts'
import type { EpisodeRow, Projection } from './projection.ts'
import type { Quarantined, Span } from './quarantine.ts'

export type Placement = 'thread' | 'process'

/** Where broadcast material comes from, as the feeding actor sees it. */
export type FeedMode = 'live' | 'checkpoint' | 'replay'

// --- channels: data ---------------------------------------------------------------------------

/** `*.live`: records as they were numbered, before they are durable. Drop-oldest. */
export interface LiveBatch {
  readonly epoch: number
  readonly firstSeq: number
  readonly count: number
  /** Records back to back (codec.ts); frames without their pixels. */
  readonly records: Uint8Array
  readonly mode: FeedMode
  /** What lies between the batch before and this one was left out on purpose. Default false. */
  readonly isSelection?: boolean
  /** What was declared before it, where it is the first of its epoch, or of a round. */
  readonly layouts?: readonly Layout[]
}

/** `*.frames`: the newest frame of a camera. Latest per agent and camera. */
export interface LiveFrame {
  readonly agent: string
  readonly camera: string
  readonly episode: number
  readonly step: number
  readonly index: number
  readonly width: number
  readonly height: number
  readonly format: FrameFormat
  /** When the trainer handed it in, Unix milliseconds. */
  readonly time: number
  readonly mode: FeedMode
  readonly pixels: Uint8Array
}

/** A frame as the log has it. */
export type RecordedFrame = Omit<LiveFrame, 'mode'>

/** `*.durable`: how far the log may be read. Latest. */
export type DurableNotice = Position

/** `*.facts`: what a consumer of the log made of it, for the recorder to append. Block. */
export interface FactBatch {
  readonly producer: string
  /** The consumer's cursor: the last event that these facts account for. */
  readonly position: number
  /** The cursor of the batch before it, which must be in the log when this one comes. */
  readonly after?: number
  readonly records: Uint8Array
  readonly count: number
  readonly rows?: readonly { readonly episode: number; readonly bytes: Uint8Array }[]
  readonly snapshot?: {
    readonly name: string
    readonly version: number
    readonly position: number
    readonly bytes: Uint8Array
  }
  /** Frames that nobody needs any more once this is durable. */
  readonly drops?: readonly FrameDrop[]
  /** Somebody waits for the facts: they are committed at once. Default false. */
  readonly isAwaited?: boolean
}

/** `aggregator.projection`. Latest. */
export interface ProjectionNotice {
  readonly projection: Projection
  /** Names of the metrics that changed since the last notice. */
  readonly changedMetrics: readonly string[]
}

/** Finished episodes numbered below `before` and above `after`, newest first. */
export interface EpisodesPage {
  readonly before: number | null
  readonly after: number | null
  readonly limit: number
  /** Null means all. */
  readonly where: Predicate | null
}

/** `broadcaster.queries` and `host.answers`: reads of the log, done by the pool. */
export type HistoryQuery = { readonly id: number } & (
  | ({ readonly kind: 'episodes' } & EpisodesPage)
  | { readonly kind: 'episode'; readonly episode: number }
  | { readonly kind: 'frames'; readonly episode: number; readonly from: number }
  | { readonly kind: 'frame'; readonly seq: number }
  | { readonly kind: 'newest' }
)

export interface HistoryStep {
  readonly offsetMillis: number
  readonly step: number
  readonly cumulativeReward: number
  readonly position: readonly number[] | null
  readonly meters: Readonly<Record<string, number>> | null
  readonly action: number | readonly number[] | null
  readonly qValues: readonly number[] | null
  /** Left out where none were recorded. */
  readonly logits?: readonly number[]
  readonly reward: number
  readonly done: boolean
}

/** A whole episode, as viewers get it; long ones are thinned out. */
export interface EpisodeMaterial {
  readonly row: EpisodeRow
  readonly thinnedBy: number
  readonly steps: readonly HistoryStep[]
  /** Frames of its first camera of which there still is a picture. */
  readonly frames: number
  /**
   * The trainer's global step, as its metrics told it, from so many milliseconds after the first step
   * on; in order. Left out where that is not looked up.
   */
  readonly globalSteps?: readonly (readonly [offsetMillis: number, globalStep: number])[]
}

export type HistoryAnswer = { readonly id: number } & (
  | {
      readonly kind: 'episodes'
      readonly rows: readonly EpisodeRow[]
      /** What to ask for next as `before`; null when there are no more. */
      readonly next: number | null
    }
  | { readonly kind: 'episode'; readonly material: EpisodeMaterial }
  | {
      readonly kind: 'frames'
      readonly frames: readonly RecordedFrame[]
      /** The index to ask for next, or null at the end. */
      readonly next: number | null
    }
  /** Null where no picture is left of it, or it is not durable yet. */
  | { readonly kind: 'frame'; readonly frame: RecordedFrame | null }
  /** The newest events, as the live feed brings them. */
  | { readonly kind: 'newest'; readonly batches: readonly LiveBatch[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
)

/** `broadcaster.stills`: a frame that a viewer wants as a picture. */
export interface StillOrder {
  readonly id: number
  readonly kind: 'still'
  readonly width: number
  readonly height: number
  readonly format: FrameFormat
  readonly as: PictureFormat
  /** 1 to 100. */
  readonly quality: number
  /**
   * In memory that threads share, and unchanged until the answer; or in memory of their own, which
   * moves with the order.
   */
  readonly pixels: Uint8Array
}

/** `previews.stills`: the picture's file, or why there is none. */
export type StillAnswer = { readonly id: number } & (
  | { readonly kind: 'still'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
)

/** Transactions of the log, and how long they took to become durable. Zero where there were none. */
export interface CommitFigures {
  readonly count: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly maxMillis: number
}

/** A channel as its sender sees it, with its bounds. */
export interface ChannelStatus extends ChannelCounters {
  readonly name: string
  readonly policy: string
  readonly countMax: number
  readonly bytesMax: number
}

/** `host.system`: the state of everything, for viewers and `inspect`. Latest. */
export interface SystemNotice {
  readonly time: number
  readonly healthy: boolean
  readonly problem: string | null
  readonly trainerAttached: boolean
  /** Null when no trainer is attached. */
  readonly trainerCostPercent: number | null
  /** Of the frames that viewers see; null when no trainer can show any. */
  readonly lane: LaneStatus | null
  readonly durable: Position
  readonly newest: Position
  /** Of the last minute; null where nothing is recorded. */
  readonly commits: CommitFigures | null
  readonly actors: readonly ActorStatus[]
}

export interface ActorStatus {
  readonly name: string
  readonly placement: Placement
  readonly machine: string
  readonly state: string
  /** Why it is in a state of warning, or has failed; null while all is well. */
  readonly reason: string | null
  readonly restarts: number
  /** How long its last restart took, from its end until it ran again; null before the first. */
  readonly awayMillis: number | null
  /** What it passes over, because it died of it each time. */
  readonly quarantined: readonly Quarantined[]
  /** Events behind the durable end of the log; null when the actor does not follow it. */
  readonly lag: number | null
  readonly channels: readonly ChannelStatus[]
}

// --- control line -----------------------------------------------------------------------------

/** What an actor is started with. */
export interface ActorStart {
  readonly name: string
  readonly placement: Placement
  /** Channels that this actor sends on and receives from. */
  readonly sends: readonly ChannelSpec[]
  readonly receives: readonly ChannelSpec[]
  readonly config: unknown
  /** How often the actor was restarted since the run began. */
  readonly restarts: number
  /** Whether `crash` is obeyed; only fault tests say so. */
  readonly faults: boolean
  /** Places that it passes over. */
  readonly quarantined?: readonly Quarantined[]
  /** What it died over last: the recorder goes through it record by record. */
  readonly suspect?: Span | undefined
}

export type ActorCommand =
  /** The other end of a channel is (again) there; `port` is a MessagePort. */
  | { readonly type: 'connect'; readonly channel: string; readonly port: unknown }
  /** Take in nothing new; finish what is owed, up to `seq` for consumers of the log. */
  | { readonly type: 'drain'; readonly seq: number }
  | { readonly type: 'stop' }
  /** Die in this way; for fault tests. */
  | { readonly type: 'crash'; readonly how: CrashKind }

/** `heap`: of memory that runs out; `terminate`: ended from outside, if it may be. */
export type CrashKind = 'throw' | 'exit' | 'hang' | 'heap' | 'terminate'

export type ActorReport =
  | { readonly type: 'ready'; readonly detail: unknown }
  | {
      readonly type: 'state'
      readonly machine: string
      readonly from: string
      readonly to: string
      /** Why it is in a state of warning, or has failed; null while all is well. */
      readonly reason: string | null
    }
  /** Sent every `heartbeatMillis`; silence means that the actor is stuck. */
  | {
      readonly type: 'heartbeat'
      readonly lag: number | null
      readonly channels: readonly ChannelStatus[]
      readonly detail: unknown
    }
  | { readonly type: 'noted'; readonly facts: Readonly<Record<string, unknown>> }
  /** `refused`: a new start would meet the same error. */
  | {
      readonly type: 'failed'
      readonly code: string
      readonly message: string
      readonly refused: boolean
      /** What was in hand, when that may be to blame. */
      readonly over?: Span | undefined
    }
  | { readonly type: 'stopped' }

export const heartbeatMillis = 500

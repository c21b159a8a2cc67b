// The spine of Rollcast: everything that can happen, as one union. Events are facts in the past
// tense; they are appended once, and all other state is a fold of them. Field names of steps are
// Gymnasium's.

/** Pixel layouts of a frame; bytes a pixel: 3, 4 and 1. */
export const frameFormats = ['rgb8', 'rgba8', 'gray8'] as const
export type FrameFormat = (typeof frameFormats)[number]
export const bytesPerPixel: Readonly<Record<FrameFormat, number>> = { rgb8: 3, rgba8: 4, gray8: 1 }

/** The shape of an agent's steps, learned from its first step; later steps are plain numbers. */
export interface StepLayout {
  readonly kind: 'step'
  readonly layout: number
  readonly agent: string
  /** Lengths; 0 means that the steps carry no such field. */
  readonly position: number
  readonly action: number
  /** True when the action is a single number and not a list of one. */
  readonly actionScalar: boolean
  readonly qValues: number
  readonly logits: number
  readonly observation: number
  /** Names of the meters, in the order of their values. */
  readonly meters: readonly string[]
}

/** A camera; its first frame sets the size, a frame of another size is refused (V2). */
export interface FrameLayout {
  readonly kind: 'frame'
  readonly layout: number
  readonly agent: string
  readonly camera: string
  readonly width: number
  readonly height: number
  readonly format: FrameFormat
  /** False when the run made no video when it was declared, left out otherwise. */
  readonly video?: false
}

export type Layout = StepLayout | FrameLayout

export type LayoutDeclared = { type: 'layout_declared' } & Layout

export interface RunStarted {
  type: 'run_started'
  run: string
  name: string
  pid: number
  software: string
  /** Whatever the trainer says of itself: algorithm, hyper-parameters. */
  config?: Readonly<Record<string, unknown>>
  /** The keep rule (predicate/) from here on; without one everything stays. */
  keep?: string
}

/** The log was opened again after an end that was not clean. */
export interface Recovered {
  type: 'recovered'
  previousEpoch: number
  /** The last event that had been durable. */
  lastSeq: number
  /** Bytes of a torn tail that were cut. */
  cutBytes: number
  /** The producer had at most so much in flight: the bounds of what it wrote through. */
  inFlightBytesMax: number
  /** What was in flight was recorded within so long after the last durable event. */
  inFlightMillisMax: number
}

/** The log up to here was taken out of a damaged one (`rollcast log salvage`). */
export interface Salvaged {
  type: 'salvaged'
  previousEpoch: number
  /** The last event that was taken over. */
  lastSeq: number
  /** The first 100 ranges of events behind it that were not; `whole` ones have damage before them. */
  skipped: readonly { fromSeq: number; toSeq: number; whole: boolean }[]
  /** Ranges of events in which frames have lost their pixels. */
  lostFrames: readonly { fromSeq: number; toSeq: number }[]
}

export interface RunEnded {
  type: 'run_ended'
  reason: 'closed' | 'exit' | 'signal' | 'failed'
}

export interface EpisodeBegan {
  type: 'episode_began'
  agent: string
  episode: number
  seed?: number
  stage?: number
  epsilon?: number
  info?: unknown
}

export interface StepTaken {
  type: 'step_taken'
  agent: string
  episode: number
  /** Counts from 0 in each episode. */
  step: number
  /** Extrinsic reward. */
  reward: number
  intrinsicReward: number
  terminated: boolean
  truncated: boolean
  position?: readonly number[]
  action?: number | readonly number[]
  qValues?: readonly number[]
  logits?: readonly number[]
  meters?: Readonly<Record<string, number>>
  observation?: readonly number[]
  info?: unknown
}

/** A frame; its pixels stand apart from the events, under the same sequence number. */
export interface FrameCaptured {
  type: 'frame_captured'
  agent: string
  camera: string
  episode: number
  /** The step after which the frame was taken. */
  step: number
  /** Counts from 0 in each episode and camera. */
  index: number
  width: number
  height: number
  format: FrameFormat
  byteLength: number
  /** CRC-32 of the pixels. */
  crc: number
}

export interface MetricsSampled {
  type: 'metrics_sampled'
  globalStep: number
  /** Canonical names (see metric-names.ts) to values. */
  values: Readonly<Record<string, number>>
  agent?: string
}

export interface InsightGiven {
  type: 'insight_given'
  kind: string
  data: unknown
  agent?: string
}

/** Why an episode ended. */
export type EndReason =
  | 'terminated'
  | 'truncated'
  | 'superseded'
  | 'interrupted'
  | 'discarded'
  | (string & {})

export interface EpisodeEnded {
  type: 'episode_ended'
  agent: string
  episode: number
  steps: number
  frames: number
  totalReward: number
  extrinsicReward: number
  intrinsicReward: number
  terminated: boolean
  truncated: boolean
  reason: EndReason
  /** Milliseconds since the Unix epoch. */
  startTime: number
  seed?: number
  stage?: number
  epsilon?: number
  info?: unknown
  /** The trainer does not want it: its frames and videos go, whatever the keep rule says. */
  discarded?: true
}

/**
 * Why the material of an episode is given up: the trainer discarded it, the keep rule did not mean
 * it at its end, or the rule meant it until others were better.
 */
export type ReleaseReason = 'discarded' | 'not_kept' | 'overtaken'

/** Frames and videos of an episode are given up, for good; its steps and its row stay (L19). */
export interface EpisodeReleased {
  type: 'episode_released'
  agent: string
  episode: number
  reason: ReleaseReason
  /** The events among which all of its frames stand. */
  fromSeq: number
  toSeq: number
  /** Frames of all its cameras. */
  frames: number
}

export interface MilestoneReached {
  type: 'milestone_reached'
  milestone: 'best_return' | 'longest_episode' | 'stage_transition'
  agent: string
  episode: number
  value: number
  previous: number | null
}

/** The encoder's account of one episode and camera: what it was owed and what it found. */
export interface FramesCounted {
  type: 'frames_counted'
  agent: string
  camera: string
  episode: number
  /** Frames announced by events. */
  owed: number
  /** Frames whose pixels were there with the right checksum. */
  intact: number
  /** Frames of an episode that was released before the encoder came to them; 0 when left out. */
  released?: number
  bytes: number
}

/** A part of an episode's video is whole and on the disk. */
export interface VideoCommitted {
  type: 'video_committed'
  agent: string
  camera: string
  episode: number
  /** Index of its first frame in the episode; the others follow without a gap. */
  fromIndex: number
  frames: number
  /** The events of its first and its last frame. */
  fromSeq: number
  toSeq: number
  /** As seen from the run's directory. */
  file: string
  bytes: number
  width: number
  height: number
  /** Frames a second. */
  fps: number
  /** The canonical name of what it is encoded in, such as `av1`. */
  codec: string
  pixelFormat: string
  /** FFmpeg's name of the encoder, and why it was taken. */
  encoder: string
  reason: string
  /** Of its pictures, for each channel, in 0..1 (lerobot-v3-format.md 9.2). */
  statistics: Readonly<Record<string, number | readonly number[]>>
}

/** A part of an episode's video could not be made; the log keeps its frames. */
export interface VideoFailed {
  type: 'video_failed'
  agent: string
  camera: string
  episode: number
  /** Index of the part's first frame in the episode. */
  fromIndex: number
  reason: string
}

/** An episode of the run is in its dataset, durably. */
export interface EpisodeSaved {
  type: 'episode_saved'
  agent: string
  episode: number
  /** Its number there. */
  datasetEpisode: number
  rows: number
}

/** An episode of the run cannot be in its dataset; it stays in the log. */
export interface EpisodeRefused {
  type: 'episode_refused'
  agent: string
  episode: number
  reason: string
}

export interface ActorChanged {
  type: 'actor_changed'
  actor: string
  machine: string
  from: string
  to: string
  restarts: number
  /** Of an actor that runs again: how long it was away. */
  awayMillis?: number
  reason?: string
}

/** Something was lost before it reached the log, and how much. Lost data is never silent. */
export interface GapFound {
  type: 'gap_found'
  cause: 'ring_full' | 'disk_full'
  events: number
  bytes: number
}

/** The trainer handed in something that could not be recorded; the rest went on. */
export interface InputRefused {
  type: 'input_refused'
  agent: string
  code: string
  message: string
  /** How often the same refusal was met since it was last reported. */
  count: number
}

/** An event killed an actor each time that it handled it; now the actor passes it over. */
export interface EventQuarantined {
  type: 'event_quarantined'
  actor: string
  /** Its number; null for a record that never got one: this event stands in its place. */
  seq: number | null
  /** What the actor died of. */
  error: string
  deaths: number
}

export interface TrainerCostMeasured {
  type: 'trainer_cost_measured'
  /** Time inside the recorder's calls as a share of wall time, per cent. */
  percent: number
  calls: number
  meanNanos: number
}

/** An event of a kind that this version does not know; its bytes are kept as they are. */
export interface UnknownEvent {
  type: 'unknown'
  kind: number
  version: number
  body: Uint8Array
}

export type Event =
  | RunStarted
  | Recovered
  | Salvaged
  | RunEnded
  | LayoutDeclared
  | EpisodeBegan
  | StepTaken
  | FrameCaptured
  | MetricsSampled
  | InsightGiven
  | EpisodeEnded
  | EpisodeReleased
  | MilestoneReached
  | FramesCounted
  | ActorChanged
  | GapFound
  | InputRefused
  | TrainerCostMeasured
  | EventQuarantined
  | VideoCommitted
  | VideoFailed
  | EpisodeSaved
  | EpisodeRefused
  | UnknownEvent

export type EventType = Event['type']
/** Those whose bodies are packed, and not laid out. */
export type GeneralEvent = Exclude<Event, { type: 'unknown' | 'step_taken' | 'frame_captured' }>
export type EventOf<T extends EventType> = Extract<Event, { type: T }>

/** An event at its place in the log. `time` is the event's own, Unix milliseconds. */
export interface Envelope<E extends Event = Event> {
  readonly seq: number
  readonly epoch: number
  readonly time: number
  readonly event: E
}

/** The number of each kind in the binary format; never changed, never used again. */
export const eventKinds = {
  run_started: 1,
  recovered: 2,
  run_ended: 3,
  layout_declared: 4,
  episode_began: 5,
  step_taken: 6,
  frame_captured: 7,
  metrics_sampled: 8,
  insight_given: 9,
  episode_ended: 10,
  milestone_reached: 11,
  frames_counted: 12,
  actor_changed: 13,
  gap_found: 14,
  input_refused: 15,
  trainer_cost_measured: 16,
  event_quarantined: 17,
  salvaged: 18,
  video_committed: 19,
  video_failed: 20,
  episode_released: 21,
  episode_saved: 22,
  episode_refused: 23,
} as const satisfies Record<Exclude<EventType, 'unknown'>, number>

/** The version of each kind that this software writes; 1 unless listed. */
export const eventVersions: Readonly<Partial<Record<EventType, number>>> = {}

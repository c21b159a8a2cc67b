// What the hub is told to show, and what it may ask of whoever tells it. Plain data in the log's
// own spelling; the viewers' spelling is made in messages.ts, and only when somebody watches.
import type { Position } from '../protocol/position.ts'
import type { Subject } from '../protocol/predicate/evaluate.ts'
import type {
  EpisodeMaterial,
  EpisodesPage,
  HistoryAnswer,
  HistoryStep,
} from '../protocol/thread-messages.ts'
import type { Mode } from '../protocol/viewer-protocol.ts'

export interface BeganPublication {
  readonly kind: 'began'
  readonly agent: string
  readonly episode: number
  /** Null when the trainer did not say, or when its saying so was missed. */
  readonly stage: number | null
  readonly epsilon: number | null
  readonly time: number
}

export interface SteppedPublication {
  readonly kind: 'stepped'
  readonly agent: string
  readonly episode: number
  readonly time: number
  readonly position: Position
  readonly step: HistoryStep
}

export interface EndedPublication {
  readonly kind: 'ended'
  readonly subject: Subject
  /** The whole episode, when all of it was seen. */
  readonly finished: FinishedEpisode | null
}

export interface InsightPublication {
  readonly kind: 'insight'
  readonly insight: string
  /** Null when it is about all of them. */
  readonly agent: string | null
  readonly time: number
  /** One thing, or one for each of several levels (protocol/levels.ts). */
  readonly data: unknown
  /** What it takes in the log. */
  readonly bytes: number
}

/** In the order in which things happened. */
export type Publication =
  | BeganPublication
  | SteppedPublication
  | EndedPublication
  | InsightPublication
  /** The feed starts over (another epoch, another source): what was shown before is void. */
  | { readonly kind: 'restarted' }

export interface FinishedEpisode {
  readonly subject: Subject
  readonly material: EpisodeMaterial
  readonly position: Position
}

/** What is on stage now. */
export interface Stage {
  readonly mode: Mode
  /** The newest event seen. */
  readonly position: Position
  readonly run: string | null
  readonly name: string | null
  readonly agents: readonly string[]
  /** The first agent that has frames, else the first seen. */
  readonly defaultAgent: string | null
  /** Finished episodes held now, and how many made room for newer ones. */
  readonly episodesQueued: number
  readonly episodesDropped: number
  /** The beginning of the episode that the agent is playing now. */
  open(agent: string): BeganPublication | undefined
  /** The newest of the episodes held that is meant. */
  newestFinished(isMeant: (finished: FinishedEpisode) => boolean): FinishedEpisode | undefined
  /** The event that recorded the newest frame of the agent's first camera. */
  newestFrame(agent: string): number | undefined
}

type AnswerOf<K extends HistoryAnswer['kind']> = Omit<
  Extract<HistoryAnswer, { kind: K }>,
  'id' | 'kind'
>

/**
 * Reads of the log, for viewers that ask. Every one rejects rather than wait for ever; one that
 * `signal` takes back before it is begun is not done, and rejects at once.
 */
export interface History {
  episodes(page: EpisodesPage, signal?: AbortSignal): Promise<AnswerOf<'episodes'>>
  episode(episode: number, signal?: AbortSignal): Promise<AnswerOf<'episode'>>
  /** Some of the episode's frames, from index `from` on. */
  frames(episode: number, from: number, signal?: AbortSignal): Promise<AnswerOf<'frames'>>
  /** The frame that the event `seq` recorded, if there still is a picture of it. */
  frame(seq: number): Promise<AnswerOf<'frame'>>
}

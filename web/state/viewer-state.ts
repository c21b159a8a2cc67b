// All that the page shows except the stage's pictures, as plain data. Every list is bounded.
import type {
  ServerMessageOf,
  ViewerEpisodeRow,
  ViewerSeries,
} from '../../src/protocol/server-messages.ts'
import type { Mode } from '../../src/protocol/viewer-protocol.ts'
import type { ConnectionState } from '../connection.ts'
import type { Route } from '../permalink.ts'
import type { Look } from '../stage.ts'
import { atLiveEdge, type ShiftState } from '../time-shift.ts'
import { type EpisodeFilter, noFilter } from './episode-filter.ts'

export type Milestone = ServerMessageOf<'milestone'>
export type Insight = ServerMessageOf<'insight'>
export type SystemReport = ServerMessageOf<'system'>
type RunTotals = ServerMessageOf<'metrics'>['totals']

export interface ReadyReplay {
  readonly phase: 'ready'
  readonly episode: number
  readonly request: number
  readonly row: ViewerEpisodeRow
  readonly steps: number
  readonly thinnedBy: number
  /** `[millis since the first step, global step]`, in order. */
  readonly globalSteps: readonly (readonly [number, number])[]
  readonly framesExpected: number
  readonly framesReceived: number
  /** Why the frames that are missing will not come; null while they may. */
  readonly problem: string | null
}

/** What the user sees of a replay; its steps and frames are the stage's. */
export type ReplayState =
  | { readonly phase: 'loading'; readonly episode: number; readonly request: number }
  | { readonly phase: 'failed'; readonly episode: number; readonly message: string }
  | ReadyReplay

/** From capture to glass; `errorMillis` is what the clocks may be wrong by. */
interface Latency {
  readonly millis: number
  readonly errorMillis: number
}

/** What the server has found of the filter so far. */
export interface Found {
  /** The expression; null while there is none. */
  readonly where: string | null
  /** Latest first. */
  readonly rows: readonly ViewerEpisodeRow[]
  /** Older episodes than this have not been looked at; null when all have. */
  readonly next: number | null
  readonly isLooking: boolean
}

export const nothingFound: Found = { where: null, rows: [], next: null, isLooking: false }

export interface ViewerState {
  readonly connection: ConnectionState
  /** What the server's newest message says; not the replay's. */
  readonly mode: Mode
  readonly run: string | null
  readonly name: string | null
  readonly agents: readonly string[]
  /** The agent that the user picked; null leaves it to the server. */
  readonly followed: string | null
  readonly look: Look | null
  readonly started: ServerMessageOf<'episode_start'> | null
  readonly ended: ServerMessageOf<'episode_end'> | null
  readonly rows: readonly ViewerEpisodeRow[]
  /** True when the server has older rows than those held. */
  readonly more: boolean
  /** True until the first page after a connection has come. */
  readonly awaitingFirstPage: boolean
  /** The request that asked for older rows; null when none is under way. */
  readonly olderRequest: number | null
  /** From this number on no row is missing: older ones are asked for from here. */
  readonly olderBefore: number | null
  readonly totals: RunTotals | null
  readonly series: Readonly<Record<string, ViewerSeries>>
  readonly milestones: readonly Milestone[]
  /** Those that were reached just now and have not been seen long enough. */
  readonly toasts: readonly Milestone[]
  readonly insights: readonly Insight[]
  readonly system: SystemReport | null
  /** The last reports' cost to the trainer, per cent of its time: `[unix milliseconds, value]`. */
  readonly costs: readonly (readonly [number, number])[]
  readonly latency: Latency | null
  /** The part of the page that is shown, as its address tells it. */
  readonly route: Route
  readonly replay: ReplayState | null
  /** How far the live stage is paused or gone back in. */
  readonly shift: ShiftState
  /** The user's wish for replays: over and over again. */
  readonly loop: boolean
  /** Which episodes the table shows. */
  readonly filter: EpisodeFilter
  readonly found: Found
  /** One episode after the other that the filter means is played, instead of what is live. */
  readonly playsFound: boolean
  /** An error of the server that answers nothing in particular. */
  readonly problem: string | null
  readonly invalid: { readonly count: number; readonly last: string }
}

export const initialState: ViewerState = {
  connection: { phase: 'connecting', attempt: 0 },
  mode: 'waiting',
  run: null,
  name: null,
  agents: [],
  followed: null,
  look: null,
  started: null,
  ended: null,
  rows: [],
  more: false,
  awaitingFirstPage: true,
  olderRequest: null,
  olderBefore: null,
  totals: null,
  series: Object.create(null),
  milestones: [],
  toasts: [],
  insights: [],
  system: null,
  costs: [],
  latency: null,
  route: { view: 'live' },
  replay: null,
  shift: atLiveEdge,
  loop: false,
  filter: noFilter,
  found: nothingFound,
  playsFound: false,
  problem: null,
  invalid: { count: 0, last: '' },
}

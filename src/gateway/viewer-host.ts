// What a viewer's connection needs of the world: a socket, and the hub that it belongs to.
import type { Clock } from '../base/clock.ts'
import type { ViewerEncoding } from '../protocol/viewer-encoding.ts'
import type { Backlog } from './backlog.ts'
import type { Verdicts } from './filter.ts'
import type { Greeting, Newcomer } from './greeting.ts'
import type { LaneCounters } from './lane.ts'
import type { LaneSocket } from './outflow.ts'
import type { Previews } from './previews.ts'
import type { FinishedEpisode, History, Stage } from './publication.ts'
import type { SharedFrame } from './shared-frame.ts'
import type { SharedMessage } from './shared-message.ts'

/** What a viewer needs of its socket. */
export interface ViewerSocket extends LaneSocket {
  /** How its messages are written, both ways. */
  readonly encoding: ViewerEncoding
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown
  on(event: 'ping' | 'pong' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
}

/** The hub, as a viewer sees it. */
export interface ViewerHost {
  readonly clock: Clock
  readonly stage: Stage
  readonly history: History
  readonly previews: Previews
  readonly greeting: Greeting
  readonly verdicts: Verdicts
  readonly counters: LaneCounters & { built: number }
  /** What waits for all viewers together. */
  readonly backlog: Backlog
  wholeOf(finished: FinishedEpisode): SharedMessage
  /** Series of metrics as they are now. */
  metricsOf(names: ReadonlySet<string>, withPoints: boolean): SharedMessage | undefined
  /** The newest state update of the agent's open episode. */
  newestState(agent: string): SharedMessage | undefined
  /** Calls `use` with the newest frame that the log has of the agent; never where there is none. */
  newestPicture(agent: string, use: (shared: SharedFrame) => void): void
  forget(viewer: Newcomer): void
}

// What a program and the thread of its host say to each other.
import { type ErrorCode, RollcastError } from '../base/errors.ts'
import type { RestartLimits } from '../machines/restart-intensity.ts'
import type { CrashKind, SystemNotice } from '../protocol/thread-messages.ts'
import type { OpenReaderOptions } from '../store/open-log.ts'
import type { ActorKind, ActorName, Topology } from './topology.ts'

/** What the actors told when they were ready. */
export type HostDetail = Readonly<Partial<Record<ActorName, unknown>>>

/** Why a run cannot start, or ended badly. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** The problem as an error for those who await the run. */
export const problemError = (problem: Problem): RollcastError =>
  new RollcastError(problem.code as ErrorCode, problem.message)

/** What the host's thread is started with. */
export interface HostStart {
  readonly topology: Topology
  readonly configs: Readonly<Partial<Record<ActorKind, unknown>>>
  readonly control: SharedArrayBuffer
  /** The trainer's own figures; absent when there is no trainer. */
  readonly trainer: {
    readonly cost: SharedArrayBuffer
    readonly ingress: SharedArrayBuffer
    readonly ring: SharedArrayBuffer
    /** Undefined when nobody can watch. */
    readonly lane: SharedArrayBuffer | undefined
  } | null
  /** `performance.timeOrigin` of the trainer's thread, whose time scale the cost has. */
  readonly timeOrigin: number
  /** Null when there is no run yet. */
  readonly runDir: string | null
  /** How this process opens the log for reading. */
  readonly reader: OpenReaderOptions
  readonly closeMillisMax: number
  readonly faults: boolean
  readonly restartLimits?: RestartLimits | undefined
  readonly actorHeapMb?: number | undefined
}

export type HostMessage =
  | { readonly type: 'started'; readonly detail: HostDetail }
  | { readonly type: 'status'; readonly status: SystemNotice }
  | { readonly type: 'noted'; readonly facts: Readonly<Record<string, unknown>> }
  /** These were stopped before they had finished; its end follows. */
  | { readonly type: 'late'; readonly actors: readonly ActorName[] }
  /** A fault of the host's own: nothing is recorded any more, and its end follows. */
  | { readonly type: 'dying'; readonly message: string }
  | { readonly type: 'ended'; readonly problem: Problem | null }

/** Commands that need no shared memory: they come from programs whose event loop turns. */
export type HostRequest = {
  readonly type: 'crash'
  readonly actor: ActorName
  readonly how: CrashKind
}

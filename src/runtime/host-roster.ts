// What the host knows of each actor: who runs, what it said last, how often it was started. Plain
// bookkeeping, filled by whoever hears of an actor and read by everybody in the host.
import type { RecorderHeartbeat } from '../actors/recorder/contract.ts'
import { assert } from '../base/assert.ts'
import { origin, type Position } from '../protocol/position.ts'
import type { Quarantined, Span, Suspicion } from '../protocol/quarantine.ts'
import type { ActorStatus } from '../protocol/thread-messages.ts'
import type { PlayerHeartbeat } from '../replay/actor.ts'
import type { HostDetail } from './host-messages.ts'
import type { ActorHandle } from './spawn.ts'
import type { ActorName, ActorSpec } from './topology.ts'

export interface Member {
  readonly spec: ActorSpec
  /** Its thread or process; undefined while there is none. */
  handle: ActorHandle | undefined
  /** Threads of it that were cut off and have not ended. */
  readonly lost: Set<ActorHandle>
  state: string
  /** Why it is in a state of warning, as it says. */
  reason: string | null
  machine: string
  lag: number | null
  channels: ActorStatus['channels']
  /** What it told when it was ready last; undefined before that. */
  told: unknown
  /** What it wants its next life to know; undefined or null: nothing. */
  carried: unknown
  /** What came with its last heartbeat. */
  beat: unknown
  /** It has run in this life of its. */
  isReady: boolean
  /** When it was heard of last, monotonic milliseconds. */
  heard: number
  /** It said that a new start would meet the same error. */
  refused: boolean
  /** What it passes over, and what may be to blame for its last deaths. */
  readonly quarantined: Quarantined[]
  suspicion: Suspicion | null
  /** What it had in hand when it said that it failed. */
  over: Span | undefined
  /** Why it must not be started any more; null when it may. */
  barred: string | null
  /** Its time for finishing was over before it had finished. */
  isLate: boolean
  starts: number
  /** When it ended, monotonic milliseconds; null while it has not, or runs again. */
  diedAt: number | null
  /** How long it was away when it was last restarted, from its end until it ran. */
  awayMillis: number | null
  lastFailure: string
}

type SourceHeartbeat = Pick<RecorderHeartbeat, 'durable' | 'newest'> &
  Partial<RecorderHeartbeat & PlayerHeartbeat>

export class Roster {
  readonly #members: Map<ActorName, Member>

  constructor(specs: readonly ActorSpec[]) {
    this.#members = new Map(specs.map(spec => [spec.name, newMember(spec)]))
  }

  /** In the order of starting. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values()
  }

  add(spec: ActorSpec): void {
    assert(!this.#members.has(spec.name), `${spec.name} is there already`)
    this.#members.set(spec.name, newMember(spec))
  }

  get(name: ActorName): Member | undefined {
    return this.#members.get(name)
  }

  /** The member of that name, which the topology must have. */
  named(name: string): Member {
    const member = this.#members.get(name as ActorName)
    assert(member, `${name} is not in the topology`)
    return member
  }

  get details(): HostDetail {
    const told = [...this].filter(member => member.told !== undefined)
    return Object.fromEntries(told.map(member => [member.spec.name, member.told]))
  }

  /** What the source of the material, recorder or player, said last. */
  get sourceBeat(): SourceHeartbeat | undefined {
    const source = this.get('recorder') ?? this.get('player')
    return (source?.beat ?? undefined) as SourceHeartbeat | undefined
  }

  get durable(): Position {
    return this.sourceBeat?.durable ?? origin
  }

  /** The last event that can be read. */
  get shownSeq(): number {
    const beat = this.sourceBeat
    const shown = this.get('player') ? beat?.newest : beat?.durable
    return shown?.seq ?? 0
  }
}

function newMember(spec: ActorSpec): Member {
  return {
    spec,
    handle: undefined,
    lost: new Set(),
    state: '',
    reason: null,
    machine: '',
    lag: null,
    channels: [],
    told: undefined,
    carried: undefined,
    beat: null,
    isReady: false,
    heard: 0,
    refused: false,
    quarantined: [],
    suspicion: null,
    over: undefined,
    barred: null,
    isLate: false,
    starts: 0,
    diedAt: null,
    awayMillis: null,
    lastFailure: '',
  }
}

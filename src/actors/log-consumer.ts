// A consumer of the log that makes something of it: facts, snapshots of its state, orders to drop
// frames. They are handed to the recorder together with the cursor that they account for, so that
// after any crash each is there exactly once.
import { encodeEvent, unpackValue } from '../protocol/codec.ts'
import type { Envelope, Event } from '../protocol/events.ts'
import type { Quarantined } from '../protocol/quarantine.ts'
import type { DurableNotice, FactBatch } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import { unlessDamaged } from '../store/unless-damaged.ts'
import { FactLine } from './fact-line.ts'
import { type FollowerHandlers, LogFollower } from './log-follower.ts'
import type { ActorScope } from './run-actor.ts'

/** A cursor that accounts for no fact is committed about this often. */
const COMMIT_MILLIS = 1_000

export interface RestoredState {
  readonly state: unknown
  /** The cursor that the state is of. */
  readonly position: number
}

export class LogConsumer {
  readonly #scope: ActorScope<unknown>
  readonly #reader: LogReader
  readonly #name: string
  #facts: FactLine | undefined
  #follower: LogFollower | undefined
  #following: Promise<void> = Promise.resolve()
  #decidedSeq = 0
  #arriving = false
  #committedAt = Number.NEGATIVE_INFINITY

  /** The actor's name in `scope` is that of its facts, its snapshot and its place in the log. */
  constructor(scope: ActorScope<unknown>, reader: LogReader) {
    this.#scope = scope
    this.#reader = reader
    this.#name = scope.name
  }

  /** Events behind the log's durable end. */
  get lag(): number {
    return this.#follower?.lag ?? 0
  }

  /** Events up to here have had their facts made by an earlier life. */
  get decidedSeq(): number {
    return this.#decidedSeq
  }

  /** Resolves when what an earlier life handed in is durable. Without it no facts are made. */
  async open(): Promise<void> {
    const channel = { sizeOf: FactLine.sizeOf, redeliver: true }
    const sender = this.#scope.sender<FactBatch>(`${this.#name}.facts`, channel)
    this.#facts = new FactLine(sender, this.#name)
    this.#decidedSeq = await this.#facts.open(() => this.#reader.position(this.#name))
  }

  /** The newest snapshot; undefined when there is none, or another version's, or a damaged one. */
  restore(version: number): RestoredState | undefined {
    const snapshot = unlessDamaged(() => this.#reader.snapshot(this.#name))
    if (snapshot?.version !== version) return undefined
    return { state: unpackValue(snapshot.bytes), position: snapshot.position }
  }

  /** Hands on what follows the cursor, as it becomes durable. */
  follow(cursor: number, handlers: FollowerHandlers, onDurable = (): void => {}): void {
    const { clock, fail } = this.#scope
    const follower = new LogFollower(this.#reader, clock, cursor, handlers)
    this.#follower = follower
    this.#scope.receive<DurableNotice>(`${this.#name}.durable`, ({ seq }) => {
      follower.advanceTo(seq)
      onDurable()
    })
    // Who comes back may be told of nothing for a long time. A replay goes at its player's pace.
    if (this.#facts) follower.advanceTo(this.#reader.durable().seq)
    this.#following = follower.run().catch(fail)
  }

  /** Keeps a fact for the next commit. */
  add(fact: Event, time: number): void {
    this.#facts?.add(encodeEvent(fact, time))
  }

  /** Keeps the fact that the actor passes the event at `place` over. */
  passOver(place: Pick<Envelope, 'seq' | 'time'>, why: Quarantined): void {
    this.#facts?.addQuarantined(this.#name, place, why)
  }

  /** True when there are facts, or the cursor has not been committed for a while, or at the end. */
  mustCommit(cursor: number): boolean {
    if (this.#facts === undefined || cursor <= this.#decidedSeq) return false
    const idleMillis = this.#scope.clock.monotonic() - this.#committedAt
    return this.hasFacts || this.#arriving || idleMillis >= COMMIT_MILLIS
  }

  /** Facts are kept for the next commit. */
  get hasFacts(): boolean {
    return this.#facts?.empty === false
  }

  /**
   * Hands in the cursor, the facts that were kept and what goes with them. Resolves when there is
   * room for it in the channel.
   */
  async commit(cursor: number, beside?: Parameters<FactLine['handIn']>[1]): Promise<void> {
    this.#committedAt = this.#scope.clock.monotonic()
    await this.#facts?.handIn(cursor, beside)
  }

  /** Apart from the facts: a snapshot may come where there is no new fact, and replaces others. */
  async commitSnapshot(snapshot: Omit<FactBatch['snapshot'] & {}, 'name'>): Promise<void> {
    await this.#facts?.handInSnapshot({ name: this.#name, ...snapshot })
  }

  /** Resolves when every event up to `seq` has been handled. */
  async arriveAt(seq: number): Promise<void> {
    this.#arriving = true
    this.#follower?.advanceTo(seq)
    await this.#follower?.arriveAt(seq)
  }

  /** Handles all that is durable now too: those who ended before may have said something last. */
  arriveAtEnd(): Promise<void> {
    return this.arriveAt(this.#reader.durable().seq)
  }

  /** Hands on no further event. Resolves when the one in hand has been handled. */
  async stop(): Promise<void> {
    this.#follower?.stop()
    await this.#following
  }

  /** Resolves when everything that was handed in is durable. */
  async close(): Promise<void> {
    await this.#facts?.close()
  }
}

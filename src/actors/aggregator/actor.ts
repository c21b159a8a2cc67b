// The aggregator: follows the log, folds it, hands facts and index rows back to the recorder and
// projections to the broadcaster. Restarts from its last snapshot and the log's tail; what it had
// already handed in is not handed in twice, because facts carry the cursor that they account for.

import { MIB } from '../../base/bytes.ts'
import { crc32 } from '../../base/checksum.ts'
import { aggregatorMachine } from '../../machines/aggregator.machine.ts'
import { encodeEvent, packValue, unpackValue } from '../../protocol/codec.ts'
import type { Envelope, EpisodeReleased } from '../../protocol/events.ts'
import type { FrameDrop } from '../../protocol/frame-drop.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { DurableNotice, FactBatch, ProjectionNotice } from '../../protocol/thread-messages.ts'
import type { LogReader } from '../../store/event-log.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import { unlessDamaged } from '../../store/unless-damaged.ts'
import { FactLine } from '../fact-line.ts'
import { LogFollower } from '../log-follower.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../run-actor.ts'
import { releaseFact } from './keep.ts'
import {
  type AggregatorState,
  aggregatorVersion,
  decide,
  emptyState,
  evolve,
  noChanges,
  projectionOf,
  restoreState,
} from './logic.ts'

export interface AggregatorConfig {
  readonly runDir: string
  /** How to open the log: a process that writes it must not open its file a second time. */
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  /** `record`: facts go to the recorder. `replay`: from the first event on, and facts are not made. */
  readonly task: 'record' | 'replay'
}

export const PRODUCER = 'aggregator'
const PROJECTION_MILLIS = 100
const SNAPSHOT_MILLIS = 5_000

/** As `aggregator`, with another way to the log. */
export const aggregatorOver = (openReader: OpenReader): ActorDefinition<AggregatorConfig> => ({
  machine: aggregatorMachine,
  create: scope => new Aggregator(scope, openReader(scope.config.runDir, scope.config.reader)),
})

export const aggregator = aggregatorOver(openLogReader)

class Aggregator implements ActorInstance {
  readonly #scope: ActorScope<AggregatorConfig>
  readonly #reader: LogReader
  #state: AggregatorState = emptyState()
  #follower: LogFollower | undefined
  #facts: FactLine | undefined
  #changes = noChanges()
  /** Frames of episodes that are given up. */
  readonly #drops: FrameDrop[] = []
  /** Metrics that changed since the last projection went out. */
  readonly #changedMetrics = new Set<string>()
  #projected = 0
  #snapshotAt = 0
  #drainSeq = 0
  /** Events up to here have had their facts made by an earlier life. */
  #decidedSeq = 0

  constructor(scope: ActorScope<AggregatorConfig>, reader: LogReader) {
    this.#scope = scope
    this.#reader = reader
  }

  readonly commands = {
    restore: () => ({ type: this.#restore() ? 'snapshotRestored' : 'snapshotRejected' }),
    fold: () => this.#fold(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#follower?.lag ?? 0
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  #restore(): boolean {
    if (this.#scope.config.task === 'replay') return false
    const snapshot = unlessDamaged(() => this.#reader.snapshot(PRODUCER))
    if (snapshot?.version !== aggregatorVersion) return false
    this.#state = restoreState(unpackValue(snapshot.bytes) as AggregatorState)
    return true
  }

  async #fold(): Promise<{ type: 'recovered' }> {
    if (this.#scope.config.task === 'record') {
      const channel = { sizeOf: FactLine.sizeOf, redeliver: true }
      const sender = this.#scope.sender<FactBatch>('aggregator.facts', channel)
      this.#facts = new FactLine(sender, PRODUCER)
      this.#decidedSeq = await this.#facts.open(() => this.#reader.position(PRODUCER))
      const unused = noChanges()
      const range = { fromSeq: this.#state.seq + 1, toSeq: this.#decidedSeq }
      for (const envelope of this.#reader.events(range)) {
        if (this.#scope.handling(envelope.seq)) this.#state.seq = envelope.seq
        else evolve(this.#state, envelope, unused)
      }
      this.#scope.handled()
    }
    return { type: 'recovered' }
  }

  #run(): undefined {
    const { clock } = this.#scope
    const projections = this.#scope.sends.includes('aggregator.projection')
      ? this.#scope.sender<ProjectionNotice>('aggregator.projection', {
          sizeOf: () => MIB / 4,
          keyOf: () => 'projection',
        })
      : undefined
    this.#follower = new LogFollower(this.#reader, clock, this.#state.seq, {
      hand: this.#scope,
      onEvent: envelope => this.#take(envelope),
      onPoison: (envelope, why) => this.#passOver(envelope, why),
      onSlice: cursor => this.#handIn(cursor),
    })
    this.#scope.receive<DurableNotice>('aggregator.durable', notice => {
      this.#follower?.advanceTo(notice.seq)
    })
    // Who comes back may be told of nothing for a long time. A replay goes at its player's pace.
    if (this.#facts) this.#follower.advanceTo(this.#reader.durable().seq)
    const project = (): void => {
      if (this.#state.seq !== this.#projected) {
        this.#projected = this.#state.seq
        const changedMetrics = [...this.#changedMetrics]
        this.#changedMetrics.clear()
        projections?.offer({ projection: projectionOf(this.#state), changedMetrics })
      }
      clock.schedule(PROJECTION_MILLIS, project)
    }
    project()
    void this.#follower.run().catch(this.#scope.fail)
    return undefined
  }

  #take(envelope: Envelope): void | Promise<void> {
    const facts =
      this.#facts && envelope.seq > this.#decidedSeq ? decide(this.#state, envelope) : []
    evolve(this.#state, envelope, this.#changes)
    for (const fact of [...facts, ...this.#giveUp()]) {
      this.#facts?.add(encodeEvent(fact, envelope.time))
    }
  }

  /** Fact, row and the order to drop the frames are handed in together. */
  #giveUp(): EpisodeReleased[] {
    const { givenUp, rows } = this.#changes
    return givenUp.splice(0).map(release => {
      const fact = releaseFact(release)
      const { episode, fromSeq, toSeq, reason } = fact
      rows.push({ ...release.row, released: reason })
      if (fact.frames > 0) this.#drops.push({ episode, fromSeq, toSeq })
      return fact
    })
  }

  /** The state is as if the event had not been; the same in a replay, which meets it as well. */
  #passOver(envelope: Envelope, why: Quarantined): void {
    this.#state.seq = envelope.seq
    if (envelope.seq <= this.#decidedSeq) return
    this.#facts?.addQuarantined(PRODUCER, envelope, why)
  }

  async #handIn(cursor: number): Promise<void> {
    for (const name of this.#changes.metrics) this.#changedMetrics.add(name)
    // Of an episode that ended and was given up the last one counts.
    const changed = new Map(this.#changes.rows.map(row => [row.episode, row]))
    const rows = [...changed].map(([episode, row]) => ({ episode, bytes: packValue(row) }))
    const drops = this.#drops.splice(0)
    this.#changes = noChanges()
    if (this.#facts === undefined || cursor <= this.#decidedSeq) return
    const now = this.#scope.clock.monotonic()
    const due = now - this.#snapshotAt >= SNAPSHOT_MILLIS
    if (due || rows.length > 0 || !this.#facts.empty) {
      await this.#facts.handIn(cursor, { rows, ...(drops.length > 0 ? { drops } : {}) })
    }
    if (due) await this.#handInSnapshot(this.#facts, now)
  }

  async #handInSnapshot(facts: FactLine, now: number): Promise<void> {
    this.#snapshotAt = now
    await facts.handInSnapshot({
      name: PRODUCER,
      version: aggregatorVersion,
      position: this.#state.seq,
      bytes: packValue(this.#state),
    })
  }

  async #drain(): Promise<undefined> {
    const seq = this.#drainSeq
    this.#follower?.advanceTo(seq)
    await this.#follower?.arriveAt(seq)
    this.#follower?.stop()
    const { seq: last } = this.#state
    this.#scope.note({ folded: { seq: last, crc: crc32(packValue(this.#state)) } })
    if (this.#facts) {
      // The end of the run is a good place to start from again.
      await this.#handInSnapshot(this.#facts, this.#scope.clock.monotonic())
      await this.#facts.close()
    }
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#follower?.stop()
    await this.#reader.close()
    return undefined
  }
}

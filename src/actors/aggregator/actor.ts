// The aggregator: follows the log, folds it, hands facts and index rows back to the recorder and
// projections to the broadcaster. Restarts from its last snapshot and the log's tail; what it had
// already handed in is not handed in twice, because facts carry the cursor that they account for.

import { MIB } from '../../base/bytes.ts'
import { crc32 } from '../../base/checksum.ts'
import { aggregatorMachine } from '../../machines/aggregator.machine.ts'
import { packValue } from '../../protocol/codec.ts'
import type { Envelope, EpisodeReleased } from '../../protocol/events.ts'
import type { FrameDrop } from '../../protocol/frame-drop.ts'
import type { Quarantined } from '../../protocol/quarantine.ts'
import type { ProjectionNotice } from '../../protocol/thread-messages.ts'
import type { LogReader } from '../../store/event-log.ts'
import { type OpenReader, openLogReader } from '../../store/open-log.ts'
import { LogConsumer } from '../log-consumer.ts'
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
  readonly #consumer: LogConsumer
  #state: AggregatorState = emptyState()
  #changes = noChanges()
  /** Frames of episodes that are given up. */
  readonly #drops: FrameDrop[] = []
  /** Metrics that changed since the last projection went out. */
  readonly #changedMetrics = new Set<string>()
  #projected = 0
  #snapshotAt = 0
  #drainSeq = 0

  constructor(scope: ActorScope<AggregatorConfig>, reader: LogReader) {
    this.#scope = scope
    this.#reader = reader
    this.#consumer = new LogConsumer(scope, reader)
  }

  readonly commands = {
    restore: () => ({ type: this.#restore() ? 'snapshotRestored' : 'snapshotRejected' }),
    fold: () => this.#fold(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#consumer.lag
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  get #recording(): boolean {
    return this.#scope.config.task === 'record'
  }

  #restore(): boolean {
    const restored = this.#recording ? this.#consumer.restore(aggregatorVersion) : undefined
    if (restored === undefined) return false
    this.#state = restoreState(restored.state as AggregatorState)
    return true
  }

  async #fold(): Promise<{ type: 'recovered' }> {
    if (this.#recording) {
      await this.#consumer.open()
      const unused = noChanges()
      const range = { fromSeq: this.#state.seq + 1, toSeq: this.#consumer.decidedSeq }
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
    this.#consumer.follow(this.#state.seq, {
      hand: this.#scope,
      onEvent: envelope => this.#take(envelope),
      onPoison: (envelope, why) => this.#passOver(envelope, why),
      onSlice: cursor => this.#handIn(cursor),
    })
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
    return undefined
  }

  #take(envelope: Envelope): void {
    const isDecided = !this.#recording || envelope.seq <= this.#consumer.decidedSeq
    const facts = isDecided ? [] : decide(this.#state, envelope)
    evolve(this.#state, envelope, this.#changes)
    for (const fact of [...facts, ...this.#giveUp()]) this.#consumer.add(fact, envelope.time)
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
    if (envelope.seq > this.#consumer.decidedSeq) this.#consumer.passOver(envelope, why)
  }

  async #handIn(cursor: number): Promise<void> {
    for (const name of this.#changes.metrics) this.#changedMetrics.add(name)
    // Of an episode that ended and was given up the last one counts.
    const changed = new Map(this.#changes.rows.map(row => [row.episode, row]))
    const rows = [...changed].map(([episode, row]) => ({ episode, bytes: packValue(row) }))
    const drops = this.#drops.splice(0)
    this.#changes = noChanges()
    if (!this.#recording || cursor <= this.#consumer.decidedSeq) return
    if (rows.length > 0 || this.#consumer.mustCommit(cursor)) {
      await this.#consumer.commit(cursor, { rows, ...(drops.length > 0 ? { drops } : {}) })
    }
    const now = this.#scope.clock.monotonic()
    if (now - this.#snapshotAt >= SNAPSHOT_MILLIS) await this.#commitSnapshot(now)
  }

  async #commitSnapshot(now: number): Promise<void> {
    this.#snapshotAt = now
    await this.#consumer.commitSnapshot({
      version: aggregatorVersion,
      position: this.#state.seq,
      bytes: packValue(this.#state),
    })
  }

  async #drain(): Promise<undefined> {
    await this.#consumer.arriveAt(this.#drainSeq)
    this.#consumer.stop()
    const { seq: last } = this.#state
    this.#scope.note({ folded: { seq: last, crc: crc32(packValue(this.#state)) } })
    // The end of the run is a good place to start from again.
    if (this.#recording) await this.#commitSnapshot(this.#scope.clock.monotonic())
    await this.#consumer.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#consumer.stop()
    await this.#reader.close()
    return undefined
  }
}

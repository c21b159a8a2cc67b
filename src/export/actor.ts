// Makes the dataset while the run is recorded: a lossless cursor on the log that adds each episode
// when it has ended, the aggregator has its row and the encoders have closed its accounts. What it
// has said of an episode is in the log, once; what it has not is still owed, whoever dies in
// between: adding an episode again does nothing. It waits for a dataset that another process writes
// and for a disk without room; the log holds what it owes meanwhile.
import { FactLine } from '../actors/fact-line.ts'
import { LogFollower } from '../actors/log-follower.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../actors/run-actor.ts'
import { datasetMachine } from '../machines/dataset.machine.ts'
import { loadMedia } from '../media/ffmpeg.ts'
import { encodeEvent, packValue, unpackValue } from '../protocol/codec.ts'
import type { DurableNotice, FactBatch } from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import { openLogReader } from '../store/open-log.ts'
import { unlessDamaged } from '../store/unless-damaged.ts'
import { makeDirectory } from './dataset-place.ts'
import {
  type FinishedState,
  finishedTypes,
  finishedVersion,
  noneFinished,
  settle,
  takeIn,
} from './finished-episodes.ts'
import type { DatasetConfig, Verdict } from './live-dataset.ts'
import { Saver } from './saver.ts'

const PRODUCER = 'dataset'
/** The cursor is committed when an episode was settled, and otherwise about this often. */
const COMMIT_MILLIS = 1_000

export const dataset: ActorDefinition<DatasetConfig> = {
  machine: datasetMachine,
  create: scope => new DatasetActor(scope),
}

class DatasetActor implements ActorInstance {
  readonly #scope: ActorScope<DatasetConfig>
  readonly #reader: LogReader
  readonly #saver: Saver
  #state: FinishedState = noneFinished()
  #follower: LogFollower | undefined
  #facts: FactLine | undefined
  #working: Promise<void> = Promise.resolve()
  #cursor = 0
  /** Events up to here have had their facts made by an earlier life. */
  #decidedSeq = 0
  /** What earlier lives have said of episodes stands in the log up to here. */
  #toldSeq = 0
  #committedAt = 0
  #drainSeq = 0
  #draining = false
  #saved = 0
  #refused = 0

  constructor(scope: ActorScope<DatasetConfig>) {
    this.#scope = scope
    this.#reader = openLogReader(scope.config.runDir, scope.config.reader)
    this.#saver = new Saver(scope, this.#reader, {
      onVerdict: verdict => this.#conclude(verdict),
      onPoison: (finished, why) => this.#facts?.addQuarantined(PRODUCER, finished, why),
    })
  }

  readonly commands = {
    open: () => this.#open(),
    recover: () => this.#recover(),
    run: () => this.#run(),
    drain: () => this.#drain(),
    close: () => this.#close(),
  }

  lag(): number {
    return this.#follower?.lag ?? 0
  }

  /** Episodes since the actor started, and those that are owed. */
  heartbeat(): { saved: number; refused: number; owed: number; hindrance: string | null } {
    const owed = this.#state.finished.length
    const { hindrance } = this.#saver
    return { saved: this.#saved, refused: this.#refused, owed, hindrance }
  }

  drainTo(seq: number): void {
    this.#drainSeq = seq
  }

  /** What would never work is said before anything is recorded; later it is waited for. */
  #open(): undefined {
    const { config, restarts } = this.#scope
    if (config.video) loadMedia()
    if (restarts === 0) makeDirectory(config.dir)
    return undefined
  }

  async #recover(): Promise<undefined> {
    const channel = { sizeOf: FactLine.sizeOf, redeliver: true }
    const sender = this.#scope.sender<FactBatch>('dataset.facts', channel)
    this.#facts = new FactLine(sender, PRODUCER)
    this.#decidedSeq = await this.#facts.open(() => this.#reader.position(PRODUCER))
    this.#toldSeq = this.#reader.durable().seq
    const snapshot = unlessDamaged(() => this.#reader.snapshot(PRODUCER))
    if (snapshot?.version !== finishedVersion) return undefined
    this.#state = unpackValue(snapshot.bytes) as FinishedState
    this.#cursor = snapshot.position
    return undefined
  }

  #run(): undefined {
    const { clock } = this.#scope
    this.#follower = new LogFollower(this.#reader, clock, this.#cursor, {
      types: finishedTypes,
      onEvent: envelope => takeIn(this.#state, envelope),
      onSlice: cursor => this.#afterSlice(cursor),
    })
    this.#scope.receive<DurableNotice>('dataset.durable', notice => {
      this.#follower?.advanceTo(notice.seq)
    })
    // Who comes back may be told of nothing for a long time.
    this.#follower.advanceTo(this.#reader.durable().seq)
    this.#working = this.#follower.run().catch(this.#scope.fail)
    return undefined
  }

  async #afterSlice(cursor: number): Promise<void> {
    if (cursor <= this.#decidedSeq) return
    if (cursor >= this.#toldSeq) await this.#saver.save(this.#state)
    if (this.#saver.isStopped && this.#facts?.empty) return
    const now = this.#scope.clock.monotonic()
    const isDue = this.#draining || now - this.#committedAt >= COMMIT_MILLIS
    if (this.#facts?.empty && !isDue) return
    this.#committedAt = now
    const bytes = packValue(this.#state)
    const snapshot = { name: PRODUCER, version: finishedVersion, position: cursor, bytes }
    await this.#facts?.handIn(cursor, { snapshot })
  }

  /** Keeps the fact for the next commit of the cursor. */
  #conclude(verdict: Verdict): void {
    const { episode } = verdict
    const finished = this.#state.finished.find(known => known.episode === episode)
    if (finished === undefined) return
    settle(this.#state, episode)
    if (verdict.outcome === 'passed over') return
    const place = { agent: finished.agent, episode }
    const time = this.#scope.clock.now()
    if (verdict.outcome === 'refused') {
      this.#refused++
      const { reason } = verdict
      this.#facts?.add(encodeEvent({ type: 'episode_refused', ...place, reason }, time))
    } else {
      this.#saved++
      const { datasetEpisode, rows } = verdict
      this.#facts?.add(encodeEvent({ type: 'episode_saved', ...place, datasetEpisode, rows }, time))
    }
  }

  async #drain(): Promise<undefined> {
    // All others have stopped: who has not said something yet will not say it in this run.
    this.#draining = true
    this.#saver.waitNoMore()
    for (const seq of [this.#drainSeq, this.#reader.durable().seq]) {
      this.#follower?.advanceTo(seq)
      await this.#follower?.arriveAt(seq)
    }
    this.#follower?.stop()
    await this.#working
    await this.#saver.finish()
    await this.#facts?.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#saver.stop()
    this.#follower?.stop()
    await this.#working
    await this.#saver.close()
    await this.#reader.close()
    return undefined
  }
}

// Makes the dataset while the run is recorded: a lossless cursor on the log that adds each episode
// when it has ended, the aggregator has its row and the encoders have closed its accounts. What it
// has said of an episode is in the log, once; what it has not is still owed, whoever dies in
// between: adding an episode again does nothing. It waits for a dataset that another process writes
// and for a disk without room; the log holds what it owes meanwhile.
import { LogConsumer } from '../actors/log-consumer.ts'
import type { ActorDefinition, ActorInstance, ActorScope } from '../actors/run-actor.ts'
import { datasetMachine } from '../machines/dataset.machine.ts'
import { loadMedia } from '../media/ffmpeg.ts'
import { packValue } from '../protocol/codec.ts'
import type { Envelope } from '../protocol/events.ts'
import type { Quarantined } from '../protocol/quarantine.ts'
import type { LogReader } from '../store/event-log.ts'
import { openLogReader } from '../store/open-log.ts'
import { makeDirectory } from './dataset-place.ts'
import {
  type FinishedState,
  finishedTypes,
  finishedVersion,
  noneFinished,
  settle,
  spoil,
  takeIn,
} from './finished-episodes.ts'
import type { DatasetConfig, Verdict } from './live-dataset.ts'
import { Saver, savingFailed } from './saver.ts'

export const dataset: ActorDefinition<DatasetConfig> = {
  machine: datasetMachine,
  create: scope => new DatasetActor(scope),
}

class DatasetActor implements ActorInstance {
  readonly #scope: ActorScope<DatasetConfig>
  readonly #reader: LogReader
  readonly #consumer: LogConsumer
  readonly #saver: Saver
  #state: FinishedState = noneFinished()
  #cursor = 0
  /** What earlier lives have said of episodes stands in the log up to here. */
  #toldSeq = 0
  #drainSeq = 0
  #saved = 0
  #refused = 0
  #finishing: Promise<void> = Promise.resolve()

  constructor(scope: ActorScope<DatasetConfig>) {
    this.#scope = scope
    this.#reader = openLogReader(scope.config.runDir, scope.config.reader)
    this.#consumer = new LogConsumer(scope, this.#reader)
    this.#saver = new Saver(scope, this.#reader, {
      onVerdict: verdict => this.#conclude(verdict),
      onPoison: (finished, why) => this.#consumer.passOver(finished, why),
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
    return this.#consumer.lag
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
    await this.#consumer.open()
    this.#toldSeq = this.#reader.durable().seq
    const restored = this.#consumer.restore(finishedVersion)
    if (restored === undefined) return undefined
    this.#state = restored.state as FinishedState
    this.#cursor = restored.position
    return undefined
  }

  #run(): undefined {
    this.#consumer.follow(this.#cursor, {
      types: finishedTypes,
      hand: this.#scope,
      onEvent: envelope => takeIn(this.#state, envelope),
      onPoison: (envelope, why) => this.#passOver(envelope, why),
      onSlice: cursor => this.#afterSlice(cursor),
    })
    return undefined
  }

  async #afterSlice(cursor: number): Promise<void> {
    if (cursor <= this.#consumer.decidedSeq) return
    if (cursor >= this.#toldSeq) await this.#saver.save(this.#state, cursor)
    const isCutShort = this.#saver.isStopped && !this.#consumer.hasFacts
    if (isCutShort || !this.#consumer.mustCommit(cursor)) return
    const { name } = this.#scope
    const bytes = packValue(this.#state)
    const snapshot = { name, version: finishedVersion, position: cursor, bytes }
    await this.#consumer.commit(cursor, { snapshot, isAwaited: this.#consumer.hasFacts })
  }

  /** Also the end of an episode that is deadly to save: it is in hand then, and read again. */
  #passOver(envelope: Envelope, why: Quarantined): void {
    spoil(this.#state, envelope, savingFailed(why))
    if (envelope.seq > this.#consumer.decidedSeq) this.#consumer.passOver(envelope, why)
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
      this.#consumer.add({ type: 'episode_refused', ...place, reason }, time)
      this.#scope.note({ refused: `episode ${episode} of agent ${finished.agent}: ${reason}` })
    } else {
      this.#saved++
      const { datasetEpisode, rows } = verdict
      this.#consumer.add({ type: 'episode_saved', ...place, datasetEpisode, rows }, time)
    }
  }

  async #drain(): Promise<undefined> {
    // All others have stopped: who has not said something yet will not say it in this run.
    this.#saver.waitNoMore()
    await this.#consumer.arriveAt(this.#drainSeq)
    await this.#consumer.arriveAtEnd()
    await this.#consumer.stop()
    this.#finishing = this.#saver.finish()
    await this.#finishing
    await this.#consumer.close()
    return undefined
  }

  async #close(): Promise<undefined> {
    this.#saver.stop()
    await this.#consumer.stop()
    await Promise.allSettled([this.#finishing])
    await this.#saver.close()
    await this.#reader.close()
    return undefined
  }
}

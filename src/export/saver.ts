// Saves what is owed to the dataset: in order, as far as it is ready, and again and again while what
// is in the way may go away. Who dies over an episode is told to pass it over.
import type { ActorScope } from '../actors/run-actor.ts'
import { describeError, type ErrorCode, RollcastError } from '../base/errors.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { Quarantined } from '../protocol/quarantine.ts'
import type { LogReader } from '../store/event-log.ts'
import { accountOf, type Finished, type FinishedState } from './finished-episodes.ts'
import { LastWords } from './last-words.ts'
import {
  type DatasetConfig,
  type KnownOfEpisode,
  LiveDataset,
  type Verdict,
} from './live-dataset.ts'
import { Tidying } from './tidying.ts'

/** While the dataset cannot be written, it is tried this often. */
const RETRY_MILLIS = 1_000
/** How often the index is looked at for the row of an episode that has ended. */
const LOOK_FOR_ROW_MILLIS = 5

/** Errors that are the dataset's, and go away: any other is the fault of the episode in hand. */
const waitedFor: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['LOG_LOCKED', 'OUT_OF_ORDER', 'DISK_FULL', 'CANNOT_CREATE', 'UNAVAILABLE'] as const),
])

export interface SaverEvents {
  /** What became of an episode, durably; no more is owed of it. */
  readonly onVerdict: (verdict: Verdict) => void
  /** An episode is refused because the actor died of it each time. */
  readonly onPoison: (finished: Finished, why: Quarantined) => void
}

/** Why an episode is refused over which the actor died each time. */
export const savingFailed = ({ error }: Quarantined): string => `saving it failed: ${error}`

export class Saver {
  readonly #scope: ActorScope<DatasetConfig>
  readonly #reader: LogReader
  readonly #onPoison: SaverEvents['onPoison']
  readonly #live: LiveDataset
  readonly #lastWords: LastWords
  readonly #tidying: Tidying
  readonly #stopping = new AbortController()
  #wake = (): void => {}
  #isLast = false
  /** One episode in each commit: one of them may be to blame for what went wrong. */
  #careful: boolean
  #hindrance: string | null = null

  constructor(
    scope: ActorScope<DatasetConfig>,
    reader: LogReader,
    { onVerdict, onPoison }: SaverEvents,
  ) {
    const { config, clock, suspect, restarts } = scope
    this.#scope = scope
    this.#reader = reader
    this.#onPoison = onPoison
    this.#careful = suspect !== undefined
    this.#lastWords = new LastWords(reader)
    const { signal } = this.#stopping
    this.#tidying = new Tidying(clock, () => this.#tidy())
    this.#live = new LiveDataset(config, {
      ...{ reader, clock, signal },
      onVerdict: verdict => {
        // Who died may have died of that: the next episodes join what was left, and are to blame.
        if (restarts === 0) this.#tidying.soon()
        onVerdict(verdict)
      },
    })
  }

  /** Why nothing can be written; null while it can. */
  get hindrance(): string | null {
    return this.#hindrance
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Nobody else will say any more, and nothing is waited for. */
  waitNoMore(): void {
    this.#isLast = true
    this.#wake()
  }

  /** Ends `save` soon; what is not saved is still owed. */
  stop(): void {
    this.#stopping.abort()
    this.#wake()
  }

  /** Saves all that are ready; `state` is the fold of the events up to `cursor`. */
  async save(state: FinishedState, cursor: number): Promise<void> {
    if (state.finished.length > 0) await this.#tidying.pause()
    for (;;) {
      try {
        await this.#saveReady(state, cursor)
        await this.#live.commit()
        this.#scope.handled()
        this.#careful = false
        return this.#tellHindrance(undefined)
      } catch (error) {
        this.#live.reset()
        if (this.isStopped) return
        if (!(error instanceof RollcastError)) throw error
        this.#scope.handled()
        const wasCareful = this.#careful
        this.#careful = true
        // Each of them alone will show who is to blame.
        if (!wasCareful && !waitedFor.has(error.code)) continue
        this.#tellHindrance(error)
        // The log holds what is owed; the next run goes on with it.
        if (this.#isLast) return
        await this.#pause(RETRY_MILLIS)
      }
    }
  }

  /** Joins files when the run is over. A dataset whose files were not joined is whole too. */
  async finish(): Promise<void> {
    await this.#tidying.pause()
    if (this.isStopped) return
    try {
      await this.#live.finish()
    } catch (error) {
      if (!(error instanceof RollcastError)) throw error
      this.#tellHindrance(error)
    }
  }

  async close(): Promise<void> {
    await this.#tidying.pause()
    await this.#live.close()
  }

  async #tidy(): Promise<void> {
    try {
      await this.#live.tidy()
    } catch (error) {
      this.#live.reset()
      // The next episode meets what is in the way, and that is told.
      if (!(error instanceof RollcastError)) this.#scope.fail(error)
    }
  }

  /** In the order of their ends: who is not ready holds up those behind. */
  async #saveReady(state: FinishedState, cursor: number): Promise<void> {
    let first: Finished | undefined
    for (const finished of [...state.finished]) {
      const { seq, episode, previous } = finished
      const { owed, videos, spoilt = finished.spoilt } = accountOf(state, finished)
      if (spoilt !== undefined) {
        this.#live.refuse(episode, spoilt)
        continue
      }
      const row = await this.#rowOf(finished)
      if (row === 'awaited' || this.isStopped) return
      if (row === 'missing') {
        this.#live.refuse(episode, 'it is not in the index of episodes')
        continue
      }
      if (owed < row.frames && !this.#lastWords.areSpoken(seq, cursor)) return
      first = this.#careful ? finished : (first ?? finished)
      const why = this.#scope.handling(first.seq, seq + 1)
      if (why) {
        this.#onPoison(finished, why)
        this.#live.refuse(episode, savingFailed(why))
      } else if (this.#careful) await this.#saveAlone(finished, row, { previous, owed, videos })
      else await this.#live.add(row, { previous, owed, videos })
      // Between two episodes the host hears that it lives.
      await this.#scope.clock.turn()
    }
  }

  /** What is wrong with an episode costs no other. */
  async #saveAlone({ episode }: Finished, row: EpisodeRow, known: KnownOfEpisode): Promise<void> {
    try {
      await this.#live.add(row, known)
      await this.#live.commit()
    } catch (error) {
      if (!(error instanceof RollcastError) || waitedFor.has(error.code)) throw error
      this.#live.reset()
      this.#live.refuse(episode, describeError(error))
    }
  }

  /** Its row, which is awaited as long as the aggregator may have to say it. */
  async #rowOf({ episode, seq }: Finished): Promise<EpisodeRow | 'awaited' | 'missing'> {
    for (;;) {
      // Both come in one transaction: asked in this order, no row is missed.
      const isBehind = (this.#reader.position('aggregator') ?? 0) < seq
      const row = this.#live.rowOf(episode)
      if (row || !isBehind) return row ?? 'missing'
      if (this.#isLast || this.isStopped) return 'awaited'
      await this.#pause(LOOK_FOR_ROW_MILLIS)
    }
  }

  #tellHindrance(error: RollcastError | undefined): void {
    const reason = error?.message ?? null
    if (reason === this.#hindrance) return
    this.#hindrance = reason
    let type = 'freed'
    if (error) type = error.code === 'LOG_LOCKED' ? 'lockedOut' : 'hindered'
    this.#scope.send({ type, reason } as { type: string })
  }

  /** Ends early when no more is waited for. */
  #pause(millis: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = this.#scope.clock.schedule(millis, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}

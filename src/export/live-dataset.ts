// The dataset of a run that goes on: which of its episodes come into it, and why others do not. It is
// locked and opened when the first one does, and opened again after every error of the disk.
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { loadMedia } from '../media/ffmpeg.ts'
import type { VideoProfile } from '../media/profiles.ts'
import { unpackValue } from '../protocol/codec.ts'
import { matches } from '../protocol/predicate/evaluate.ts'
import { parsePredicate } from '../protocol/predicate/parse.ts'
import type { Predicate } from '../protocol/predicate/syntax.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'
import type { LogLock } from '../store/lock.ts'
import { FPS_DEFAULT } from './camera-video.ts'
import { lockDataset } from './dataset-lock.ts'
import { describedIn, makeDirectory } from './dataset-place.ts'
import { type EpisodeAdder, openAdder, orRefused, type Told } from './episode-adder.ts'
import { checkLength, describeEpisode } from './episode-of.ts'
import { videoFacts } from './recorded-videos.ts'

export interface DatasetConfig {
  readonly runDir: string
  /** How to open the log: a process that writes it must not open its file a second time. */
  readonly reader: { readonly check: boolean; readonly readOnly: boolean }
  /** The dataset's directory. */
  readonly dir: string
  readonly task?: string | undefined
  readonly fps?: number | undefined
  /** A predicate that was checked, and asks for no ranks. */
  readonly where?: string | undefined
  /** As the run makes video; undefined when it makes none. */
  readonly video?: { readonly profile: VideoProfile; readonly fps: number } | undefined
}

/** What became of an episode; one that is passed over was not wanted. */
export type Verdict = Told | { readonly episode: number; readonly outcome: 'passed over' }

/** What the log says of an episode beside its row. */
export interface KnownOfEpisode {
  /** Its agent's episode before it that was not discarded; null when there is none. */
  readonly previous: number | null
  /** Its frames that are in the log, of all cameras. */
  readonly owed: number
  /** The events that tell of its videos. */
  readonly videos: readonly number[]
}

export interface LiveDatasetScope {
  readonly reader: LogReader
  readonly clock: Clock
  /** Ends encoding. */
  readonly signal: AbortSignal
  /** Told once for each episode that was added; durable by then. */
  readonly onVerdict: (verdict: Verdict) => void
}

export class LiveDataset {
  readonly #config: DatasetConfig
  readonly #scope: LiveDatasetScope
  readonly #where: Predicate
  #lock: LogLock | undefined
  #adder: EpisodeAdder | undefined

  constructor(config: DatasetConfig, scope: LiveDatasetScope) {
    this.#config = config
    this.#scope = scope
    this.#where = config.where === undefined ? { kind: 'all' } : parsePredicate(config.where)
  }

  /** The row of the index; undefined while there is none. */
  rowOf(episode: number): EpisodeRow | undefined {
    const bytes = this.#scope.reader.episodeRow(episode)
    return bytes && (unpackValue(bytes) as EpisodeRow)
  }

  /**
   * Takes the episode of `row`, if it is wanted and all of it is in the log.
   * LOG_LOCKED while another process writes the dataset, and errors of its disk: after `reset` it
   * may be tried again.
   */
  async add(row: EpisodeRow, { previous, owed, videos }: KnownOfEpisode): Promise<void> {
    const { episode, frames } = row
    if (!this.#isWanted(row, previous)) return this.#tell({ episode, outcome: 'passed over' })
    if (owed < frames) {
      return this.refuse(episode, `${owed} of ${frames} frames are in the log: frames were lost`)
    }
    const done = await orRefused(async () => {
      this.#checkVideo(row)
      const adder = await this.#opened(row)
      await adder.add(row, () => videoFacts(this.#scope.reader, videos))
    })
    if (done instanceof RollcastError) {
      this.refuse(episode, done.message)
    }
  }

  /** Makes durable what was taken. */
  async commit(): Promise<void> {
    await this.#adder?.commit()
  }

  /** Joins what was left for later: nobody waits for it. */
  async tidy(): Promise<void> {
    await this.#adder?.tidy()
  }

  /** Joins the last files, when the run is over. */
  async finish(): Promise<void> {
    await this.#adder?.finish()
  }

  /** Says that the episode cannot be in the dataset. */
  refuse(episode: number, reason: string): void {
    this.#tell({ episode, outcome: 'refused', reason })
  }

  /** After an error: what was taken and not told has to be taken again. */
  reset(): void {
    this.#adder?.close()
    this.#adder = undefined
  }

  async close(): Promise<void> {
    this.reset()
    await this.#lock?.release()
    this.#lock = undefined
  }

  #isWanted(row: EpisodeRow, previous: number | null): boolean {
    if (row.released) return false
    const before = previous === null ? undefined : this.rowOf(previous)
    return matches(this.#where, { row, previous: before, better: 0, worse: 0 })
  }

  #checkVideo({ frames }: EpisodeRow): void {
    if (frames === 0 || this.#config.video) return
    const message = `expected a video of its ${frames} frames, found a run without the option video`
    throw new RollcastError('BAD_INPUT', message)
  }

  /** Its material may have been given up while it was read. */
  #tell(verdict: Verdict): void {
    const { episode, outcome } = verdict
    const isGone = outcome === 'refused' && this.rowOf(episode)?.released
    this.#scope.onVerdict(isGone ? { episode, outcome: 'passed over' } : verdict)
  }

  /** A dataset that is begun holds what the episode of `row` holds. */
  async #opened(row: EpisodeRow): Promise<EpisodeAdder> {
    if (this.#adder) return this.#adder
    const { runDir, dir: root, fps, task, video } = this.#config
    const { reader, clock, signal } = this.#scope
    makeDirectory(root)
    this.#lock ??= await lockDataset(root, clock.now())
    let description = describedIn(root, fps)
    if (description === undefined) {
      checkLength(row)
      const features = describeEpisode(reader, row)
      description = { fps: fps ?? video?.fps ?? FPS_DEFAULT, features }
    }
    this.#adder = await openAdder({
      ...{ reader, runDir, root, description, load: loadMedia, task, clock, signal },
      profile: video?.profile ?? 'fast',
      joining: 'later',
      onTold: told => this.#tell(told),
    })
    return this.#adder
  }
}

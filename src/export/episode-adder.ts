// Adds episodes of one run to one dataset, several in a commit. An export that reads a finished run
// and a run that is being recorded do it with the same few lines, so that both mean the same.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { MIB } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { type ErrorCode, RollcastError } from '../base/errors.ts'
import type { Ffmpeg } from '../media/ffmpeg.ts'
import type { VideoProfile } from '../media/profiles.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'
import { openStudio } from './camera-video.ts'
import { type EpisodeSource, episodeOf, sourceName } from './episode-of.ts'
import { type BeforeStep, OWN_DIRECTORY } from './lerobot/commit.ts'
import type { DatasetWriter } from './lerobot/dataset-writer.ts'
import { type DatasetDescription, isPicture } from './lerobot/features.ts'
import { openDataset } from './lerobot/open-dataset.ts'
import type { EpisodeInput } from './lerobot/prepare.ts'
import type { VideoFact } from './recorded-videos.ts'
import { runName } from './run-name.ts'
import { videoTool } from './video-tool.ts'

export interface AdderOptions {
  readonly reader: LogReader
  readonly runDir: string
  /** The dataset's directory, whose lock the caller holds as long as there is an adder. */
  readonly root: string
  readonly description: DatasetDescription
  /** Called when the dataset has pictures. */
  readonly load: () => Ffmpeg
  /** Of what has to be encoded. */
  readonly profile: VideoProfile
  /** Default: the run's name. */
  readonly task?: string | undefined
  readonly clock: Clock
  /** Ends encoding with its reason. */
  readonly signal?: AbortSignal | undefined
  readonly onPicture?: ((done: number) => void) | undefined
  readonly beforeStep?: BeforeStep | undefined
  /** Whether earlier files are written again for new episodes; default: as far as it is worthwhile. */
  readonly joining?: 'later'
  /** Told once for each episode, when that is durable. */
  readonly onTold: (told: Told) => void
}

/** What became of an episode. */
export type Told = { readonly episode: number } & (
  | {
      /** It is number `datasetEpisode` of the dataset. `known`: since an earlier time. */
      readonly outcome: 'added' | 'known'
      readonly datasetEpisode: number
      readonly rows: number
    }
  /** It cannot be in the dataset. */
  | { readonly outcome: 'refused'; readonly reason: string }
)

/** Episodes are committed together up to these bounds: a commit waits for the disk four times. */
const BATCH_EPISODES_MAX = 64
const BATCH_BYTES_MAX = 32 * MIB

/** Videos on their way, below the dataset's own directory. */
const ENCODED = `${OWN_DIRECTORY}/encoded`

/** Opens the dataset or begins one. Throws what `openDataset` and `load` do. */
export async function openAdder(options: AdderOptions): Promise<EpisodeAdder> {
  const { reader, runDir, root, description, profile, clock, signal, onPicture } = options
  const aside = join(root, ENCODED)
  const pictures = Object.values(description.features).some(isPicture)
  const ffmpeg = pictures ? options.load() : undefined
  const writer = await openDataset(root, description, {
    ...(ffmpeg && { video: videoTool(ffmpeg) }),
    ...(options.beforeStep && { beforeStep: options.beforeStep }),
  })
  rmSync(aside, { recursive: true, force: true })
  const run = runName(reader)
  const source: EpisodeSource = {
    ...{ reader, description, run: run.id, task: options.task ?? run.name, aside },
    ...(ffmpeg && {
      studio: openStudio({ ffmpeg, reader, runDir, profile, clock, signal, onPicture }),
    }),
  }
  return new EpisodeAdder(source, writer, options)
}

/** Made by `openAdder`. One call at a time; after an error that it throws it can only be closed. */
export class EpisodeAdder {
  readonly #source: EpisodeSource
  readonly #writer: DatasetWriter
  readonly #joining: AdderOptions['joining']
  readonly #tell: (told: Told) => void
  #batch: { readonly row: EpisodeRow; readonly input: EpisodeInput }[] = []
  #bytes = 0
  #added = 0

  constructor(source: EpisodeSource, writer: DatasetWriter, { joining, onTold }: AdderOptions) {
    this.#source = source
    this.#writer = writer
    this.#joining = joining
    this.#tell = onTold
  }

  /** Episodes and rows in the dataset. */
  get episodes(): number {
    return this.#writer.episodes
  }

  get rows(): number {
    return this.#writer.frames
  }

  /** Prepares the episode of `row`; it is in the dataset with the next commit, which may be now. */
  async add(row: EpisodeRow, facts: () => readonly VideoFact[]): Promise<void> {
    const { episode, steps: rows } = row
    const datasetEpisode = this.#writer.episodeOf(sourceName(this.#source.run, row))
    if (datasetEpisode !== undefined) {
      return this.#tell({ episode, outcome: 'known', datasetEpisode, rows })
    }
    const input = await this.#inputOf(row, facts)
    if (input instanceof RollcastError) {
      return this.#tell({ episode, outcome: 'refused', reason: input.message })
    }
    this.#batch.push({ row, input })
    this.#bytes += bytesOf(input)
    if (this.#batch.length >= BATCH_EPISODES_MAX || this.#bytes >= BATCH_BYTES_MAX) {
      await this.commit()
    }
  }

  /** Before an error that ends the work, what is whole becomes durable: the next try goes on. */
  async #inputOf(
    row: EpisodeRow,
    facts: () => readonly VideoFact[],
  ): Promise<EpisodeInput | RollcastError> {
    try {
      return await orRefused(() => episodeOf(this.#source, row, facts()), ofItsVideo)
    } catch (error) {
      if (!this.#source.studio?.signal?.aborted) await this.commit()
      throw error
    }
  }

  /** Makes what was prepared durable. */
  async commit(): Promise<void> {
    const batch = this.#batch
    if (batch.length === 0) return
    const outcomes = await this.#writer.addEpisodes(
      batch.map(({ input }) => input),
      this.#joining,
    )
    this.#batch = []
    this.#bytes = 0
    rmSync(this.#source.aside, { recursive: true, force: true })
    for (const [at, told] of outcomes.entries()) {
      const { row, input } = batch[at]!
      const { episode, steps: rows } = row
      if (told.outcome === 'refused') {
        const reason = told.reason.replace(`episode ${input.source}: `, '')
        this.#tell({ episode, outcome: 'refused', reason })
      } else {
        if (told.outcome === 'added') this.#added++
        this.#tell({ episode, outcome: told.outcome, datasetEpisode: told.episode, rows })
      }
    }
  }

  /** Joins what was left for later. */
  tidy(): Promise<void> {
    return this.#writer.tidy()
  }

  /** Joins files, each time that the dataset has doubled: a byte is copied for it twice at most. */
  async finish(): Promise<void> {
    if (2 * this.#added > this.#writer.episodes) await this.#writer.compact()
  }

  /** Lets go of what was not committed. */
  close(): void {
    this.#writer.close()
    rmSync(this.#source.aside, { recursive: true, force: true })
  }
}

const ofOne: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BAD_INPUT', 'LOG_CORRUPT'])
/** While its input is made there is no video of any other episode in hand. */
const ofItsVideo: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...ofOne,
  ...(['VIDEO_CORRUPT', 'VIDEO_FAILED'] as const),
])

/** What `make` gives, or what is wrong with one episode and no other, by the `codes` of that. */
export async function orRefused<T>(
  make: () => T | Promise<T>,
  codes: ReadonlySet<ErrorCode> = ofOne,
): Promise<T | RollcastError> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof RollcastError && codes.has(error.code)) return error
    throw error
  }
}

/** In memory: numbers, and pictures of the table. */
function bytesOf({ columns }: EpisodeInput): number {
  let bytes = 0
  for (const values of Object.values(columns)) {
    if (ArrayBuffer.isView(values)) {
      bytes += values.byteLength
      continue
    }
    for (let at = 0; at < values.length; at++) {
      const value = values[at]
      bytes += value instanceof Uint8Array ? value.byteLength : 0
    }
  }
  return bytes
}

// Episodes of a run become episodes of a LeRobot dataset, in order. What is in the dataset already is
// passed over, so an export can be interrupted at any moment, repeated, and repeated later with more.
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { type Ffmpeg, loadMedia } from '../media/ffmpeg.ts'
import type { VideoProfile } from '../media/profiles.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import type { LogReader } from '../store/event-log.ts'
import { FPS_DEFAULT } from './camera-video.ts'
import { lockDataset } from './dataset-lock.ts'
import { describedIn, makeDirectory } from './dataset-place.ts'
import { openAdder, orRefused } from './episode-adder.ts'
import { describeEpisode } from './episode-of.ts'
import type { BeforeStep } from './lerobot/commit.ts'
import type { DatasetDescription } from './lerobot/features.ts'
import { EPISODE_FRAMES_MIN } from './lerobot/layout.ts'
import { RecordedVideos } from './recorded-videos.ts'

export interface LerobotExport {
  readonly reader: LogReader
  readonly runDir: string
  /** The dataset's directory; made when missing. */
  readonly root: string
  /** Numbers of finished episodes, ascending, and how each is found. */
  readonly episodes: readonly number[]
  readonly rowOf: (episode: number) => EpisodeRow
  /** Default: as the dataset that is there, else as the run's video, else 30. */
  readonly fps?: number
  /** Of what has to be encoded. */
  readonly profile: VideoProfile
  /** Default: the run's name. */
  readonly task?: string
  readonly clock: Clock
  /** Ends the export; what is whole by then stays. */
  readonly signal?: AbortSignal
  /** For tests: what loads FFmpeg, and what is called before the disk changes. */
  readonly load?: () => Ffmpeg
  readonly beforeStep?: BeforeStep
  /** Told how many episodes are done. */
  readonly onProgress?: (done: number) => void
  /** Told how many pictures of a video that has to be encoded are done. */
  readonly onPicture?: (done: number) => void
  /** An episode that cannot be in the dataset, and why. */
  readonly onRefused: (episode: number, reason: string) => void
}

export interface ExportReport {
  /** Episodes that came into the dataset now; that were in it before; that cannot be in it. */
  readonly added: number
  readonly known: number
  readonly refused: number
  /** In the dataset now. */
  readonly episodes: number
  readonly frames: number
}

/**
 * Adds the episodes that are not yet in the dataset. NOT_FOUND when no episode says what a dataset
 * of them would hold, UNAVAILABLE when it holds pictures and FFmpeg is missing, LOG_LOCKED while
 * another process writes it, and what `openDataset` throws.
 */
export async function exportLerobot(given: LerobotExport): Promise<ExportReport> {
  const { root, clock } = given
  makeDirectory(root)
  const lock = await lockDataset(root, clock.now())
  try {
    return await exportLocked(given)
  } finally {
    await lock.release()
  }
}

async function exportLocked(given: LerobotExport): Promise<ExportReport> {
  const { reader, episodes, rowOf, signal, onProgress, onRefused } = given
  const first = episodes[0]
  const videos = new RecordedVideos(reader, first === undefined ? 1 : rowOf(first).firstSeq)
  const counts = { added: 0, known: 0, refused: 0 }
  const adder = await openAdder({
    ...given,
    description: await describe(given, videos),
    load: given.load ?? loadMedia,
    onTold(told) {
      counts[told.outcome]++
      if (told.outcome === 'refused') onRefused(told.episode, told.reason)
    },
  })
  try {
    for (const [at, episode] of episodes.entries()) {
      if (signal?.aborted) break
      onProgress?.(at)
      await unlessAborted(signal, () => adder.add(rowOf(episode), () => videos.of(episode)))
    }
    await adder.commit()
    if (!signal?.aborted) await adder.finish()
    return { ...counts, episodes: adder.episodes, frames: adder.rows }
  } finally {
    adder.close()
  }
}

/** Who is interrupted throws that; it is no error of the export. */
async function unlessAborted(
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error
  }
}

/** What the dataset holds: as it says itself, or as the first episode that can be in one. */
async function describe(given: LerobotExport, videos: RecordedVideos): Promise<DatasetDescription> {
  const { root, reader, episodes, rowOf } = given
  const known = describedIn(root, given.fps)
  if (known) return known
  const fps = given.fps ?? videos.fps ?? FPS_DEFAULT
  let why = ''
  for (const episode of episodes) {
    const row = rowOf(episode)
    if (row.steps < EPISODE_FRAMES_MIN) continue
    const features = await orRefused(() => describeEpisode(reader, row))
    if (!(features instanceof RollcastError)) return { fps, features }
    why ||= `; episode ${episode}: ${features.message}`
  }
  const expected =
    why === ''
      ? `a finished episode of at least ${EPISODE_FRAMES_MIN} steps`
      : 'an episode that can be in a dataset'
  const found = `none among ${episodes.length}${why}`
  throw new RollcastError('NOT_FOUND', `${given.runDir}: expected ${expected}, found ${found}`)
}

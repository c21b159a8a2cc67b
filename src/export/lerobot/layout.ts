// Where the files of a LeRobot dataset (format v3.0) stand, and how large they may become.
// Paths are relative to the dataset's root and use `/`.
import { assert } from '../../base/assert.ts'
import { MIB } from '../../base/bytes.ts'

export const CODEBASE_VERSION = 'v3.0'

export const INFO_PATH = 'meta/info.json'
export const STATS_PATH = 'meta/stats.json'
export const TASKS_PATH = 'meta/tasks.parquet'

/** Templates as Python's `str.format` reads them; the reader makes its paths with them. */
export const DATA_TEMPLATE = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
export const VIDEO_TEMPLATE = 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'

/** The number of a file within its kind: `data`, `meta/episodes` and each video key count alone. */
export interface Place {
  readonly chunk: number
  readonly file: number
}

const FIRST_PLACE: Place = { chunk: 0, file: 0 }

const padded = (number: number): string => String(number).padStart(3, '0')
const tail = ({ chunk, file }: Place): string => `chunk-${padded(chunk)}/file-${padded(file)}`

export const dataPath = (place: Place): string => `data/${tail(place)}.parquet`
export const episodesPath = (place: Place): string => `meta/episodes/${tail(place)}.parquet`
export const videoPath = (key: string, place: Place): string => `videos/${key}/${tail(place)}.mp4`

/** The place after `last`, the first one when there is none; `chunkFiles` go into a directory. */
export function nextPlace(last: Place | undefined, chunkFiles: number): Place {
  if (last === undefined) return FIRST_PLACE
  return last.file >= chunkFiles - 1
    ? { chunk: last.chunk + 1, file: 0 }
    : { chunk: last.chunk, file: last.file + 1 }
}

export const samePlace = (a: Place, b: Place): boolean => a.chunk === b.chunk && a.file === b.file

/** How large files may become, and how many stand in a directory. */
export interface DatasetLimits {
  /** Files of a directory. Default 1000, the most with which names sort like numbers. */
  readonly chunkFiles: number
  /** A data file stays smaller, in MiB, unless one episode alone is larger. Default 100. */
  readonly dataMebibytes: number
  /** A video file stays smaller, in MiB, unless one episode alone is larger. Default 200. */
  readonly videoMebibytes: number
  /** Episodes of a data file and rows of an episode table. Default 1000. */
  readonly fileEpisodes: number
}

export const defaultLimits: DatasetLimits = {
  chunkFiles: 1000,
  dataMebibytes: 100,
  videoMebibytes: 200,
  // A row group costs some kilobytes of footer: more of them make files that open slowly, and make
  // joining two files slow.
  fileEpisodes: 1000,
}

/** A video file is shorter: float32 seconds are too coarse for the reader from 1024 s on. */
export const VIDEO_SECONDS_MAX = 1000

/** Fewer frames give no statistics of pictures, and columns would be missing. */
export const EPISODE_FRAMES_MIN = 2

export function checkLimits(limits: DatasetLimits): DatasetLimits {
  const within = (value: number, max: number): boolean => value >= 1 && value <= max
  assert(
    Number.isInteger(limits.chunkFiles) && within(limits.chunkFiles, 1000),
    'chunkFiles is an integer from 1 to 1000',
  )
  assert(Number.isInteger(limits.fileEpisodes) && limits.fileEpisodes >= 1, 'fileEpisodes >= 1')
  for (const size of [limits.dataMebibytes, limits.videoMebibytes]) {
    assert(Number.isInteger(size) && within(size, 1024 * MIB), 'sizes are whole MiB, 1 or more')
  }
  return limits
}

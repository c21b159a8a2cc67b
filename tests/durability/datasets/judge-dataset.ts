// What campaigns ask of a dataset that a run made: the checker finds nothing, every row and every
// picture is its episode's, and what the log calls saved is there, once. A dataset whose last change
// a kill interrupted is judged as the next opening leaves it, in a copy.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeError } from '../../../src/base/errors.ts'
import { describedIn } from '../../../src/export/dataset-place.ts'
import { checkDataset } from '../../../src/export/lerobot/check.ts'
import { isInterrupted } from '../../../src/export/lerobot/commit.ts'
import { INFO_PATH } from '../../../src/export/lerobot/layout.ts'
import { openDataset } from '../../../src/export/lerobot/open-dataset.ts'
import { readSources } from '../../../src/export/lerobot/sources.ts'
import { videoTool } from '../../../src/export/video-tool.ts'
import { decodeFrames } from '../../../src/media/examine-video.ts'
import { loadMedia } from '../../../src/media/ffmpeg.ts'
import type { Event, EventOf } from '../../../src/protocol/events.ts'
import { meaningOf } from '../../export/lerobot/datasets.ts'
import { SHADE_TOLERANCE } from '../../supervision/judge-videos.ts'
import { probe } from './ffprobe.ts'
import { observationOf, shadeOf } from './script.ts'

export interface DatasetVerdict {
  readonly problems: readonly string[]
  /** Rows of each episode, by its number in the log. */
  readonly rows: ReadonlyMap<number, number>
}

/**
 * Judges the dataset of run directory `dir`, which no process writes; `events` are its log's.
 * `asksOthers`: videos are also looked at by ffprobe, which takes a process for each.
 */
export async function judgeDataset(
  dir: string,
  events: readonly Event[],
  asksOthers = true,
): Promise<DatasetVerdict> {
  const root = join(dir, 'dataset')
  if (!existsSync(join(root, INFO_PATH))) return { problems: missing(events, []), rows: new Map() }
  const problems: string[] = []
  // A change that is half done is one finding or more; the next opening finishes it.
  if (!isInterrupted(root)) problems.push(...(await findingsIn(root)))
  const copy = join(dir, 'dataset-copy')
  cpSync(root, copy, { recursive: true })
  try {
    return await judgeOpened(copy, events, problems, asksOthers)
  } catch (error) {
    problems.push(`the dataset cannot be opened: ${describeError(error)}`)
    return { problems, rows: new Map() }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

const tool = () => videoTool(loadMedia())

async function findingsIn(root: string): Promise<string[]> {
  const { findings, unchecked } = await checkDataset(root, tool())
  const texts = findings.map(({ check, where, text }) => `${check} ${where}: ${text}`)
  return [...texts, ...unchecked.map(check => `${check} was not checked`)]
}

async function judgeOpened(
  root: string,
  events: readonly Event[],
  problems: string[],
  asksOthers: boolean,
): Promise<DatasetVerdict> {
  const writer = await openDataset(root, describedIn(root)!, { video: tool() })
  writer.close()
  problems.push(...(await findingsIn(root)))
  const shades = new Map<string, string[]>()
  const look = (path: string): string[] => {
    const known = shades.get(path) ?? shadesIn(path, problems, asksOthers)
    shades.set(path, known)
    return known
  }
  const { rows, episodes, pictures } = await meaningOf(root, look)
  // A source is `<run>/<episode>@<time>`.
  const sources = [...readSources(root, writer.episodes).keys()]
  const numbers = sources.map(source => Number(/\/(\d+)@/.exec(source)?.[1]))
  const lengths = episodes.map(episode => Number(episode['length']))
  for (const {
    index,
    episode_index: at,
    frame_index: frame,
    ...row
  } of rows as readonly unknown[] as readonly Row[]) {
    const wanted = observationOf(numbers[Number(at)]!, Number(frame))
    const found = [...row['observation.state']]
    if (`${found}` !== `${wanted}`) problems.push(`row ${index} is ${found}, expected ${wanted}`)
  }
  for (const [key, shown] of Object.entries(pictures)) {
    for (const [at, found] of shown.entries()) {
      const camera = key.replace('observation.images.', '')
      const captured = framesOf(events, camera, numbers[at]!)
      const rows = { rows: lengths[at]!, captured }
      problems.push(...strangePictures(camera, numbers[at]!, rows, found.map(Number)))
    }
  }
  problems.push(...missing(events, numbers))
  return { problems, rows: new Map(numbers.map((number, at) => [number, lengths[at]!])) }
}

interface Row {
  readonly index: bigint
  readonly episode_index: bigint
  readonly frame_index: bigint
  readonly 'observation.state': Iterable<number>
}

/** The grey of every picture, by a full decode; and another program takes the file as well. */
function shadesIn(path: string, problems: string[], asksOthers: boolean): string[] {
  const shades = [...decodeFrames(loadMedia(), path)].map(({ pixels }) => String(pixels[0]))
  if (asksOthers) problems.push(...probe(path, shades.length))
  return shades
}

const framesOf = (events: readonly Event[], camera: string, episode: number): number =>
  events.filter(
    event =>
      event.type === 'frame_captured' && event.camera === camera && event.episode === episode,
  ).length

/** A kill may come between a step and its frames: such a row shows the frame before it again. */
function strangePictures(
  camera: string,
  episode: number,
  { rows, captured }: { readonly rows: number; readonly captured: number },
  shades: readonly number[],
): string[] {
  const name = `camera ${camera} of episode ${episode}`
  const found = shades.length === rows ? [] : [`${name}: ${shades.length} pictures, ${rows} rows`]
  return [
    ...found,
    ...shades.flatMap((shade, index) => {
      const wanted = shadeOf(camera, episode, Math.min(index, captured - 1))
      if (Math.abs(shade - wanted) <= SHADE_TOLERANCE) return []
      return [`${name}, picture ${index}: shows ${shade}, expected ${wanted}`]
    }),
  ]
}

/** What the log calls saved, and is not at its place; `numbers` are the episodes of the dataset. */
const missing = (events: readonly Event[], numbers: readonly number[]): string[] =>
  events
    .filter((event): event is EventOf<'episode_saved'> => event.type === 'episode_saved')
    .filter(({ episode, datasetEpisode }) => numbers[datasetEpisode] !== episode)
    .map(({ episode, datasetEpisode }) => `episode ${episode} is not number ${datasetEpisode}`)

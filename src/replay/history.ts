// Answers questions about the past from the log: pages of the episode index, whole episodes, frames,
// the newest events. Every answer is bounded; what is longer is thinned out or paged, and says so.
import { describeError, RollcastError } from '../base/errors.ts'
import { unpackValue } from '../protocol/codec.ts'
import type { Envelope, EventOf } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import { ThinnedSteps } from '../protocol/thinned-steps.ts'
import type {
  EpisodeMaterial,
  HistoryAnswer,
  HistoryQuery,
  RecordedFrame,
} from '../protocol/thread-messages.ts'
import type { LogReader } from '../store/event-log.ts'
import { globalStepsOf, type StepTimes } from './global-steps.ts'
import { newestBatches } from './newest-batches.ts'
import { Pictures } from './pictures.ts'
import { RunPlaces } from './run-places.ts'
import { searchEpisodes } from './search-episodes.ts'

/** One answer carries at most so many frames and bytes of pixels. */
const FRAMES_PER_ANSWER = 200
const FRAME_BYTES_PER_ANSWER = 4 * 1024 * 1024

/** A log that is open, and what was found out about it so far. */
export interface OpenRun {
  readonly reader: LogReader
  readonly places: RunPlaces
}

export const openRun = (reader: LogReader): OpenRun => ({ reader, places: new RunPlaces(reader) })

/** The answer, or `failed` with a reason. */
export function answerQuery(
  { reader, places }: OpenRun,
  runDir: string,
  query: HistoryQuery,
): HistoryAnswer {
  const { id } = query
  const pictures = new Pictures(reader, runDir)
  try {
    if (query.kind === 'episodes') {
      const { before, after, limit, where } = query
      const search = { before, after, limit, where: where ?? { kind: 'all' as const } }
      return { id, kind: 'episodes', ...searchEpisodes(reader, search, places) }
    }
    if (query.kind === 'frame') {
      return { id, kind: 'frame', frame: loadFrame(reader, query.seq, pictures) }
    }
    if (query.kind === 'newest') {
      return { id, kind: 'newest', batches: newestBatches(reader, reader.durable().seq) }
    }
    const row = findEpisode(reader, query.episode)
    if (query.kind === 'episode') {
      return { id, kind: 'episode', material: loadEpisode(reader, row, pictures) }
    }
    return { id, kind: 'frames', ...loadFrames(reader, row, query.from, pictures) }
  } catch (error) {
    const code = error instanceof RollcastError ? error.code : 'INTERNAL'
    return { id, kind: 'failed', code, message: describeError(error) }
  } finally {
    pictures.close()
  }
}

/** A page of the index, newest first. */
export function listEpisodes(
  reader: LogReader,
  page: { readonly before?: number; readonly limit: number },
): { rows: EpisodeRow[]; more: boolean } {
  const found = reader.episodeRows({ ...page, limit: Math.min(page.limit, limits.episodePage) })
  const rows = found.map(row => unpackValue(row.bytes) as EpisodeRow)
  const oldest = found.at(-1)?.episode
  // Asked apart: a reader gives no more than a page at once.
  const more = oldest !== undefined && reader.episodeRows({ before: oldest, limit: 1 }).length > 0
  return { rows, more }
}

/** Throws NOT_FOUND for an episode that is not (yet) in the index. */
export function findEpisode(reader: LogReader, episode: number): EpisodeRow {
  const bytes = reader.episodeRow(episode)
  if (bytes === undefined) {
    throw new RollcastError('NOT_FOUND', `the run has no finished episode ${episode}`)
  }
  return unpackValue(bytes) as EpisodeRow
}

/** The events of one episode, in order; those of other agents in between are passed over. */
export function* episodeEvents(
  reader: LogReader,
  row: EpisodeRow,
): Generator<Envelope<EventOf<'step_taken' | 'frame_captured'>>> {
  for (const envelope of reader.events({ fromSeq: row.firstSeq, toSeq: row.lastSeq })) {
    const { event } = envelope
    if (event.type !== 'step_taken' && event.type !== 'frame_captured') continue
    if (event.episode === row.episode && event.agent === row.agent) {
      yield envelope as Envelope<EventOf<'step_taken' | 'frame_captured'>>
    }
  }
}

/** The whole episode for a viewer, thinned out when it is longer than a viewer gets. */
export function loadEpisode(
  reader: LogReader,
  row: EpisodeRow,
  pictures: Pictures,
): EpisodeMaterial {
  const steps = new ThinnedSteps()
  let frames = 0
  let camera: string | undefined
  let cumulativeReward = 0
  let times: StepTimes | undefined
  for (const { seq, event, time } of episodeEvents(reader, row)) {
    if (event.type === 'frame_captured') {
      camera ??= event.camera
      if (event.camera === camera && pictures.has({ seq, event })) frames++
      continue
    }
    times = { first: times?.first ?? time, last: time }
    cumulativeReward += event.reward + event.intrinsicReward
    steps.take({
      offsetMillis: time - times.first,
      step: event.step,
      cumulativeReward,
      position: event.position ?? null,
      meters: event.meters ?? null,
      action: event.action ?? null,
      qValues: event.qValues ?? null,
      ...(event.logits && { logits: event.logits }),
      reward: event.reward,
      done: event.terminated || event.truncated,
    })
  }
  const globalSteps = times === undefined ? [] : globalStepsOf(reader, row, times)
  return { row, thinnedBy: steps.thinnedBy, steps: steps.ended(), frames, globalSteps }
}

/** The next frames of the episode's first camera, from the `from`-th on that there still is. */
function loadFrames(
  reader: LogReader,
  row: EpisodeRow,
  from: number,
  pictures: Pictures,
): { frames: RecordedFrame[]; next: number | null } {
  const frames: RecordedFrame[] = []
  let bytes = 0
  let index = -1
  let first: string | undefined
  for (const { seq, event, time } of episodeEvents(reader, row)) {
    if (event.type !== 'frame_captured') continue
    first ??= event.camera
    if (event.camera !== first || !pictures.has({ seq, event })) continue
    index++
    if (index < from) continue
    if (frames.length >= FRAMES_PER_ANSWER || bytes >= FRAME_BYTES_PER_ANSWER) {
      return { frames, next: index }
    }
    const picture = pictures.of({ seq, event })
    if (picture === undefined) continue
    bytes += picture.pixels.byteLength
    const { agent, camera, episode, step, width, height } = event
    frames.push({ agent, camera, episode, step, index, width, height, time, ...picture })
  }
  return { frames, next: null }
}

/** The frame that the event `seq` recorded. */
function loadFrame(reader: LogReader, seq: number, pictures: Pictures): RecordedFrame | null {
  const [found] = reader.events({ fromSeq: seq, toSeq: seq })
  if (found?.event.type !== 'frame_captured') return null
  const { event, time } = found
  const picture = pictures.of({ seq, event })
  const { agent, camera, episode, step, index, width, height } = event
  return picture ? { agent, camera, episode, step, index, width, height, time, ...picture } : null
}

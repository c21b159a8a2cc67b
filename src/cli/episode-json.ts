// An episode as one line of JSON (docs/format.md), piece by piece: it is never in memory as a whole.
import type { VideoFact } from '../export/recorded-videos.ts'
import type { StepTaken } from '../protocol/events.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import { episodeEvents } from '../replay/history.ts'
import type { LogReader } from '../store/event-log.ts'
import { jsonText, snakeCase } from './json-text.ts'

/** The pieces of the line, without its end. Throws LOG_CORRUPT where the log is damaged. */
export function* episodeJson(
  reader: LogReader,
  run: string,
  row: EpisodeRow,
  facts: readonly VideoFact[],
): Generator<string> {
  const { firstSeq: _, lastSeq: __, steps: length, ...told } = row
  const head = { run, ...snakeCase({ ...told, length }), videos: videosOf(facts) }
  yield `${jsonText(head).slice(0, -1)},"steps":[`
  let comma = ''
  for (const { event, time } of episodeEvents(reader, row)) {
    if (event.type !== 'step_taken') continue
    yield comma + jsonText(stepOf(event, time))
    comma = ','
  }
  yield ']}'
}

function stepOf({ type: _, agent: __, episode: ___, step, ...said }: StepTaken, time: number) {
  return { step, time, ...snakeCase(said) }
}

/** By camera the files with its frames, as seen from the run's directory. */
function videosOf(facts: readonly VideoFact[]): Record<string, object[]> {
  const videos: Record<string, object[]> = {}
  for (const fact of facts) {
    if (fact.type !== 'video_committed') continue
    const { camera, file, fromIndex, frames, fps } = fact
    videos[camera] = [...(videos[camera] ?? []), snakeCase({ file, fromIndex, frames, fps })]
  }
  return videos
}

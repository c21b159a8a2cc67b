// One pass over an episode: its steps handed on, its frames by camera.

import type { Envelope, FrameCaptured, StepTaken } from '../protocol/events.ts'
import type { EpisodeRow } from '../protocol/projection.ts'
import { episodeEvents } from '../replay/history.ts'
import type { LogReader } from '../store/event-log.ts'
import { CameraTrack } from './camera-track.ts'

/** The tracks of an episode's cameras, by name, in the order in which they appeared. */
export function readTracks(
  reader: LogReader,
  row: EpisodeRow,
  onStep: (step: StepTaken) => void = () => {},
): Map<string, CameraTrack> {
  const tracks = new Map<string, CameraTrack>()
  let steps = 0
  for (const envelope of episodeEvents(reader, row)) {
    const { event } = envelope
    if (event.type === 'step_taken') {
      onStep(event)
      steps++
      continue
    }
    const track = tracks.get(event.camera) ?? new CameraTrack(event)
    tracks.set(event.camera, track)
    track.add(envelope as Envelope<FrameCaptured>, steps)
  }
  return tracks
}

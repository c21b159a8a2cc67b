// Pixels that are to go; the events of their frames stay.
import type { Event } from './events.ts'

/** Frames of one episode (of one of its cameras) that stand in a closed range of events. */
export interface EpisodeDrop {
  readonly episode: number
  /** All cameras when left out. */
  readonly camera?: string
  readonly fromSeq: number
  readonly toSeq: number
}

/** Those, or all frames before an event. */
export type FrameDrop = EpisodeDrop | { readonly beforeSeq: number }

/** The frames that may be gone because of what `event` tells. */
export function dropOf(event: Event): EpisodeDrop | undefined {
  if (event.type !== 'episode_released' && event.type !== 'video_committed') return undefined
  const { episode, fromSeq, toSeq } = event
  const camera = event.type === 'video_committed' ? { camera: event.camera } : {}
  return { episode, ...camera, fromSeq, toSeq }
}

/** Whether `drop` takes in the frame of `camera` that is event `seq`, which is of its episode. */
export const covers = (drop: EpisodeDrop, seq: number, camera: string): boolean =>
  drop.fromSeq <= seq && seq <= drop.toSeq && (drop.camera ?? camera) === camera

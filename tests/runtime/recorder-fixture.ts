// What a recorder is given, and what it told of it.
import type { Event, EventOf } from '../../src/protocol/events.ts'
import type { EpisodeRecorder } from '../../src/runtime/episode-recorder.ts'
import { type RingRunOptions, ringRun } from './ring-run.ts'

export const frameOf = (width: number, height: number, value = 0) => ({
  ...{ width, height, data: new Uint8Array(width * height * 3).fill(value) },
})

/** What a recorder told, after `play`; the layouts' declarations left out. */
export function played(play: (recorder: EpisodeRecorder) => void, options: RingRunOptions = {}) {
  const run = ringRun(options)
  play(run.recorder())
  const events = run.events().filter(event => event.type !== 'layout_declared')
  return { ...run, told: events }
}

export const typesOf = (events: readonly Event[]): string[] => events.map(event => event.type)
export const only = <T extends Event['type']>(events: readonly Event[], type: T): EventOf<T>[] =>
  events.filter((event): event is EventOf<T> => event.type === type)

// What must hold of the log of a run when it is over, whatever died or hung meanwhile: every step of
// the trainer is there once, in order, and every frame is accounted for.
import { expect } from 'vitest'
import type { Envelope, EventOf } from '../../src/protocol/events.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { readEvents } from './harness.ts'

/** The events of one type. */
export const only = <T extends Envelope['event']['type']>(
  events: Envelope[],
  type: T,
): EventOf<T>[] => events.flatMap(({ event }) => (event.type === type ? [event as EventOf<T>] : []))

/** Judges the log of run `dir`, whose steps carry their number as position; returns its events. */
export async function checkNothingMissing(dir: string, steps: number): Promise<Envelope[]> {
  const events = await readEvents(dir)
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
  const positions = only(events, 'step_taken').map(step => step.position?.[0])
  expect(positions).toEqual(Array.from({ length: steps }, (_, step) => step))
  const counted = only(events, 'frames_counted')
  const owed = counted.reduce((sum, { owed }) => sum + owed, 0)
  expect(counted.reduce((sum, { intact }) => sum + intact, 0)).toBe(owed)
  expect(owed).toBe(only(events, 'frame_captured').length)
  const episodes = only(events, 'episode_ended').map(({ episode }) => episode)
  expect(counted.map(({ episode }) => episode)).toEqual(episodes)
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  return events
}

// The playhead over a recorded episode, as plain data: a place, a speed and whether it moves. Time
// is handed in, so that pressing play twice or late timers cannot make it run twice as fast.

/** Times the original timing; `max` shows every step, one an animation frame. */
export const speeds = [0.01, 0.1, 0.5, 1, 2, 4, 8, 16, 'max'] as const
export type Speed = (typeof speeds)[number]

/** One speed faster (`by` 1) or slower (-1); the first and the last stay. */
export const nextSpeed = (speed: Speed, by: 1 | -1): Speed =>
  speeds[speeds.indexOf(speed) + by] ?? speed

/** What plays in a view: a stage, or two on one clock. */
export interface Player {
  togglePlaying(): void
  /** Pauses so many steps ahead, or behind when negative. */
  stepBy(steps: number): void
  shiftSpeed(by: 1 | -1): void
  toggleLoop(): void
  toStart(): void
}

/** Above this many steps a second a person sees a blur. */
const WATCHABLE_STEPS_PER_SECOND = 60

export interface Playhead {
  /** Milliseconds since the episode's first step, at the time `since`. */
  readonly atMillis: number
  /** Monotonic milliseconds. */
  readonly since: number
  readonly playing: boolean
  readonly speed: Speed
  /** From the end it goes on at the beginning. */
  readonly loop: boolean
}

/** When each step was taken, in milliseconds since the first; always rises. */
export type Offsets = readonly number[]

const OFFSET_GAP_MILLIS_MIN = 0.001

/**
 * Offsets that always rise, from measured ones that may stand still or not be finite: steps that fell on
 * the same instant are put a microsecond apart, so that each of them can be stepped to.
 */
export function toOffsets(measured: readonly number[]): Offsets {
  let last = -OFFSET_GAP_MILLIS_MIN
  return measured.map(offset => {
    const least = last + OFFSET_GAP_MILLIS_MIN
    last = Number.isFinite(offset) ? Math.max(offset, least) : least
    return last
  })
}

export const durationOf = (offsets: Offsets): number => offsets.at(-1) ?? 0

/** The index of the last step taken at or before `atMillis`; 0 when there is none. */
export function stepIndexAt(offsets: Offsets, atMillis: number): number {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsets[middle]! <= atMillis) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** The fastest speed, at most the original one, at which the steps can be followed by eye. */
function watchableSpeed(offsets: Offsets): Speed {
  const seconds = durationOf(offsets) / 1000
  const rate = seconds > 0 ? offsets.length / seconds : 0
  const slow = speeds.filter(speed => speed !== 'max' && speed <= 1) as Exclude<Speed, 'max'>[]
  return slow.findLast(speed => rate * speed <= WATCHABLE_STEPS_PER_SECOND) ?? slow[0]!
}

export const startPlayhead = (offsets: Offsets, now: number): Playhead => ({
  atMillis: 0,
  since: now,
  playing: true,
  speed: watchableSpeed(offsets),
  loop: false,
})

/** From the playhead at the first step, which plays, to where and how it is to be at `now`. */
export type Begin = (started: Playhead, offsets: Offsets, now: number) => Playhead

export const fromStart: Begin = started => started

export const standingAt =
  (seconds: number): Begin =>
  (started, offsets, now) =>
    pause(seekTo(started, offsets, now, seconds * 1000), offsets, now)

/** As it is held, whatever time has passed since. */
export const goingOnFrom =
  (held: Playhead): Begin =>
  (_started, _offsets, now) => ({ ...held, since: now })

/** The playhead moved on to `now`; at the last step it stops, or starts over in a loop. */
export function advance(playhead: Playhead, offsets: Offsets, now: number): Playhead {
  if (!playhead.playing) return playhead.since === now ? playhead : { ...playhead, since: now }
  const elapsed = Math.max(0, now - playhead.since)
  const duration = durationOf(offsets)
  const moved = playhead.atMillis + elapsed * (playhead.speed === 'max' ? 16 : playhead.speed)
  const next = offsets[stepIndexAt(offsets, playhead.atMillis) + 1] ?? duration
  const atMillis = playhead.speed === 'max' && elapsed > 0 ? Math.max(moved, next) : moved
  if (atMillis < duration) return { ...playhead, atMillis, since: now }
  // The last step is shown before it starts over; of one step alone there is nothing to loop.
  const startsOver = playhead.loop && duration > 0
  if (startsOver && playhead.atMillis >= duration) return { ...playhead, atMillis: 0, since: now }
  return { ...playhead, atMillis: duration, since: now, playing: startsOver }
}

/** Starts it; from the beginning when it stands at the end. Does nothing when it plays. */
export function play(playhead: Playhead, offsets: Offsets, now: number): Playhead {
  if (playhead.playing) return playhead
  const ended = playhead.atMillis >= durationOf(offsets)
  return { ...playhead, atMillis: ended ? 0 : playhead.atMillis, since: now, playing: true }
}

export function pause(playhead: Playhead, offsets: Offsets, now: number): Playhead {
  return { ...advance(playhead, offsets, now), playing: false }
}

export function setSpeed(
  playhead: Playhead,
  offsets: Offsets,
  now: number,
  speed: Speed,
): Playhead {
  return { ...advance(playhead, offsets, now), speed }
}

/** Loops from now on, or stops at the end again. */
export const setLoop = (playhead: Playhead, loop: boolean): Playhead => ({ ...playhead, loop })

/** Puts it on the step at `index`, clamped to the episode; playing goes on if it did. */
export function seek(playhead: Playhead, offsets: Offsets, now: number, index: number): Playhead {
  const clamped = Math.max(0, Math.min(offsets.length - 1, index))
  return { ...playhead, atMillis: offsets[clamped] ?? 0, since: now }
}

/** Puts it at `atMillis` after the first step, clamped to the episode. */
export function seekTo(
  playhead: Playhead,
  offsets: Offsets,
  now: number,
  atMillis: number,
): Playhead {
  const clamped = Math.max(0, Math.min(durationOf(offsets), atMillis))
  return { ...playhead, atMillis: clamped, since: now }
}

/** Stops it `steps` steps ahead of where it is, or behind when negative. */
export function stepBy(playhead: Playhead, offsets: Offsets, now: number, steps: number): Playhead {
  const paused = pause(playhead, offsets, now)
  return seek(paused, offsets, now, stepIndexAt(offsets, paused.atMillis) + steps)
}

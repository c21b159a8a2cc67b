// Records and contributions for the store's tests.

import { crc32 } from '../../src/base/checksum.ts'
import { encodeEvent, Layouts } from '../../src/protocol/codec.ts'
import type { Event, FrameLayout, StepLayout } from '../../src/protocol/events.ts'
import type { Contribution } from '../../src/store/event-log.ts'

export const stepLayout: StepLayout = {
  kind: 'step',
  layout: 1,
  agent: 'agent-0',
  position: 2,
  action: 1,
  actionScalar: true,
  qValues: 2,
  logits: 0,
  observation: 3,
  meters: ['energy'],
}

export const frameLayout: FrameLayout = {
  kind: 'frame',
  layout: 2,
  agent: 'agent-0',
  camera: 'main',
  width: 8,
  height: 4,
  format: 'rgb8',
}

const layouts = new Layouts([stepLayout, frameLayout])

/** Records of `events`, one millisecond apart from `time` on. */
export function recordsOf(events: readonly Event[], time = 1_000): Uint8Array {
  return Buffer.concat(events.map((event, i) => encodeEvent(event, time + i, layouts)))
}

export const declarations: readonly Event[] = [
  { type: 'layout_declared', ...stepLayout },
  { type: 'layout_declared', ...frameLayout },
]

export function step(episode: number, index: number): Event {
  return {
    type: 'step_taken',
    agent: 'agent-0',
    episode,
    step: index,
    reward: index / 2,
    intrinsicReward: 0,
    terminated: false,
    truncated: false,
    position: [index, -index],
    action: index % 4,
    qValues: [0.25, index],
    meters: { energy: 1 / (1 + index) },
    observation: [1, 2, 3],
  }
}

export const metric = (value: number, padding = 0): Event => ({
  type: 'metrics_sampled',
  globalStep: value,
  values: padding > 0 ? { value, ['p'.repeat(padding)]: 0 } : { value },
})

export const episodeBegan = (episode: number): Event => ({
  type: 'episode_began',
  agent: 'agent-0',
  episode,
})

export const episodeEnded = (episode: number): Event => ({
  type: 'episode_ended',
  agent: 'agent-0',
  episode,
  steps: 1,
  frames: 0,
  totalReward: 1,
  extrinsicReward: 1,
  intrinsicReward: 0,
  terminated: true,
  truncated: false,
  reason: 'terminated',
  startTime: 1_000,
})

/** Pixels that differ for every `index`. */
export const pixelsOf = (index: number): Uint8Array =>
  new Uint8Array(8 * 4 * 3).map((_, i) => (i * 7 + index) & 0xff)

export const frame = (episode: number, index: number, pixels = pixelsOf(index)): Event => ({
  type: 'frame_captured',
  agent: 'agent-0',
  camera: 'main',
  episode,
  step: index,
  index,
  width: 8,
  height: 4,
  format: 'rgb8',
  byteLength: pixels.byteLength,
  crc: crc32(pixels),
})

/** A contribution of `events` by `producer`, with the pixels of its frames. */
export function contribution(
  events: readonly Event[],
  position: number,
  producer = 'trainer:test',
): Contribution {
  const frames = events.flatMap((event, index) =>
    event.type === 'frame_captured' ? [{ index, bytes: pixelsOf(event.index) }] : [],
  )
  return { producer, position, records: recordsOf(events), count: events.length, frames }
}

// A feed for tests: events as the recorder would number and send them.
import { encodeEvent, Layouts } from '../../../src/protocol/codec.ts'
import type { EpisodeEnded, Event, Layout, StepTaken } from '../../../src/protocol/events.ts'
import type { FeedMode, LiveBatch } from '../../../src/protocol/thread-messages.ts'

export const stepLayout = (layout: number, agent: string): Layout => ({
  kind: 'step',
  layout,
  agent,
  position: 2,
  action: 1,
  actionScalar: true,
  qValues: 0,
  logits: 0,
  observation: 0,
  meters: ['energy'],
})

export const frameLayout = (layout: number, agent: string, camera = 'main'): Layout => ({
  kind: 'frame',
  layout,
  agent,
  camera,
  width: 2,
  height: 1,
  format: 'gray8',
})

export const frameOf = (agent: string, episode: number, camera = 'main'): Event => ({
  type: 'frame_captured',
  ...{ agent, camera, episode, step: 0, index: 0, width: 2, height: 1, format: 'gray8' },
  ...{ byteLength: 2, crc: 0 },
})

export const stepOf = (
  agent: string,
  episode: number,
  step: number,
  over: Partial<StepTaken> = {},
): StepTaken => ({
  type: 'step_taken',
  agent,
  episode,
  step,
  reward: step + 1,
  intrinsicReward: 0.5,
  terminated: false,
  truncated: false,
  position: [step, 0],
  action: 1,
  meters: { energy: 0.5 },
  ...over,
})

export const endOf = (agent: string, episode: number, steps: number): EpisodeEnded => ({
  type: 'episode_ended',
  agent,
  episode,
  steps,
  frames: 0,
  totalReward: (steps * (steps + 1)) / 2 + steps * 0.5,
  extrinsicReward: (steps * (steps + 1)) / 2,
  intrinsicReward: steps * 0.5,
  terminated: true,
  truncated: false,
  reason: 'terminated',
  startTime: 1000,
})

/** Numbers events and packs them into batches. */
export class FeedMaker {
  epoch = 1
  mode: FeedMode = 'live'
  seq = 0
  readonly #layouts = new Layouts()

  declare(layout: Layout): Event {
    this.#layouts.add(layout)
    return { type: 'layout_declared', ...layout }
  }

  batch(...events: readonly Event[]): LiveBatch {
    const firstSeq = this.seq + 1
    const records = events.map(event => encodeEvent(event, 1000 + this.seq++, this.#layouts))
    return {
      epoch: this.epoch,
      firstSeq,
      count: events.length,
      records: Buffer.concat(records),
      mode: this.mode,
    }
  }
}

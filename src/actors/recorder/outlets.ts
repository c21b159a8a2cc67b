// Where a recorder shows what it takes in: the live feed, the newest frames, and to those who read
// the log how far it is durable. Frames flow only while viewers cannot have them from the fast lane
// (F10). Channels that this topology does not have are left out.
import type { Position } from '../../protocol/position.ts'
import type { DurableNotice, LiveBatch, LiveFrame } from '../../protocol/thread-messages.ts'
import { LaneGauge } from '../../streams/fast-lane/status.ts'
import type { PortSender } from '../../streams/port.ts'
import type { ActorScope } from '../run-actor.ts'
import type { RecorderConfig } from './contract.ts'
import type { TakenFrame } from './logic.ts'

export class Outlets {
  readonly #live: PortSender<LiveBatch> | undefined
  readonly #frames: PortSender<LiveFrame> | undefined
  readonly #lane: LaneGauge | undefined
  readonly #notices: PortSender<DurableNotice>[] = []

  constructor(scope: ActorScope<RecorderConfig>) {
    if (scope.sends.includes('recorder.live')) {
      this.#live = scope.sender<LiveBatch>('recorder.live', {
        sizeOf: batch => 64 + batch.records.byteLength,
      })
      this.#frames = scope.sender<LiveFrame>('recorder.frames', {
        sizeOf: frame => 128 + frame.pixels.byteLength,
        keyOf: frame => `${frame.agent}/${frame.camera}`,
      })
    }
    const { lane } = scope.config
    this.#lane = lane && new LaneGauge(lane)
    for (const channel of scope.sends.filter(name => name.endsWith('.durable'))) {
      this.#notices.push(
        scope.sender<DurableNotice>(channel, { sizeOf: () => 16, keyOf: () => 'durable' }),
      )
    }
  }

  /** Whether anybody sees what is shown. */
  get isWatched(): boolean {
    return this.#lane?.isWatched ?? false
  }

  show(batch: Omit<LiveBatch, 'mode'>): void {
    this.#live?.offer({ ...batch, mode: 'live' })
  }

  showFrames(frames: readonly TakenFrame[]): void {
    for (const { layout, pixels, ...place } of frames) {
      if (this.#lane && !this.#lane.isWishedByLog(layout.layout)) continue
      const { agent, camera, width, height, format } = layout
      // A copy: the ring is written over once it is durable, sent or not.
      const shown = { ...place, pixels: pixels.slice(), mode: 'live' as const }
      this.#frames?.offer({ agent, camera, width, height, format, ...shown })
    }
  }

  announce(position: Position): void {
    for (const notice of this.#notices) notice.offer(position)
  }
}

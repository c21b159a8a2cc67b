// One episode of frames of a scene, as the recorder hands it to the log.
import { crc32 } from '../src/base/checksum.ts'
import { encodeEvent, Layouts } from '../src/protocol/codec.ts'
import type { Event, FrameLayout } from '../src/protocol/events.ts'
import type { Contribution } from '../src/store/event-log.ts'
import { SCENE, type Scene } from './scene.ts'

const AGENT = 'agent'
const START_TIME = 1_700_000_000_000
const FRAME_MILLIS = 1000 / 30

const layoutOf = (camera: number): FrameLayout => ({
  ...{ kind: 'frame', layout: camera, agent: AGENT, camera: `camera-${camera}` },
  ...SCENE,
})

/** Frames 0 to `frames - 1` of each camera, which all see the same, with the episode's ends. */
export function* sceneEpisode(
  scene: Scene,
  frames: number,
  cameras: number,
): Generator<Contribution> {
  const declared = Array.from({ length: cameras }, (_, i) => layoutOf(i + 1))
  const layouts = new Layouts(declared)
  let position = 0
  const contribution = (events: readonly Event[], pixels?: Uint8Array): Contribution => ({
    producer: 'bench',
    position: ++position,
    records: Buffer.concat(
      events.map(event => encodeEvent(event, START_TIME + position * FRAME_MILLIS, layouts)),
    ),
    count: events.length,
    ...(pixels && { frames: [{ index: 0, bytes: pixels }] }),
  })
  yield contribution([
    ...declared.map(layout => ({ type: 'layout_declared', ...layout }) as const),
    { type: 'episode_began', agent: AGENT, episode: 1 },
  ])
  for (let number = 0; number < frames; number++) {
    // The scene uses its memory again while the log may still hold the frame.
    const pixels = scene.frame(number).slice()
    const sums = { byteLength: pixels.byteLength, crc: crc32(pixels) }
    for (const { camera } of declared) {
      const place = { agent: AGENT, camera, episode: 1, step: number, index: number }
      yield contribution([{ type: 'frame_captured', ...place, ...SCENE, ...sums }], pixels)
    }
  }
  yield contribution([ended(frames, cameras)])
}

const ended = (frames: number, cameras: number): Event => ({
  ...{ type: 'episode_ended', agent: AGENT, episode: 1, steps: frames, frames: frames * cameras },
  ...{ totalReward: 0, extrinsicReward: 0, intrinsicReward: 0 },
  ...{ terminated: true, truncated: false, reason: 'terminated', startTime: START_TIME },
})

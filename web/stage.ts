// What is on the stage, outside React because it changes with every frame: of the live episode only
// the newest frame and state (a slot, never a queue), of a replay the episode and its playhead.
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import type { ServerMessageOf, ViewerEpisodeRow } from '../src/protocol/server-messages.ts'
import type { Mode } from '../src/protocol/viewer-protocol.ts'
import * as playback from './playback.ts'
import { ReplayFrames } from './replay-frames.ts'
import { type Bounds, type Place, placeOf, TRAIL_PLACES_MAX, widenBounds } from './trail.ts'

export type StepState = Pick<
  ServerMessageOf<'state_update'>,
  | 'step'
  | 'cumulative_reward'
  | 'position'
  | 'meters'
  | 'action'
  | 'q_values'
  | 'logits'
  | 'reward'
  | 'done'
>

/** One picture of the stage: everything on it belongs together. */
export interface Look {
  readonly mode: Mode
  readonly agent: string
  readonly episode: number
  readonly state: StepState | null
  readonly frame: FrameMessage | null
  readonly trail: readonly Place[]
  readonly bounds: Bounds | null
  /** Server time of the newest thing in it, Unix milliseconds. */
  readonly capturedAt: number
  /** In a replay: where the playhead stands. */
  readonly replay: { readonly index: number; readonly playhead: playback.Playhead } | null
}

/** An old frame bridges this many steps of the next episode; longer and it would be a lie. */
const BRIDGED_UPDATES_MAX = 5

interface Replay {
  readonly request: number
  readonly row: ViewerEpisodeRow
  readonly steps: readonly StepState[]
  readonly offsets: playback.Offsets
  readonly places: readonly (Place | null)[]
  readonly frames: ReplayFrames
  playhead: playback.Playhead
}

export class Stage {
  #live: Look | null = null
  #liveTrail: Place[] = []
  #bounds: Bounds | null = null
  #replay: Replay | null = null
  #bridged = 0
  #version = 0
  #looked = { version: -1, look: null as Look | null }

  /** Forgets the live episode: another agent or run is followed. */
  clear(): void {
    this.#live = null
    this.#liveTrail = []
    this.#bounds = null
    this.#version++
  }

  offerFrame(frame: FrameMessage): void {
    if (frame.request !== 0) {
      if (this.#replay?.request !== frame.request) return
      this.#replay.frames.add(frame)
    } else {
      const live = this.#liveOf(frame.mode, frame.agent, frame.episode)
      this.#live = { ...live, frame, capturedAt: frame.captureTime }
      this.#bridged = 0
    }
    this.#version++
  }

  offerState(message: ServerMessageOf<'state_update'>): void {
    const live = this.#liveOf(message.mode, message.agent, message.episode)
    // A checkpoint's episode may be played over again.
    if (live.state !== null && message.step < live.state.step) this.#liveTrail.length = 0
    const place = placeOf(message.position, message.step)
    if (place !== null) {
      this.#bounds = widenBounds(this.#bounds, place)
      this.#liveTrail.push(place)
      if (this.#liveTrail.length > TRAIL_PLACES_MAX) this.#liveTrail.shift()
    }
    const isOwn = live.frame?.episode === message.episode
    const frame = isOwn || this.#bridged++ < BRIDGED_UPDATES_MAX ? live.frame : null
    // With frames it is their age that counts: they are what is seen.
    const capturedAt = frame !== null && isOwn ? frame.captureTime : message.timestamp
    this.#live = { ...live, state: message, frame, bounds: this.#bounds, capturedAt }
    this.#version++
  }

  /** Puts an episode on the stage, instead of the one that was replayed if any. */
  openReplay(request: number, message: ServerMessageOf<'episode'>, now: number): void {
    const offsets = playback.toOffsets(message.steps.map(step => step.offset_millis))
    const places = message.steps.map(step => placeOf(step.position, step.step))
    for (const place of places) {
      if (place !== null) this.#bounds = widenBounds(this.#bounds, place)
    }
    this.#replay = {
      request,
      row: message.row,
      steps: message.steps,
      offsets,
      places,
      frames: new ReplayFrames(),
      playhead: playback.startPlayhead(offsets, now),
    }
    this.#version++
  }

  /** Back to the live episode; frees the replayed one. */
  closeReplay(): void {
    this.#replay = null
    this.#version++
  }

  /** Moves the playhead by one of the functions of playback.ts; no effect without a replay. */
  movePlayhead(
    move: (playhead: playback.Playhead, offsets: playback.Offsets) => playback.Playhead,
  ): void {
    if (this.#replay === null) return
    const moved = move(this.#replay.playhead, this.#replay.offsets)
    if (moved === this.#replay.playhead) return
    this.#replay.playhead = moved
    this.#version++
  }

  /** The steps of the replayed episode; null without a replay. */
  get replaySteps(): readonly StepState[] | null {
    return this.#replay?.steps ?? null
  }

  /** When each of these steps was taken; null without a replay. The same object for one replay. */
  get replayOffsets(): playback.Offsets | null {
    return this.#replay?.offsets ?? null
  }

  /** One of how many frames of the replay is kept. */
  get replayStride(): number {
    return this.#replay?.frames.stride ?? 1
  }

  /** What is to be seen at `now` (monotonic milliseconds); the same object while nothing changes. */
  look(now: number): Look | null {
    if (this.#replay?.playhead.playing) {
      this.#replay.playhead = playback.advance(this.#replay.playhead, this.#replay.offsets, now)
      this.#version++
    }
    if (this.#looked.version !== this.#version) {
      const look = this.#replay === null ? this.#liveLook() : lookOf(this.#replay, this.#bounds)
      this.#looked = { version: this.#version, look }
    }
    return this.#looked.look
  }

  /** A look is of one moment: its trail does not grow any more. */
  #liveLook(): Look | null {
    return this.#live === null ? null : { ...this.#live, trail: [...this.#live.trail] }
  }

  /** The live look with its agent and episode; a new episode starts with nothing on it. */
  #liveOf(mode: Mode, agent: string, episode: number): Look {
    const live = this.#live
    if (live !== null && live.agent === agent && live.episode === episode) return { ...live, mode }
    this.#liveTrail = []
    this.#bridged = 0
    return {
      mode,
      agent,
      episode,
      state: null,
      // The last picture stays until the next one comes, or the stage would flicker.
      frame: live !== null && live.agent === agent ? live.frame : null,
      trail: this.#liveTrail,
      bounds: this.#bounds,
      capturedAt: 0,
      replay: null,
    }
  }
}

function lookOf(replay: Replay, bounds: Bounds | null): Look {
  const index = playback.stepIndexAt(replay.offsets, replay.playhead.atMillis)
  const state = replay.steps[index] ?? null
  const from = Math.max(0, index + 1 - TRAIL_PLACES_MAX)
  return {
    mode: 'replay',
    agent: replay.row.agent,
    episode: replay.row.episode,
    state,
    frame: state === null ? null : replay.frames.at(state.step),
    trail: replay.places.slice(from, index + 1).filter(place => place !== null),
    bounds,
    capturedAt: 0,
    replay: { index, playhead: replay.playhead },
  }
}

// The encoder's account: every frame that the log announces is owed, and each is intact, or released
// with its episode, or missed. An episode's account is closed by its end, per camera.
import type { EncoderChoice } from '../../media/choose-encoder.ts'
import type { PictureShape } from '../../media/picture.ts'
import type { Envelope, EventOf, EventType, FramesCounted } from '../../protocol/events.ts'
import { PART_FRAMES } from '../../protocol/video-files.ts'

/** Counts up when the same events would give another state. */
export const encoderVersion = 3

/** A part of a video that is being made: its frames stand in the log from event `fromSeq` on. */
export interface OpenPart {
  readonly episode: number
  readonly fromSeq: number
  /** The event of its last frame. */
  readonly toSeq: number
  /** Index of its first frame in the episode. */
  readonly fromIndex: number
  readonly frames: number
}

/** The encoder that was taken for frames of one shape. */
export interface FilmChoice {
  readonly shape: PictureShape
  /** The settings that it was chosen by; left out of one that took the place of an encoder that failed. */
  readonly asked?: string
  readonly encoder: EncoderChoice
}

/** A camera's video while it is made, as plain data. */
export interface FilmState {
  readonly agent: string
  readonly camera: string
  readonly choice?: FilmChoice
  /** What is in hand. */
  readonly part?: OpenPart
}

/** Whether frame `index` of `episode` goes on with `part`: without a gap, until it is full. */
export const goesOn = (part: OpenPart, episode: number, index: number): boolean =>
  part.episode === episode && part.fromIndex + part.frames === index && part.frames < PART_FRAMES

/** The events that an account is made of. */
export const accountedTypes: ReadonlySet<EventType> = new Set<EventType>([
  'frame_captured',
  'episode_began',
  'episode_ended',
  'episode_released',
])

interface Account {
  agent: string
  camera: string
  episode: number
  owed: number
  intact: number
  bytes: number
  released?: number
}

/** Open accounts, by agent and camera. */
export type Accounts = Account[]

/** Plain data: all that an encoder has in hand. */
export interface EncoderState {
  readonly accounts: Accounts
  readonly films: readonly FilmState[]
}

/** What the log holds for a frame: its pixels' length and checksum, or nothing. */
export interface FoundFrame {
  readonly byteLength: number
  readonly crc: number
}

/** Enters one frame, as the log holds it; returns the account that it closes because the episode changed unnoticed. */
export function countFrame(
  state: Accounts,
  frame: EventOf<'frame_captured'>,
  found: FoundFrame | 'released' | undefined,
): FramesCounted[] {
  const { agent, camera, episode } = frame
  const closed = closeAccounts(
    state,
    account => account.agent === agent && account.camera === camera && account.episode !== episode,
  )
  let account = state.find(open => open.agent === agent && open.camera === camera)
  if (account === undefined) {
    account = { agent, camera, episode, owed: 0, intact: 0, bytes: 0 }
    state.push(account)
  }
  account.owed++
  if (found === 'released') account.released = (account.released ?? 0) + 1
  else if (found?.crc === frame.crc && found.byteLength === frame.byteLength) {
    account.intact++
    account.bytes += found.byteLength
  }
  return closed
}

/** Closes the accounts that an event ends. */
export function closeBy(state: Accounts, { event }: Envelope): FramesCounted[] {
  if (event.type !== 'episode_ended' && event.type !== 'episode_began') return []
  return closeAccounts(
    state,
    account =>
      account.agent === event.agent &&
      (event.type === 'episode_ended') === (account.episode === event.episode),
  )
}

function closeAccounts(state: Accounts, isClosed: (account: Account) => boolean): FramesCounted[] {
  const closed = state.filter(isClosed)
  for (const account of closed) state.splice(state.indexOf(account), 1)
  return closed.map(account => ({ type: 'frames_counted', ...account }))
}

/** Episodes over which the lag has to grow before it is called a trend. */
const TREND_EPISODES = 4

/** Whether an encoder falls further behind from episode to episode (V3). */
export class LagTrend {
  #last = 0
  #grown = 0

  /** True when `lag`, at the end of an episode, has grown by a tenth at least for several in a row. */
  note(lag: number): boolean {
    this.#grown = lag > 0 && lag > this.#last * 1.1 ? this.#grown + 1 : 0
    this.#last = lag
    return this.#grown >= TREND_EPISODES
  }
}

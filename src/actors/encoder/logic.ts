// The encoder's account: every frame that the log announces is owed, and each is either intact or
// it is missed. An episode's account is closed by its end, per camera.
import type { Envelope, EventOf, EventType, FramesCounted } from '../../protocol/events.ts'

/** Counts up when the same events would give another state. */
export const encoderVersion = 1

/** The events that an account is made of. */
export const accountedTypes: ReadonlySet<EventType> = new Set<EventType>([
  'frame_captured',
  'episode_began',
  'episode_ended',
])

interface Account {
  agent: string
  camera: string
  episode: number
  owed: number
  intact: number
  bytes: number
}

/** Plain data; the open account of each camera, by agent and camera. */
export type EncoderState = Account[]

/** What the log holds for a frame: its pixels' length and checksum, or nothing. */
export interface FoundFrame {
  readonly byteLength: number
  readonly crc: number
}

/** Enters one frame; returns the account that it closes because the episode changed unnoticed. */
export function countFrame(
  state: EncoderState,
  frame: EventOf<'frame_captured'>,
  found: FoundFrame | undefined,
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
  if (found?.crc === frame.crc && found.byteLength === frame.byteLength) {
    account.intact++
    account.bytes += found.byteLength
  }
  return closed
}

/** Closes the accounts that an event ends. */
export function closeBy(state: EncoderState, { event }: Envelope): FramesCounted[] {
  if (event.type !== 'episode_ended' && event.type !== 'episode_began') return []
  return closeAccounts(
    state,
    account =>
      account.agent === event.agent &&
      (event.type === 'episode_ended') === (account.episode === event.episode),
  )
}

function closeAccounts(
  state: EncoderState,
  isClosed: (account: Account) => boolean,
): FramesCounted[] {
  const closed = state.filter(isClosed)
  for (const account of closed) state.splice(state.indexOf(account), 1)
  return closed.map(account => ({ type: 'frames_counted', ...account }))
}

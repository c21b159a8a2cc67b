// Episodes that have ended and are not in the dataset yet: a fold of the log, as plain data. It knows
// what encoders have said of each so far, and which episode of its agent came before. What the log
// says was saved or refused is forgotten. Pure.
import type { Envelope, EventType } from '../protocol/events.ts'

/** Counts up when the same events would give another state. */
export const finishedVersion = 2

/** The events that the fold is made of. */
export const finishedTypes: ReadonlySet<EventType> = new Set<EventType>([
  'episode_ended',
  'frames_counted',
  'video_committed',
  'video_failed',
  'episode_saved',
  'episode_refused',
])

/** An episode that has ended. */
export interface Finished {
  readonly episode: number
  readonly agent: string
  /** Its end in the log, and when that was, Unix milliseconds. */
  readonly seq: number
  readonly time: number
  /** The agent's episode before it that was not discarded (L19); null when there is none. */
  readonly previous: number | null
  /** Why it can only be refused: its end could not be looked at. */
  readonly spoilt?: string
}

/** What encoders said of an episode. */
interface Account {
  readonly agent: string
  readonly episode: number
  /** Frames of closed accounts, of all cameras. */
  owed: number
  /** The events that say what became of its videos. */
  readonly videos: number[]
  /** Why its episode can only be refused: something of it could not be looked at. */
  spoilt?: string
}

export interface FinishedState {
  /** In the order of their ends. */
  finished: Finished[]
  /** Also of episodes that go on. */
  accounts: Account[]
  /** Of each agent, the episode that ended last, and the last one that was not discarded. */
  last: { readonly agent: string; readonly episode: number; readonly counted: number | null }[]
}

export const noneFinished = (): FinishedState => ({ finished: [], accounts: [], last: [] })

/** Takes in the next event. */
export function takeIn(state: FinishedState, { seq, time, event }: Envelope): void {
  switch (event.type) {
    case 'episode_ended': {
      const { agent, episode, discarded } = event
      const last = state.last.find(known => known.agent === agent)
      // A gap tells of an end again that nobody had seen.
      if (last?.episode === episode) return
      const previous = last?.counted ?? null
      state.finished.push({ episode, agent, seq, time, previous })
      const counted = discarded ? previous : episode
      state.last = [...state.last.filter(other => other !== last), { agent, episode, counted }]
      forgetEndless(state, agent, episode)
      return
    }
    case 'frames_counted':
      accountOf(state, event).owed += event.owed
      return
    case 'video_committed':
    case 'video_failed':
      accountOf(state, event).videos.push(seq)
      return
    case 'episode_saved':
    case 'episode_refused':
      settle(state, event.episode)
      return
  }
}

/** Instead of `takeIn`, of an event that cannot be looked at: its episode is refused, for `reason`. */
export function spoil(state: FinishedState, { seq, time, event }: Envelope, reason: string): void {
  switch (event.type) {
    case 'episode_ended': {
      const { agent, episode } = event
      state.finished.push({ episode, agent, seq, time, previous: null, spoilt: reason })
      return
    }
    case 'frames_counted':
    case 'video_committed':
    case 'video_failed':
      accountOf(state, event).spoilt = reason
      return
  }
}

/** What encoders said of an episode so far. */
export function accountOf(
  state: FinishedState,
  { agent, episode }: Pick<Account, 'agent' | 'episode'>,
): Account {
  let account = state.accounts.find(known => known.episode === episode)
  if (account === undefined) {
    account = { agent, episode, owed: 0, videos: [] }
    state.accounts.push(account)
  }
  return account
}

/** Episodes of `agent` before `episode` whose end was lost will not end any more. */
function forgetEndless(state: FinishedState, agent: string, episode: number): void {
  const finished = new Set(state.finished.map(known => known.episode))
  state.accounts = state.accounts.filter(
    known => known.agent !== agent || known.episode >= episode || finished.has(known.episode),
  )
}

/** Nothing more is to be done for `episode`. */
export function settle(state: FinishedState, episode: number): void {
  state.finished = state.finished.filter(known => known.episode !== episode)
  state.accounts = state.accounts.filter(known => known.episode !== episode)
}

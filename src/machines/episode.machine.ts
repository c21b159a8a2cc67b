// The life of one episode: idle, open, ended. It ends exactly once and gives `commit` exactly once,
// so that two episodes can never melt into one (L2) and none is saved twice. Each episode has a
// machine of its own; an ended one takes no more events.
import { assign, emit, setup } from 'xstate'

export type EpisodeEvent =
  /** This episode has begun; with another number: the next one has, so this one is over. */
  | { type: 'began'; episode: number }
  /** Gymnasium's; when a step is both terminated and truncated, send `terminated`. */
  | { type: 'terminated' }
  | { type: 'truncated' }
  /** The run closed, or the trainer died, in the middle. */
  | { type: 'interrupted' }
  /** The trainer said that this episode is not to be kept; its metadata stays. */
  | { type: 'discarded' }

export type EpisodeEnding = 'terminated' | 'truncated' | 'superseded' | 'interrupted' | 'discarded'

/** Put the end of the episode on the path that cannot drop. Given exactly once if it ever began. */
export type EpisodeCommand = { type: 'commit'; episode: number; reason: EpisodeEnding }

/** Both are null until it begins and ends; an episode that never began has no number. */
export interface EpisodeContext {
  readonly episode: number | null
  readonly reason: EpisodeEnding | null
}

const ending = { target: 'ended', actions: ['noteReason', 'commit'] } as const

export const episodeMachine = setup({
  types: {} as { context: EpisodeContext; events: EpisodeEvent; emitted: EpisodeCommand },
  actions: {
    noteEpisode: assign(({ event }) => (event.type === 'began' ? { episode: event.episode } : {})),
    noteReason: assign(({ event }) => ({
      reason: event.type === 'began' ? 'superseded' : event.type,
    })),
    commit: emit(({ context }) => ({
      type: 'commit',
      episode: context.episode!,
      reason: context.reason!,
    })),
  },
  guards: {
    isAnother: ({ context, event }) => event.type === 'began' && event.episode !== context.episode,
  },
}).createMachine({
  id: 'episode',
  context: { episode: null, reason: null },
  initial: 'idle',
  states: {
    idle: {
      on: {
        began: { target: 'open', actions: 'noteEpisode' },
        interrupted: { target: 'ended', actions: 'noteReason' },
      },
    },
    open: {
      on: {
        terminated: ending,
        truncated: ending,
        interrupted: ending,
        discarded: ending,
        began: { guard: 'isAnother', ...ending },
      },
    },
    ended: { type: 'final' },
  },
})

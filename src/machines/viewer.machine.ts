// The life of one viewer's connection. A viewer says hello, follows in a mode of its own, may pause,
// and stalls when it does not read; a stalled viewer is sent nothing until it has room, and then
// resynchronised, or closed after a while. What it does never touches another viewer (P13).
import { assign, emit, setup } from 'xstate'

export type ViewerMode = 'live' | 'paced' | 'replaying'

export type ViewerEvent =
  | { type: 'helloReceived'; mode: ViewerMode }
  /** Also `jump to live`: mode `live`. */
  | { type: 'modeChosen'; mode: ViewerMode }
  | { type: 'pause' }
  | { type: 'resume' }
  /** Its replay came to the end. */
  | { type: 'replayEnded' }
  /** Its buffer is full: it does not read as fast as it is sent to. */
  | { type: 'bufferFilled' }
  /** While it is stalled: it has read something, if not all. */
  | { type: 'bufferMoved' }
  | { type: 'bufferDrained' }
  /** Close it from our side, with the reason that its close code tells. */
  | { type: 'close'; reason: string }
  /** The socket is gone. */
  | { type: 'disconnected' }

export type ViewerCommand =
  /** Send material of this mode from here on. */
  | { type: 'follow'; mode: ViewerMode }
  /** Send no material until `follow`. */
  | { type: 'hold' }
  /** Drop what waits for it and send nothing until `resync`. */
  | { type: 'shed' }
  /** It has missed something: send a snapshot of now, before anything else. */
  | { type: 'resync' }
  /** Send a close frame: `helloTimeout`, `tooSlow`, or the reason of the event `close`. */
  | { type: 'close'; reason: string }
  /** Destroy the socket and forget the viewer; the last command. */
  | { type: 'release' }

export interface ViewerContext {
  readonly closeReason: string | null
  readonly helloMillisMax: number
  readonly stallMillisMax: number
  readonly closeMillisMax: number
}

export interface ViewerInput {
  /** Default 5000. */
  readonly helloMillisMax?: number
  /** How long it may stay stalled without having read anything. Default 10 000. */
  readonly stallMillisMax?: number
  /** How long it may take to answer our close frame. Default 2000. */
  readonly closeMillisMax?: number
}

const leaving = {
  close: { target: '#viewer.closing', actions: 'noteReason' },
  disconnected: '#viewer.closed',
} as const

const choosing = [
  { guard: { type: 'asks', params: { mode: 'live' } }, target: '#viewer.playing.live' },
  { guard: { type: 'asks', params: { mode: 'paced' } }, target: '#viewer.playing.paced' },
  { guard: { type: 'asks', params: { mode: 'replaying' } }, target: '#viewer.playing.replaying' },
] as const

/** From where it has missed something. A viewer that is still full reports `bufferFilled` again. */
const rejoining = choosing.map(way => ({ ...way, actions: 'resync' }) as const)

const filling = { target: '#viewer.stalled', actions: 'shed' } as const

const following = (mode: ViewerMode) => ({ entry: { type: 'follow', params: { mode } } }) as const

export const viewerMachine = setup({
  types: {} as {
    context: ViewerContext
    events: ViewerEvent
    emitted: ViewerCommand
    input: ViewerInput
  },
  actions: {
    follow: emit((_, params: { mode: ViewerMode }) => ({ type: 'follow', mode: params.mode })),
    hold: emit({ type: 'hold' }),
    shed: emit({ type: 'shed' }),
    resync: emit({ type: 'resync' }),
    noteReason: assign(({ event }) =>
      event.type === 'close' ? { closeReason: event.reason } : {},
    ),
    noteHelloTimeout: assign({ closeReason: 'helloTimeout' }),
    noteTooSlow: assign({ closeReason: 'tooSlow' }),
    close: emit(({ context }) => ({ type: 'close', reason: context.closeReason! })),
    release: emit({ type: 'release' }),
  },
  guards: {
    asks: ({ event }, params: { mode: ViewerMode }) =>
      (event.type === 'helloReceived' || event.type === 'modeChosen') && event.mode === params.mode,
  },
  delays: {
    helloDeadline: ({ context }) => context.helloMillisMax,
    stallDeadline: ({ context }) => context.stallMillisMax,
    closeDeadline: ({ context }) => context.closeMillisMax,
  },
}).createMachine({
  id: 'viewer',
  context: ({ input }) => ({
    closeReason: null,
    helloMillisMax: input.helloMillisMax ?? 5000,
    stallMillisMax: input.stallMillisMax ?? 10_000,
    closeMillisMax: input.closeMillisMax ?? 2000,
  }),
  initial: 'connecting',
  states: {
    connecting: {
      on: { ...leaving, helloReceived: choosing },
      after: { helloDeadline: { target: 'closing', actions: 'noteHelloTimeout' } },
    },
    playing: {
      initial: 'live',
      on: { ...leaving, modeChosen: choosing, pause: 'paused', bufferFilled: filling },
      states: {
        live: following('live'),
        paced: following('paced'),
        replaying: { ...following('replaying'), on: { replayEnded: 'live' } },
        last: { type: 'history' },
      },
    },
    paused: {
      entry: 'hold',
      on: {
        ...leaving,
        modeChosen: rejoining,
        resume: { target: 'playing.last', actions: 'resync' },
      },
    },
    stalled: {
      on: {
        ...leaving,
        modeChosen: rejoining,
        // Its time begins anew.
        bufferMoved: { target: 'stalled', reenter: true },
        bufferDrained: { target: 'playing.last', actions: 'resync' },
        pause: 'paused',
      },
      after: { stallDeadline: { target: 'closing', actions: 'noteTooSlow' } },
    },
    closing: {
      entry: 'close',
      on: { disconnected: 'closed' },
      after: { closeDeadline: 'closed' },
    },
    closed: { type: 'final', entry: 'release' },
  },
})

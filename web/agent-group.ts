// Several agents over one connection (L14), each with a stage and a state of its own. What comes is
// handed to the agent that it is of; views of agents that are not followed any more are let go.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { Random } from '../src/base/random.ts'
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import type { ServerMessage, ServerMessageOf } from '../src/protocol/server-messages.ts'
import { Connection, type Socket, type SocketEvents } from './connection.ts'
import type { FramePreference } from './encoding-choice.ts'
import { FigurePace } from './figure-pace.ts'
import { type Look, Stage } from './stage.ts'

interface AgentState {
  readonly isOpen: boolean
  readonly look: Look | null
  readonly ended: ServerMessageOf<'episode_end'> | null
}

/** One agent, as a screen and the figures below it need it. */
export class AgentView {
  readonly stage = new Stage()
  readonly store: StoreApi<AgentState>
  /** Called when a frame has come that may be shown at once. */
  onFrame = (): void => {}
  /** Called when a message has come; what it changes is to be shown with the next animation frame. */
  onMessage = (): void => {}
  /** To be called when a picture could not be drawn: pixels can. */
  readonly notDrawn: () => void
  readonly #clock: Clock
  readonly #figures = new FigurePace()

  constructor(clock: Clock, isOpen: boolean, notDrawn: () => void) {
    this.#clock = clock
    this.store = createStore(() => ({ isOpen, look: null, ended: null }))
    this.notDrawn = notDrawn
  }

  /** What to draw now; null when there is nothing. */
  look(): Look | null {
    const now = this.#clock.monotonic()
    const look = this.stage.look(now)
    if (this.#figures.isDue(this.store.getState().look, look, now)) this.store.setState({ look })
    return look
  }

  /** A glance at many is not measured. */
  drawn(): void {}
}

export interface AgentGroupOptions {
  readonly openSocket: (events: SocketEvents) => Socket
  readonly clock: Clock
  readonly random: Random
}

/** Frames a second of each, as long as all of them are no more than a viewer may ask for. */
const FPS_EACH = 20
const FPS_MAX = 240

export class AgentGroup {
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #views = new Map<string, AgentView>()
  #encoding: FramePreference['encoding'] = 'auto'
  #isOpen = false
  #run: string | null = null

  constructor({ openSocket, clock, random }: AgentGroupOptions) {
    this.#clock = clock
    this.#connection = new Connection({
      ...{ openSocket, clock, random },
      events: {
        onState: ({ phase }) => this.#setOpen(phase === 'open'),
        onMessage: message => this.#receive(message),
        onFrame: frame => this.#show(frame),
        // The page's own session tells of both.
        onInvalid: () => {},
        onClock: () => {},
      },
    })
  }

  start = (): void => this.#connection.start()
  stop = (): void => this.#connection.stop()

  /** Follows these agents and no other. */
  follow(agents: readonly string[]): void {
    for (const agent of this.#views.keys()) {
      if (!agents.includes(agent)) this.#views.delete(agent)
    }
    if (agents.length === 0) return
    for (const agent of agents) this.of(agent)
    this.#connection.follow(agents)
    this.#prefer()
  }

  /** The view of an agent; the same one as long as it is followed. */
  of(agent: string): AgentView {
    const known = this.#views.get(agent)
    if (known !== undefined) return known
    const view = new AgentView(this.#clock, this.#isOpen, () => {
      if (this.#encoding === 'raw') return
      this.#encoding = 'raw'
      this.#prefer()
    })
    this.#views.set(agent, view)
    return view
  }

  #prefer(): void {
    const max_fps = Math.min(FPS_MAX, FPS_EACH * this.#views.size)
    this.#connection.prefer({ encoding: this.#encoding, quality: 75, max_fps })
  }

  #setOpen(isOpen: boolean): void {
    this.#isOpen = isOpen
    for (const { store } of this.#views.values()) store.setState({ isOpen })
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'state_update') {
      const view = this.#views.get(message.agent)
      view?.stage.offerState(message)
      view?.onMessage()
    } else if (message.type === 'episode_end') {
      this.#views.get(message.agent)?.store.setState({ ended: message })
    } else if (message.type === 'connection_established' && message.run !== this.#run) {
      this.#run = message.run
      for (const { stage, store } of this.#views.values()) {
        stage.clear()
        store.setState({ ended: null })
      }
    }
  }

  #show(frame: FrameMessage): void {
    const view = this.#views.get(frame.agent)
    view?.stage.offerFrame(frame)
    view?.onFrame()
  }
}

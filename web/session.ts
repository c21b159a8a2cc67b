// One viewer's session: joins the connection, the state and the stage, and holds what the user can
// do. Knows no browser and no React; at most one replay exists at a time.

import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { Random } from '../src/base/random.ts'
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import type { ServerMessage, ServerMessageOf } from '../src/protocol/server-messages.ts'
import { Connection, type Socket, type SocketEvents } from './connection.ts'
import { Controls } from './controls.ts'
import { DrawnPictures } from './drawn-pictures.ts'
import type { FramePreference } from './encoding-choice.ts'
import { EpisodePages } from './episode-pages.ts'
import { EpisodeSearch } from './episode-search.ts'
import { LiveSteps } from './episode-steps.ts'
import { FigurePace } from './figure-pace.ts'
import { FoundPlayer } from './found-player.ts'
import { Listings } from './listings.ts'
import type { Route } from './permalink.ts'
import * as playback from './playback.ts'
import { type Look, Stage } from './stage.ts'
import { isOwed } from './state/missing.ts'
import { isSameMilestone, reduce } from './state/reduce.ts'
import {
  initialState,
  type Milestone,
  type ReplayState,
  type ViewerState,
} from './state/viewer-state.ts'
import { atLiveEdge, TimeShift } from './time-shift.ts'
import { Toaster } from './toaster.ts'

export interface SessionOptions {
  readonly openSocket: (events: SocketEvents) => Socket
  readonly clock: Clock
  readonly random: Random
  /** One picture beside others: fewer frames a second. */
  readonly glance?: boolean
  /** Whether the live stage can be paused and gone back in. Default true, at a glance false. */
  readonly canGoBack?: boolean
  /** Rows to ask for at first, beyond those that come by themselves. Default 1000, at a glance 0. */
  readonly rowsAtFirst?: number
}

const GLANCE: FramePreference = { encoding: 'auto', quality: 75, max_fps: 20 }

/** A chart of the fifty episodes that come at first says little. */
const ROWS_AT_FIRST = 1000

export class Session {
  readonly stage = new Stage()
  readonly store: StoreApi<ViewerState> = createStore(() => initialState)
  readonly shift: TimeShift
  readonly controls: Controls
  readonly liveSteps = new LiveSteps()
  readonly pages: EpisodePages
  readonly search: EpisodeSearch
  readonly foundPlayer: FoundPlayer
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #listings: Listings
  readonly #toaster: Toaster
  readonly #drawn: DrawnPictures
  readonly #figures = new FigurePace()
  #request = 0
  /** Called when a frame has come that may be shown at once. */
  onFrame = (): void => {}
  /** Called when a message has come; what it changes is to be shown with the next animation frame. */
  onMessage = (): void => {}
  /** How the episode that is asked for begins. */
  #begin = playback.fromStart

  constructor(options: SessionOptions) {
    const { openSocket, clock, random, glance = false } = options
    const { rowsAtFirst = glance ? 0 : ROWS_AT_FIRST, canGoBack = !glance } = options
    this.#clock = clock
    this.#toaster = new Toaster(this.store, clock)
    this.shift = new TimeShift(canGoBack)
    this.controls = new Controls(this, clock)
    this.#listings = new Listings(
      clock,
      listing => this.#connection.send(listing),
      () => ++this.#request,
    )
    this.pages = new EpisodePages(this.store, rowsAtFirst, (before, limit) =>
      this.#listings.ask({ before, limit }),
    )
    const ask = this.#listings.ask.bind(this.#listings)
    this.search = new EpisodeSearch({ store: this.store, clock, ask })
    this.foundPlayer = new FoundPlayer(this, clock)
    this.#connection = new Connection({
      openSocket,
      clock,
      random,
      events: {
        onState: connection => this.store.setState({ connection }),
        onMessage: message => {
          this.#receive(message)
          this.onMessage()
        },
        onFrame: frame => this.#receiveFrame(frame),
        onInvalid: last =>
          this.store.setState(({ invalid }) => ({ invalid: { count: invalid.count + 1, last } })),
        onClock: best => {
          this.#drawn.clocks = best
        },
      },
    })
    this.#drawn = new DrawnPictures({
      clock,
      store: this.store,
      prefer: preference => this.#connection.prefer(preference),
    })
    if (glance) this.#connection.prefer(GLANCE)
  }

  /** Connects, or tries again at once. */
  start = (): void => this.#connection.start()
  stop = (): void => this.#connection.stop()

  /**
   * What to draw now; null when there is nothing. Called with every frame that comes, and once an
   * animation frame while something changes; puts what is shown into the store, which the figures
   * are made of, when it has changed and they are due.
   */
  look(): Look | null {
    const now = this.#clock.monotonic()
    const staged = this.stage.look(now)
    const isReplay = staged !== null && staged.replay !== null
    const look = isReplay ? staged : this.shift.look(staged, now)
    const { state: shift, isShifted } = this.shift
    const held = this.store.getState()
    const isDue = this.#figures.isDue(held.look, look, now)
    // Where the user has led the live stage is seen at once.
    const isLed = isShifted && look !== held.look
    if (isDue || isLed || shift !== held.shift) this.store.setState({ look, shift })
    return look
  }

  /** The time on the server's clock, Unix milliseconds; before the clocks were compared, on ours. */
  serverNow(): number {
    return this.#clock.now() + (this.#drawn.clocks?.offsetMillis ?? 0)
  }

  /**
   * To be called when a look was drawn for the first time, at `at` (Unix milliseconds): measures the
   * latency, and asks for less when frames come late.
   */
  drawn(look: Look, at: number = this.#clock.now()): void {
    const isNow = look.mode === 'live' && look.capturedAt !== 0 && !this.shift.isShifted
    this.#drawn.note(look, isNow, at)
  }

  /** To be called when a picture could not be drawn: pixels can. */
  notDrawn(problem: string): void {
    this.#drawn.noteUndrawn(problem)
  }

  /** Shows another agent's episodes; null leaves the choice to the server. */
  follow = (agent: string | null): void => {
    this.stage.clear()
    this.shift.clear()
    this.store.setState({ followed: agent, started: null, ended: null })
    this.#connection.follow(agent)
  }

  /**
   * Fetches an episode and replays it here; takes the place of an earlier replay. With `atSeconds`
   * it stands still there, else it plays from its beginning.
   */
  openEpisode = (episode: number, atSeconds: number | null = null): void => {
    this.shift.clear()
    this.store.setState({
      route: { view: 'episode', episode, atSeconds },
      shift: atLiveEdge,
      replay: this.#ask(
        episode,
        atSeconds === null ? playback.fromStart : playback.standingAt(atSeconds),
      ),
    })
  }

  /** To the live edge, from a replay or from a pause. */
  backToLive = (): void => {
    this.stage.closeReplay()
    this.shift.clear()
    this.store.setState({
      ...{ route: { view: 'live' }, replay: null, shift: atLiveEdge },
      playsFound: false,
    })
  }

  /** Shows another part of the page, or the episode that an address means. */
  go = (route: Route): void => {
    if (route.view === 'episode') this.openEpisode(route.episode, route.atSeconds)
    else if (route.view === 'live') this.backToLive()
    else this.store.setState({ route })
  }

  dismissProblem = (): void => this.store.setState({ problem: null })
  dismissInvalid = (): void => this.store.setState({ invalid: initialState.invalid })
  dismissToast = (toast: Milestone): void => this.#toaster.dismiss(toast)

  #receive(message: ServerMessage): void {
    if (message.type === 'connection_established') this.#listings.reset()
    if ('request' in message && message.request !== null) this.#listings.settle(message.request)
    if (this.search.take(message)) return
    const before = this.store.getState()
    const after = reduce(before, message)
    this.store.setState(after, true)
    if (message.type === 'state_update') {
      if (this.#isFollowed(message.agent)) {
        this.stage.offerState(message)
        this.liveSteps.add(message.episode, message)
      }
    } else if (message.type === 'milestone') {
      const isKnown = before.milestones.some(one => isSameMilestone(one, message))
      if (!isKnown) this.#toaster.announce(message, this.serverNow())
    } else if (message.type === 'episodes') {
      this.pages.received(before)
      if (message.request === null) this.search.noteNew(message.rows)
    } else if (message.type === 'connection_established') {
      if (after.run !== before.run) {
        this.stage.closeReplay()
        this.stage.clear()
        this.shift.clear()
      } else this.#askAgain(after.replay)
      this.search.restart()
    } else if (message.type === 'episode' && after.replay !== before.replay) {
      this.#openReplay(message)
    }
  }

  /** Asks for an episode, in the place of the one that is replayed. */
  #ask(episode: number, begin: playback.Begin): ReplayState {
    const request = ++this.#request
    this.#begin = begin
    this.stage.closeReplay()
    const sent = this.#connection.send({ type: 'get_episode', request, episode })
    if (sent) return { phase: 'loading', episode, request }
    return { phase: 'failed', episode, message: 'there is no connection to the server' }
  }

  /** What was still to come over the old link will not: it is asked for again, to go on where it is. */
  #askAgain(replay: ViewerState['replay']): void {
    if (replay === null || !isOwed(replay)) return
    const held = this.stage.look(this.#clock.monotonic())?.replay?.playhead
    const begin = held === undefined ? this.#begin : playback.goingOnFrom(held)
    this.store.setState({ replay: this.#ask(replay.episode, begin) })
  }

  #openReplay(message: ServerMessageOf<'episode'>): void {
    const now = this.#clock.monotonic()
    this.stage.openReplay(message.request ?? 0, message, now)
    const { loop } = this.store.getState()
    this.stage.movePlayhead((started, offsets) =>
      playback.setLoop(this.#begin(started, offsets, now), loop),
    )
  }

  #receiveFrame(frame: FrameMessage): void {
    if (frame.request !== 0 || this.#isFollowed(frame.agent)) this.stage.offerFrame(frame)
    this.onFrame()
    const { replay } = this.store.getState()
    if (replay?.phase !== 'ready' || replay.request !== frame.request) return
    const framesReceived = replay.framesReceived + 1
    this.store.setState({ replay: { ...replay, framesReceived } })
  }

  /** After a change of agent some of the old one's messages are still on their way. */
  #isFollowed(agent: string): boolean {
    const { followed } = this.store.getState()
    return followed === null || followed === agent
  }
}

// One viewer's session: joins the connection, the state and the stage, and holds what the user can
// do. Knows no browser and no React; at most one replay exists at a time.

import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Clock } from '../src/base/clock.ts'
import type { Random } from '../src/base/random.ts'
import type { FrameMessage } from '../src/protocol/frame-message.ts'
import type { ServerMessage } from '../src/protocol/viewer-messages.ts'
import type { ClockSample } from './clock-sync.ts'
import { Connection, type Socket, type SocketEvents } from './connection.ts'
import { LatencyMeter } from './latency.ts'
import * as playback from './playback.ts'
import { type Look, Stage } from './stage.ts'
import { reduce } from './state/reduce.ts'
import { initialState, type Milestone, type ViewerState } from './state/viewer-state.ts'

export interface SessionOptions {
  readonly openSocket: (events: SocketEvents) => Socket
  readonly clock: Clock
  readonly random: Random
}

const TOASTS_MAX = 3
const TOAST_MILLIS = 6_000
/** A milestone that is older than this when it arrives is history, not news. */
const NEWS_MILLIS = 10_000
const LATENCY_SHOWN_EVERY_MILLIS = 500
const OLDER_PAGE = 200

export class Session {
  readonly stage = new Stage()
  readonly store: StoreApi<ViewerState> = createStore(() => initialState)
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #latency = new LatencyMeter()
  #clocks: ClockSample | null = null
  #latencyShownAt = 0
  #lastCapture = 0
  #request = 0

  constructor({ openSocket, clock, random }: SessionOptions) {
    this.#clock = clock
    this.#connection = new Connection({
      openSocket,
      clock,
      random,
      events: {
        onState: connection => this.store.setState({ connection }),
        onMessage: message => this.#receive(message),
        onFrame: frame => this.#receiveFrame(frame),
        onInvalid: last =>
          this.store.setState(({ invalid }) => ({ invalid: { count: invalid.count + 1, last } })),
        onClock: best => {
          this.#clocks = best
        },
      },
    })
  }

  /** Connects, or tries again at once. */
  start = (): void => this.#connection.start()
  stop = (): void => this.#connection.stop()

  /**
   * What to draw now; null when there is nothing. Called once an animation frame; puts what is
   * shown into the store when it has changed.
   */
  look(): Look | null {
    const look = this.stage.look(this.#clock.monotonic())
    if (look !== this.store.getState().look) this.store.setState({ look })
    return look
  }

  /** To be called right after a look was drawn for the first time: measures the latency. */
  drawn(look: Look): void {
    if (look.mode !== 'live' || look.capturedAt === 0 || this.#clocks === null) {
      this.#latency.reset()
      if (this.store.getState().latency !== null) this.store.setState({ latency: null })
      return
    }
    // The same picture with a newer figure beside it is not a newer picture.
    if (look.capturedAt === this.#lastCapture) return
    this.#lastCapture = look.capturedAt
    this.#latency.record(look.capturedAt, this.#clock.now(), this.#clocks.offsetMillis)
    const now = this.#clock.monotonic()
    if (now - this.#latencyShownAt < LATENCY_SHOWN_EVERY_MILLIS) return
    this.#latencyShownAt = now
    const millis = this.#latency.medianMillis
    if (millis === null) return
    this.store.setState({ latency: { millis, errorMillis: this.#clocks.roundTripMillis / 2 } })
  }

  /** Shows another agent's episodes; null leaves the choice to the server. */
  follow = (agent: string | null): void => {
    this.stage.clear()
    this.store.setState({ followed: agent, started: null, ended: null })
    this.#connection.follow(agent)
  }

  /** Asks for the rows before the oldest one held; does nothing while an answer is awaited. */
  loadOlder = (): void => {
    const { rows, more, olderRequest } = this.store.getState()
    const before = rows.at(-1)?.episode
    if (!more || olderRequest !== null || before === undefined) return
    const request = ++this.#request
    const sent = this.#connection.send({
      type: 'list_episodes',
      request,
      before,
      limit: OLDER_PAGE,
    })
    if (sent) this.store.setState({ olderRequest: request })
  }

  /** Fetches an episode and replays it here; takes the place of an earlier replay. */
  openEpisode = (episode: number): void => {
    const request = ++this.#request
    this.stage.closeReplay()
    const sent = this.#connection.send({ type: 'get_episode', request, episode })
    this.store.setState({
      replay: sent
        ? { phase: 'loading', episode, request }
        : { phase: 'failed', episode, message: 'there is no connection to the server' },
    })
  }

  /** Opens the episode listed `rows` places after (newer) or before (older) the replayed one. */
  openNeighbour = (rows: 1 | -1): void => {
    const { replay, rows: held } = this.store.getState()
    const index = held.findIndex(row => row.episode === replay?.episode)
    const row = index < 0 ? undefined : held[index - rows]
    if (row !== undefined) this.openEpisode(row.episode)
  }

  backToLive = (): void => {
    this.stage.closeReplay()
    this.store.setState({ replay: null })
  }

  togglePlaying = (): void =>
    this.#move((playhead, offsets, now) =>
      playhead.playing
        ? playback.pause(playhead, offsets, now)
        : playback.play(playhead, offsets, now),
    )

  setSpeed = (speed: playback.Speed): void =>
    this.#move((playhead, offsets, now) => playback.setSpeed(playhead, offsets, now, speed))

  /** One speed up or down; stays at the ends. */
  shiftSpeed = (by: 1 | -1): void =>
    this.#move((playhead, offsets, now) => {
      const speed = playback.speeds[playback.speeds.indexOf(playhead.speed) + by]
      return speed === undefined ? playhead : playback.setSpeed(playhead, offsets, now, speed)
    })

  seek = (index: number): void =>
    this.#move((playhead, offsets, now) => playback.seek(playhead, offsets, now, index))

  stepBy = (steps: number): void =>
    this.#move((playhead, offsets, now) => playback.stepBy(playhead, offsets, now, steps))

  dismissProblem = (): void => this.store.setState({ problem: null })
  dismissInvalid = (): void => this.store.setState({ invalid: initialState.invalid })
  dismissToast = (toast: Milestone): void =>
    this.store.setState(({ toasts }) => ({ toasts: toasts.filter(other => other !== toast) }))

  #move(
    move: (
      playhead: playback.Playhead,
      offsets: playback.Offsets,
      now: number,
    ) => playback.Playhead,
  ): void {
    const now = this.#clock.monotonic()
    this.stage.movePlayhead((playhead, offsets) => move(playhead, offsets, now))
  }

  #receive(message: ServerMessage): void {
    const before = this.store.getState()
    const after = reduce(before, message)
    this.store.setState(after, true)
    if (message.type === 'state_update') {
      if (this.#isFollowed(message.agent)) this.stage.offerState(message)
    } else if (message.type === 'milestone') this.#toast(message)
    else if (message.type === 'connection_established' && after.run !== before.run) {
      this.stage.closeReplay()
      this.stage.clear()
    } else if (message.type === 'episode' && after.replay !== before.replay) {
      this.stage.openReplay(message.request ?? 0, message, this.#clock.monotonic())
    }
  }

  #receiveFrame(frame: FrameMessage): void {
    if (frame.request !== 0 || this.#isFollowed(frame.agent)) this.stage.offerFrame(frame)
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

  #toast(milestone: Milestone): void {
    const serverNow = this.#clock.now() + (this.#clocks?.offsetMillis ?? 0)
    if (milestone.time < serverNow - NEWS_MILLIS) return
    this.store.setState(({ toasts }) => ({ toasts: [milestone, ...toasts].slice(0, TOASTS_MAX) }))
    this.#clock.schedule(TOAST_MILLIS, () => this.dismissToast(milestone))
  }
}

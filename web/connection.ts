// A viewer's end of rollcast.v1+json: hello, resume, validation, pings and coming back. It knows no
// browser: sockets, time and chance are handed in. Whatever the server sends, nothing is thrown: a
// message that does not fit the schema is counted and reported.
import * as v from 'valibot'
import type { Clock } from '../src/base/clock.ts'
import { describeError } from '../src/base/errors.ts'
import type { Random } from '../src/base/random.ts'
import type { ClientMessage } from '../src/protocol/client-messages.ts'
import { decodeFrameMessage, type FrameMessage } from '../src/protocol/frame-message.ts'
import { stringifyMessage } from '../src/protocol/message-text.ts'
import { comparePositions, type Position } from '../src/protocol/position.ts'
import { type ServerMessage, serverMessageSchema } from '../src/protocol/server-messages.ts'
import { shouldReconnect, VIEWER_PROTOCOL_VERSION } from '../src/protocol/viewer-protocol.ts'
import { addSample, bestSample, type ClockSample, sampleOf } from './clock-sync.ts'
import { type FramePreference, firstPreference } from './encoding-choice.ts'

/** An open or opening socket. */
export interface Socket {
  send(text: string): void
  close(): void
}

export interface SocketEvents {
  onOpen(): void
  onMessage(data: string | Uint8Array): void
  /** Once, with the close code (1006 when there was none); nothing comes after it. */
  onClose(code: number): void
}

/**
 * `connecting`: the first attempt, or one after a pause. `open`: the server has answered.
 * `reconnecting`: the link was lost and the next attempt is `retryAt` (monotonic milliseconds).
 * `refused`: the server said not to come back.
 */
export type ConnectionState =
  | { readonly phase: 'connecting'; readonly attempt: number }
  | { readonly phase: 'open' }
  | { readonly phase: 'reconnecting'; readonly attempt: number; readonly retryAt: number }
  | { readonly phase: 'refused'; readonly code: number }

interface ConnectionEvents {
  onState(state: ConnectionState): void
  onMessage(message: ServerMessage): void
  onFrame(frame: FrameMessage): void
  /** A message that does not fit the schema, with what is wrong with it. */
  onInvalid(problem: string): void
  onClock(best: ClockSample): void
}

export interface ConnectionOptions {
  readonly openSocket: (events: SocketEvents) => Socket
  readonly clock: Clock
  readonly random: Random
  readonly events: ConnectionEvents
}

export const backOff = { firstMillis: 500, maxMillis: 15_000 } as const
/** A link that stood this long was a good one: the next back-off starts from the beginning. */
const SETTLED_MILLIS = 5_000
const PING_MILLIS = 5_000
/** The first pings come quickly, so that the first latency shown is already right. */
const QUICK_PINGS = 4
const QUICK_PING_MILLIS = 250
/** Without a word for this long the link is taken for dead. */
const SILENCE_MILLIS = 15_000

/** A message may be wrong at length. */
const INVALID_CHARACTERS_MAX = 80

type Following = { readonly agent: string | null } | { readonly agents: string[] }

const HELLO = {
  type: 'hello',
  v: VIEWER_PROTOCOL_VERSION,
  delivery: 'newest',
} as const

/** Milliseconds before attempt `attempt` (from 1): doubling to 15 s, between half and all of it. */
export function backOffMillis(attempt: number, random: Random): number {
  const full = Math.min(backOff.maxMillis, backOff.firstMillis * 2 ** Math.min(16, attempt - 1))
  return full / 2 + (full / 2) * random.next()
}

/** Keeps one viewer connected from `start` to `stop`. */
export class Connection {
  readonly #options: ConnectionOptions
  #socket: Socket | null = null
  /** Events of sockets of earlier generations are ignored. */
  #generation = 0
  #attempt = 0
  #openedAt: number | null = null
  #heardAt = 0
  #pings = 0
  #position: Position | null = null
  /** The run of that position. */
  #run: string | null = null
  #following: Following = { agent: null }
  #preference: FramePreference = firstPreference
  #samples: readonly ClockSample[] = []
  #cancelTimer = (): void => {}

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** The newest place of the log that this viewer has seen; null before the first. */
  get position(): Position | null {
    return this.#position
  }

  /** Opens a socket now, whatever the state; also the user's "try again". */
  start(): void {
    this.#drop()
    this.#options.events.onState({ phase: 'connecting', attempt: this.#attempt })
    const generation = this.#generation
    const ifCurrent =
      <A extends unknown[]>(handle: (...args: A) => void) =>
      (...args: A): void => {
        if (generation === this.#generation) handle(...args)
      }
    this.#heardAt = this.#options.clock.monotonic()
    this.#socket = this.#options.openSocket({
      onOpen: ifCurrent(() => this.#greet()),
      onMessage: ifCurrent(data => this.#receive(data)),
      onClose: ifCurrent(code => this.#closed(code)),
    })
    this.#schedulePing()
  }

  /** Closes for good; nothing is reported any more. */
  stop(): void {
    this.#drop()
  }

  /** Sends a message; false when there is no open link, and then it is not kept for later. */
  send(message: ClientMessage): boolean {
    if (this.#socket === null || this.#openedAt === null) return false
    this.#socket.send(stringifyMessage(message))
    return true
  }

  /** Follows an agent, or several, now and after every reconnect; null leaves it to the server. */
  follow(agents: string | null | readonly string[]): void {
    const isOne = typeof agents === 'string' || agents === null
    this.#following = isOne ? { agent: agents } : { agents: [...agents] }
    this.send({ type: 'set', ...this.#following })
  }

  /** Says how frames shall come, now and after every reconnect. */
  prefer(preference: FramePreference): void {
    this.#preference = preference
    this.send({ type: 'set', ...preference })
  }

  #greet(): void {
    this.#heardAt = this.#options.clock.monotonic()
    this.#openedAt = this.#heardAt
    // After a sleep the clocks may stand elsewhere.
    this.#samples = []
    this.send({
      ...HELLO,
      ...this.#preference,
      ...this.#following,
      ...(this.#position === null ? {} : { resume: this.#resume(this.#position) }),
    })
  }

  /** At the root of a server of several runs another one may have begun meanwhile. */
  #resume(position: Position) {
    return this.#run === null ? position : { ...position, run: this.#run }
  }

  #receive(data: string | Uint8Array): void {
    this.#heardAt = this.#options.clock.monotonic()
    const { events } = this.#options
    const received = typeof data === 'string' ? parseMessage(data) : parseFrame(data)
    if ('invalid' in received) events.onInvalid(received.invalid)
    else if ('pixels' in received) events.onFrame(received)
    else {
      this.#note(received)
      events.onMessage(received)
      // Whoever waits for the link finds what its first message told.
      if (received.type === 'connection_established') events.onState({ phase: 'open' })
    }
  }

  #note(message: ServerMessage): void {
    if (message.type === 'connection_established') {
      // A new run counts from its own beginning; only a continued one may not go back. Where the
      // server stands is not reached yet: what was missed follows, and after it a message that
      // tells a position. A link that breaks in between has to miss it again.
      if (message.continuation !== 'resume') this.#position = null
      this.#run = message.run
      this.#pings = 0
      this.#ping()
    } else if (message.type === 'state_update') this.#reach(message.position_in_log)
    else if (message.type === 'system') this.#reach(message.newest)
    else if (message.type === 'pong') this.#hearPong(message.client_time, message.server_time)
  }

  #reach(position: Position): void {
    if (this.#position === null || comparePositions(position, this.#position) > 0) {
      this.#position = position
    }
  }

  #hearPong(sent: number, serverTime: number): void {
    const sample = sampleOf(sent, serverTime, this.#options.clock.now())
    if (sample === null) return
    this.#samples = addSample(this.#samples, sample)
    const best = bestSample(this.#samples)
    if (best !== null) this.#options.events.onClock(best)
  }

  #schedulePing(): void {
    this.#cancelTimer()
    const delay = this.#pings < QUICK_PINGS ? QUICK_PING_MILLIS : PING_MILLIS
    this.#cancelTimer = this.#options.clock.schedule(delay, () => {
      const silence = this.#options.clock.monotonic() - this.#heardAt
      if (silence >= SILENCE_MILLIS) this.#closed(1006)
      else this.#ping()
    })
  }

  #ping(): void {
    const sent = this.send({ type: 'ping', client_time: this.#options.clock.now() })
    if (sent) this.#pings++
    this.#schedulePing()
  }

  #closed(code: number): void {
    const { clock, random, events } = this.#options
    const settled = this.#openedAt !== null && clock.monotonic() - this.#openedAt >= SETTLED_MILLIS
    this.#drop()
    if (!shouldReconnect(code)) {
      this.#attempt = 0
      events.onState({ phase: 'refused', code })
      return
    }
    this.#attempt = settled ? 1 : this.#attempt + 1
    const delay = backOffMillis(this.#attempt, random)
    events.onState({
      phase: 'reconnecting',
      attempt: this.#attempt,
      retryAt: clock.monotonic() + delay,
    })
    this.#cancelTimer = clock.schedule(delay, () => this.start())
  }

  #drop(): void {
    this.#generation++
    this.#cancelTimer()
    this.#socket?.close()
    this.#socket = null
    this.#openedAt = null
  }
}

interface Invalid {
  /** What is wrong with it. */
  readonly invalid: string
}

function parseMessage(text: string): ServerMessage | Invalid {
  try {
    const result = v.safeParse(serverMessageSchema, JSON.parse(text))
    if (result.success) return result.output
    const [issue] = result.issues
    const where = v.getDotPath(issue) ?? 'message'
    return { invalid: `${where}: ${issue.message.slice(0, INVALID_CHARACTERS_MAX)}` }
  } catch (error) {
    return { invalid: describeError(error) }
  }
}

function parseFrame(bytes: Uint8Array): FrameMessage | Invalid {
  try {
    return decodeFrameMessage(bytes)
  } catch (error) {
    return { invalid: describeError(error) }
  }
}

// One viewer's connection: hello first, what it may send, how long it may stall, and how it ends.
// Whatever it sends ends at worst this connection (P13).
import { type ActorRefFrom, createActor } from 'xstate'
import type { Clock } from '../base/clock.ts'
import { machineClock } from '../machines/machine-clock.ts'
import { tell } from '../machines/tell.ts'
import { type ViewerEvent, viewerMachine } from '../machines/viewer.machine.ts'
import { limits } from '../protocol/limits.ts'
import type { Position } from '../protocol/position.ts'
import { isAllowed, messageVerbs, type Visitor } from '../protocol/rights.ts'
import {
  type ClientMessage,
  clientMessageSchema,
  closeCodes,
  type ServerMessage,
} from '../protocol/viewer-messages.ts'
import { Lane, type LaneCounters, type LaneSocket } from './lane.ts'
import { errorMessage, pongMessage } from './messages.ts'
import type { Previews } from './previews.ts'
import type { FinishedEpisode, History, Stage } from './publication.ts'
import { Requests } from './requests.ts'
import { SharedMessage } from './shared-message.ts'
import { Viewing } from './viewing.ts'

/** What a viewer needs of its socket; a WebSocket of `ws` fits. */
export interface ViewerSocket extends LaneSocket {
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown
  on(event: 'ping' | 'pong' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
}

/** The hub, as a viewer sees it. */
export interface ViewerHost {
  readonly clock: Clock
  readonly stage: Stage
  readonly history: History
  readonly previews: Previews
  readonly counters: LaneCounters & { built: number }
  wholeOf(finished: FinishedEpisode): SharedMessage
  /** The newest state update of the agent's open episode. */
  newestState(agent: string): SharedMessage | undefined
  /** Sends the first messages: what it missed since `resume`, or everything of now. */
  greet(viewer: Viewer, resume: Position | undefined): void
  forget(viewer: Viewer): void
}

const HELLO_MILLIS_MAX = 10_000
/** No progress for this long, and what waits is shed; the rest of 10 s later the viewer is cut. */
const STALL_MILLIS = 1000
const STALL_MILLIS_MAX = 10_000
/** Looked at once a second, so that from one ping to the next it is 15 s at most. */
const PING_MILLIS = 14_000
const PINGS_MISSED_MAX = 2
const BAD_MESSAGES_MAX = 3
const RATE_WINDOW_MILLIS = 60_000

export type CloseReason = keyof typeof closeCodes

const closings: Readonly<Record<string, { readonly code: number; readonly text: string }>> = {
  helloTimeout: { code: closeCodes.badProtocol, text: 'no hello within 10 s' },
  goingAway: { code: closeCodes.goingAway, text: 'the server stops or starts over; come back' },
  tooSlow: { code: closeCodes.tooSlow, text: 'nothing was read for 10 s' },
  tooManyMessages: { code: closeCodes.tooManyMessages, text: 'too many messages in a minute' },
  serverFull: {
    code: closeCodes.serverFull,
    text: `${limits.viewersMax} viewers are here already`,
  },
  badMessage: { code: closeCodes.badMessage, text: 'too many messages that do not fit the schema' },
  badProtocol: { code: closeCodes.badProtocol, text: 'expected a hello of this version first' },
  notAllowed: { code: closeCodes.notAllowed, text: 'the token was taken back or has expired' },
}

export class Viewer {
  readonly id: string
  readonly lane: Lane
  readonly viewing: Viewing
  readonly #host: ViewerHost
  readonly #socket: ViewerSocket
  readonly #visitor: Visitor
  readonly #requests: Requests
  readonly #machine: ActorRefFrom<typeof viewerMachine>
  #greeted = false
  #badMessages = 0
  #windowStart: number
  #windowCount = 0
  #pingAt: number
  #pingsUnanswered = 0

  constructor(id: string, socket: ViewerSocket, host: ViewerHost, visitor: Visitor) {
    const { clock, stage, history, counters } = host
    this.id = id
    this.#socket = socket
    this.#host = host
    this.#visitor = visitor
    this.#windowStart = this.#pingAt = clock.monotonic()
    this.lane = new Lane({
      clock,
      socket,
      counters,
      onBuilt: () => counters.built++,
      onSent: () => this.#sent(),
      onMissed: () => this.restart(),
    })
    const { lane } = this
    const mode = () => stage.mode
    this.#requests = new Requests({ history, lane, mode, now: () => clock.now() })
    this.viewing = new Viewing({
      clock,
      lane,
      stage,
      previews: host.previews,
      onFrameDropped: () => counters.dropped++,
      onProblem: problem => this.#tellRaw(problem),
      wholeOf: finished => host.wholeOf(finished),
      newestState: agent => host.newestState(agent),
    })
    this.#machine = createActor(viewerMachine, {
      clock: machineClock(clock),
      input: {
        helloMillisMax: HELLO_MILLIS_MAX,
        stallMillisMax: STALL_MILLIS_MAX - STALL_MILLIS,
      },
    })
    this.#machine.on('follow', () => this.#follow())
    this.#machine.on('shed', () => this.#shed())
    this.#machine.on('resync', () => this.#resync())
    this.#machine.on('close', ({ reason }) => this.#sendClose(reason))
    this.#machine.on('release', () => this.#release())
    this.#machine.start()
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    // Each is answered by the socket itself, past the lane: a peer that never reads gathers them.
    socket.on('ping', () => void this.#exceedsRate())
    socket.on('pong', () => {
      this.#pingsUnanswered = 0
    })
    // A close follows every error; it is the peer's trouble and no news to anybody else.
    socket.on('error', () => {})
    socket.on('close', () => this.#tell({ type: 'disconnected' }))
  }

  /** True from hello on, until it leaves. */
  get playing(): boolean {
    return this.#machine.getSnapshot().matches('playing')
  }

  /** True when it was sent its first messages already, so that further ones start it over. */
  greetedBefore = false

  /** Sends a close frame; the socket is destroyed if no answer comes in 2 s. */
  close(reason: CloseReason): void {
    this.#tell({ type: 'close', reason })
  }

  /** Destroys the socket now. */
  terminate(): void {
    this.#socket.terminate()
    this.#tell({ type: 'disconnected' })
  }

  /** Called once a second: credit, stalls and heartbeats. */
  tick(): void {
    this.viewing.reviewCredit()
    if (this.playing && this.lane.stalledMillis >= STALL_MILLIS) {
      this.#tell({ type: 'bufferFilled' })
    }
    const now = this.#host.clock.monotonic()
    if (now - this.#pingAt <= PING_MILLIS) return
    this.#pingAt = now
    if (this.#pingsUnanswered++ < PINGS_MISSED_MAX) this.#socket.ping()
    else this.terminate()
  }

  /** What was shown is void, or something was missed: gives up what waits and starts over. */
  restart(): void {
    if (!this.playing) return
    this.lane.clear()
    this.#host.greet(this, undefined)
    this.viewing.start()
  }

  #tell(event: ViewerEvent): void {
    tell(this.#machine, event)
  }

  #receive(data: unknown, isBinary: boolean): void {
    if (this.#leaving || this.#exceedsRate()) return
    const message = isBinary ? 'expected text, found a binary message' : parse(String(data))
    if (typeof message === 'string') this.#refuse(message)
    else if (message.type === 'hello') this.#hello(message)
    else if (!this.#greeted) this.close('badProtocol')
    else this.#obey(message)
  }

  get #leaving(): boolean {
    const state = this.#machine.getSnapshot()
    return state.matches('closing') || state.matches('closed')
  }

  #exceedsRate(): boolean {
    const now = this.#host.clock.monotonic()
    if (now - this.#windowStart >= RATE_WINDOW_MILLIS) {
      this.#windowStart = now
      this.#windowCount = 0
    }
    if (++this.#windowCount <= limits.viewerMessagesPerMinute) return false
    this.close('tooManyMessages')
    return true
  }

  #hello({ resume, ...preferences }: Extract<ClientMessage, { type: 'hello' }>): void {
    if (this.#greeted) {
      this.#refuse('expected one hello, found another')
      return
    }
    this.#greeted = true
    this.viewing.prefer(preferences)
    this.lane.release()
    this.#host.greet(this, resume)
    this.greetedBefore = true
    this.#tell({ type: 'helloReceived', mode: this.#mode })
  }

  #obey(message: Exclude<ClientMessage, { type: 'hello' }>): void {
    const { stage, clock } = this.#host
    if (!isAllowed(this.#visitor, messageVerbs[message.type])) {
      this.#forbid(message)
      return
    }
    switch (message.type) {
      case 'set':
        if (this.viewing.prefer(message)) {
          this.#tell({ type: 'modeChosen', mode: this.#mode })
        }
        break
      case 'list_episodes':
        this.#requests.list(message.request, message.before ?? null, message.limit)
        break
      case 'get_episode':
        this.#requests.get(message.request, message.episode)
        break
      case 'ping':
        this.#reply(pongMessage(stage.mode, message.client_time, clock.now()))
    }
  }

  get #mode(): 'live' | 'paced' {
    return this.viewing.delivery === 'paced' ? 'paced' : 'live'
  }

  #refuse(problem: string): void {
    // Before the hello nothing is sent but this and the close.
    if (!this.#greeted) this.lane.release()
    this.#reply(errorMessage(this.#host.stage.mode, null, 'BAD_MESSAGE', problem))
    if (!this.#greeted) this.close('badProtocol')
    else if (++this.#badMessages >= BAD_MESSAGES_MAX) this.close('badMessage')
  }

  #forbid(message: Exclude<ClientMessage, { type: 'hello' }>): void {
    const request = 'request' in message ? message.request : null
    const text = `a ${this.#visitor.identity} may not ${messageVerbs[message.type]}`
    this.#reply(errorMessage(this.#host.stage.mode, request, 'FORBIDDEN', text))
  }

  #reply(message: ServerMessage): void {
    this.lane.queue(SharedMessage.text(() => message, 256))
  }

  #tellRaw(problem: string): void {
    const text = `frames come as pixels, not as pictures: ${problem}`
    this.#reply(errorMessage(this.#host.stage.mode, null, 'UNAVAILABLE', text))
  }

  #sent(): void {
    if (this.#machine.getSnapshot().matches('stalled')) {
      if (this.lane.drained) this.#tell({ type: 'bufferDrained' })
      return
    }
    this.viewing.room()
    if (this.lane.roomy) {
      this.viewing.playback.pump()
      this.#requests.room()
    }
  }

  #follow(): void {
    this.lane.release()
    this.viewing.start()
  }

  #shed(): void {
    this.viewing.stop()
    this.lane.hold()
  }

  #resync(): void {
    this.lane.release()
    this.#host.greet(this, undefined)
  }

  #sendClose(reason: string): void {
    this.viewing.stop()
    this.#requests.close()
    this.lane.close()
    const { code, text } = closings[reason] ?? closings['goingAway']!
    this.#socket.close(code, text)
  }

  #release(): void {
    this.viewing.stop()
    this.#requests.close()
    this.lane.close()
    this.#socket.terminate()
    this.#host.forget(this)
  }
}

/** The message, or what is wrong with it. */
function parse(text: string): ClientMessage | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'expected JSON'
  }
  const result = clientMessageSchema.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  return `${issue.path.join('.') || 'message'}: ${issue.message}`.slice(0, 500)
}

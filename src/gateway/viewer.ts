// One viewer's connection: hello first, what it may send, how long it may stall, and how it ends.
// Whatever it sends ends at worst this connection (P13).
import { tell } from '../machines/tell.ts'
import type { ViewerEvent } from '../machines/viewer.machine.ts'
import {
  type ClientMessage,
  type ViewerChannel,
  viewerChannels,
} from '../protocol/client-messages.ts'
import { PredicateError } from '../protocol/predicate/syntax.ts'
import { isAllowed, messageVerbs, type Visitor } from '../protocol/rights.ts'
import { type CloseReason, closings } from './closings.ts'
import { Conduct } from './conduct.ts'
import { type Filter, readFilter } from './filter.ts'
import { Lane } from './lane.ts'
import { MetricsOutlet } from './metrics-outlet.ts'
import { STALL_MILLIS } from './outflow.ts'
import { readMessage } from './read-message.ts'
import { Replies } from './replies.ts'
import { Requests } from './requests.ts'
import { formOf } from './shared-message.ts'
import type { ViewerHost, ViewerSocket } from './viewer-host.ts'
import { startViewerLife } from './viewer-life.ts'
import { type Preferences, Viewing } from './viewing.ts'

export class Viewer {
  readonly id: string
  readonly lane: Lane
  readonly viewing: Viewing
  readonly metrics: MetricsOutlet
  readonly #host: ViewerHost
  readonly #socket: ViewerSocket
  readonly #visitor: Visitor
  readonly #requests: Requests
  readonly #replies: Replies
  readonly #conduct: Conduct
  readonly #machine: ReturnType<typeof startViewerLife>
  /** Of the machine, which is asked with every message. */
  #phase: 'connecting' | 'playing' | 'stalled' | 'leaving' = 'connecting'
  #greeted = false
  /** Whether the last room was used for metrics. */
  #metricsWent = false

  constructor(id: string, socket: ViewerSocket, host: ViewerHost, visitor: Visitor) {
    const { clock, stage, history, counters } = host
    this.id = id
    this.#socket = socket
    this.#host = host
    this.#visitor = visitor
    this.#conduct = new Conduct(clock)
    this.lane = new Lane({
      ...{ clock, socket, counters, backlog: host.backlog },
      form: formOf(socket.encoding, 'none'),
      onBuilt: () => counters.built++,
      onRoom: () => this.#room(),
      onMissed: () => this.restart(),
    })
    const { lane } = this
    const mode = () => stage.mode
    this.#requests = new Requests({ history, lane, mode, now: () => clock.now() })
    this.#replies = new Replies(clock, stage, lane)
    this.metrics = new MetricsOutlet({
      lane,
      messageOf: (names, withPoints) => host.metricsOf(names, withPoints),
      onReplaced: () => counters.dropped++,
    })
    this.viewing = new Viewing({
      clock,
      lane,
      stage,
      previews: host.previews,
      verdicts: host.verdicts,
      onFrameDropped: () => counters.dropped++,
      onProblem: problem => this.#replies.noPictures(problem),
      wholeOf: finished => host.wholeOf(finished),
      newestState: agent => host.newestState(agent),
      newestPicture: (agent, use) => host.newestPicture(agent, use),
    })
    this.#machine = startViewerLife(clock, {
      follow: () => this.#follow(),
      shed: () => this.#shed(),
      resync: () => this.#resync(),
      close: reason => this.#sendClose(reason),
      release: () => this.#release(),
    })
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    // The socket answers pings by itself; they count as messages do, or a flood of them would keep
    // the thread busy that serves all others. So do pongs that nobody asked for.
    socket.on('ping', () => void this.#isRefused())
    socket.on('pong', () => {
      if (!this.#conduct.answer()) void this.#isRefused()
    })
    // A close follows every error; it is the peer's trouble and no news to anybody else.
    socket.on('error', () => {})
    socket.on('close', () => this.#tell({ type: 'disconnected' }))
  }

  /** True from hello on, until it leaves. */
  get playing(): boolean {
    return this.#phase === 'playing'
  }

  get leaving(): boolean {
    return this.#phase === 'leaving'
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
    if (this.lane.review()) {
      // Who reads is there; the answer to a ping comes behind what it is reading.
      this.#conduct.answer()
      if (this.#phase === 'stalled') this.#tell({ type: 'bufferMoved' })
    }
    if (this.playing && this.lane.stalledMillis >= STALL_MILLIS) {
      this.#tell({ type: 'bufferFilled' })
    }
    const beat = this.#conduct.beat()
    if (beat === 'ping') this.#socket.ping()
    else if (beat === 'gone') this.terminate()
  }

  /** What was shown is void, or something was missed: gives up what waits and starts over. */
  restart(): void {
    if (!this.playing) return
    this.lane.clear()
    this.#host.greeting.greet(this, undefined)
    this.viewing.start()
  }

  #tell(event: ViewerEvent): void {
    tell(this.#machine, event)
  }

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (this.#isRefused()) return
    const message = readMessage(data, isBinary, this.#socket.encoding)
    if (typeof message === 'string') this.#refuse(message)
    else if (message.type === 'hello') this.#hello(message)
    else if (!this.#greeted) this.close('badProtocol')
    else this.#obey(message)
  }

  /** Whatever came in counts; true when nothing of this viewer is looked at any more. */
  #isRefused(): boolean {
    if (this.#phase === 'leaving') return true
    if (!this.#conduct.isTooMuch()) return false
    this.close('tooManyMessages')
    return true
  }

  #hello(hello: Extract<ClientMessage, { type: 'hello' }>): void {
    if (this.#greeted) {
      this.#refuse('expected one hello, found another')
      return
    }
    this.#greeted = true
    const { channels = viewerChannels, compression = 'none', where, ...preferences } = hello
    this.lane.agree(new Set(channels), formOf(this.#socket.encoding, compression))
    this.lane.release()
    // Whom it follows says what it has missed.
    this.viewing.prefer(preferences)
    this.#host.greeting.greet(this, hello.resume)
    this.greetedBefore = true
    // A filter that cannot be read is told behind the greeting.
    this.#prefer({ where })
    this.#tell({ type: 'helloReceived', mode: this.#mode })
  }

  #obey(message: Exclude<ClientMessage, { type: 'hello' }>): void {
    if (!isAllowed(this.#visitor, messageVerbs[message.type])) {
      this.#replies.forbidden(message, this.#visitor.identity)
      return
    }
    switch (message.type) {
      case 'set':
        this.#set(message)
        break
      case 'list_episodes':
        this.#requests.list(message)
        break
      case 'get_episode':
        this.#requests.get(message.request, message.episode)
        break
      case 'ping':
        this.#replies.pong(message)
    }
  }

  #set({ channels, ...preferences }: Extract<ClientMessage, { type: 'set' }>): void {
    const isElsewhere = this.#prefer(preferences)
    const shownBefore = this.lane.wants('episodes')
    if (channels !== undefined) this.#choose(new Set(channels))
    if (isElsewhere || this.lane.wants('episodes') !== shownBefore) {
      this.#tell({ type: 'modeChosen', mode: this.#mode })
    }
  }

  #choose(channels: ReadonlySet<ViewerChannel>): void {
    const added = new Set([...channels].filter(channel => !this.lane.wants(channel)))
    this.lane.agree(channels)
    this.#host.greeting.introduce(this, added)
    if (added.has('frames')) this.viewing.expectPictures()
  }

  /** Takes over what is given, but for an expression that cannot be read; true as `viewing.prefer`. */
  #prefer({ where, ...preferences }: Preferences & { where?: string | null | undefined }): boolean {
    return this.viewing.prefer(preferences, where === undefined ? undefined : this.#read(where))
  }

  /** Undefined, which changes nothing, when it cannot be read. */
  #read(where: string | null): Filter | null | undefined {
    try {
      return readFilter(where)
    } catch (error) {
      if (!(error instanceof PredicateError)) throw error
      this.#replies.failed(error)
      return undefined
    }
  }

  get #mode(): 'live' | 'paced' {
    return this.viewing.delivery === 'paced' ? 'paced' : 'live'
  }

  #refuse(problem: string): void {
    // Before the hello nothing is sent but this and the close.
    if (!this.#greeted) this.lane.release()
    this.#replies.badMessage(problem)
    if (!this.#greeted) this.close('badProtocol')
    else if (this.#conduct.isHopeless()) this.close('badMessage')
  }

  #room(): void {
    if (this.#phase === 'stalled') {
      if (this.lane.drained) this.#tell({ type: 'bufferDrained' })
      return
    }
    // In turns, so that neither frames nor metrics take all the room of a viewer that is slow.
    const framesFirst = this.#metricsWent
    if (framesFirst) this.viewing.room()
    this.#metricsWent = this.metrics.room()
    if (!framesFirst) this.viewing.room()
    if (this.lane.roomy) {
      this.viewing.playback.pump()
      this.#requests.room()
    }
  }

  #follow(): void {
    this.#phase = 'playing'
    this.lane.release()
    this.viewing.start()
    // Answers wait for room, which a viewer that was shed did not have.
    this.#requests.room()
  }

  #shed(): void {
    this.#phase = 'stalled'
    this.viewing.stop()
    this.lane.hold()
  }

  #resync(): void {
    this.#phase = 'playing'
    this.lane.release()
    this.#host.greeting.greet(this, undefined)
  }

  #sendClose(reason: string): void {
    this.#phase = 'leaving'
    this.viewing.stop()
    this.#requests.close()
    this.lane.close()
    const { code, text } = closings[reason] ?? closings['goingAway']!
    this.#socket.close(code, text)
  }

  #release(): void {
    this.#phase = 'leaving'
    this.viewing.stop()
    this.#requests.close()
    this.lane.end()
    this.#socket.terminate()
    this.#host.forget(this)
  }
}

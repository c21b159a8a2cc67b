// Viewers without a network: each has a real connection to the real hub through a socket whose
// other end reads as fast, as slowly or as little as the script says, and comes back by position.
import type { Hub } from '../../src/gateway/hub.ts'
import type { PreparedMessage } from '../../src/gateway/prepared-message.ts'
import type { ViewerSocket } from '../../src/gateway/viewer-host.ts'
import type { Position } from '../../src/protocol/position.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** A gateway that listens: the hub and the thread that it is in. */
export interface SimGateway {
  readonly hub: Hub
  readonly life: Life
}

/** How a viewer reads: as it comes, a message now and then, or not at all. */
export type Reading = 'fast' | 'slow' | 'stalled'

interface Sent {
  readonly message: PreparedMessage
  readonly weight: number
  /** Who wants to know when all up to here was taken. */
  readonly onTaken: (() => void)[]
}

type Listener = (...args: never[]) => void

export class SimSocket implements ViewerSocket {
  readonly encoding = 'json'
  /** Bytes that wait, as they are; `bufferedAmount` is what the socket says. */
  queued = 0
  largest = 0
  closedWith: number | undefined
  open = true
  readonly number: number
  readonly #world: World
  readonly #life: Life
  readonly #viewer: SimViewer
  readonly #listeners = new Map<string, Listener[]>()
  readonly #waiting: Sent[] = []
  #reads = false

  constructor(world: World, gateway: SimGateway, viewer: SimViewer) {
    this.#world = world
    this.#life = gateway.life
    this.#viewer = viewer
    this.number = world.sockets.length
    gateway.life.onDeath(() => this.cut())
  }

  get bufferedAmount(): number {
    return this.#world.plant.hidesBuffers ? 0 : this.queued
  }

  get untakenBytes(): number {
    return this.#waiting[0]?.weight ?? 0
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }

  send(message: PreparedMessage): void {
    if (!this.open) return
    const weight = message.frame.byteLength * (this.#world.plant.messageWeight ?? 1)
    this.queued += weight
    this.largest = Math.max(this.largest, weight)
    this.#waiting.push({ message, weight, onTaken: [] })
    this.read()
  }

  /** What waits in it; nothing of a connection that is gone. */
  get waiting(): readonly Sent[] {
    return this.#waiting
  }

  whenTaken(callback: () => void): void {
    this.#waiting.at(-1)?.onTaken.push(callback)
  }

  ping(): void {
    if (this.#viewer.reading === 'stalled') return
    this.#world.clock.schedule(1, () => this.#emit('pong'))
  }

  close(code: number): void {
    this.closedWith ??= code
    this.#world.clock.schedule(1, () => this.cut())
  }

  /** Its memory is free at once; what it was for hears of it in a moment. */
  terminate(): void {
    this.#forget()
    this.#world.clock.schedule(0, () => this.cut())
  }

  /** The connection is gone, for both sides. */
  cut(): void {
    if (!this.open) return
    this.open = false
    this.#forget()
    this.#emit('close')
    this.#viewer.disconnected(this)
  }

  say(message: unknown): void {
    const bytes = Buffer.from(JSON.stringify(message))
    this.#world.clock.schedule(this.#world.portDelay(), () => this.#emit('message', bytes, false))
  }

  /** The viewer's side takes what has arrived, at its pace. */
  read(): void {
    const { reading } = this.#viewer
    if (this.#reads || reading === 'stalled' || this.#waiting.length === 0) return
    this.#reads = true
    const delay = reading === 'fast' ? 1 : this.#world.faults.between(50, 400)
    this.#world.clock.schedule(delay, () => {
      this.#reads = false
      if (this.#viewer.reading === 'stalled' || !this.open) return
      const taken = this.#waiting.splice(0, this.#viewer.reading === 'fast' ? 1e9 : 1)
      for (const { message, weight } of taken) {
        this.queued -= weight
        const { payload, binary } = message
        if (!binary) this.#viewer.take(this, JSON.parse(Buffer.from(payload).toString()))
      }
      this.#life.enter(() => {
        for (const { onTaken } of taken) for (const tell of onTaken) tell()
      })
      this.read()
    })
  }

  #forget(): void {
    this.#waiting.length = 0
    this.queued = 0
  }

  #emit(event: string, ...args: unknown[]): void {
    this.#life.enter(() => {
      for (const listener of this.#listeners.get(event) ?? []) {
        ;(listener as (...args: unknown[]) => void)(...args)
      }
    })
  }
}

interface Heard {
  readonly type: string
  readonly request?: number | null
  readonly agent?: string
  readonly position?: Position
  readonly position_in_log?: Position
  readonly totals?: { readonly events: number }
  readonly continuation?: 'fresh' | 'resume' | 'resync'
}

export class SimViewer {
  reading: Reading = 'fast'
  /** The newest place that it has seen. */
  seen: Position | undefined
  socket: SimSocket | undefined
  /** The newest step that it was shown of each agent. */
  readonly shown = new Map<string, Position>()
  /** A step that came after a later one of the same agent; there must be none. */
  disorder: string | undefined
  /** What it was sent that it may not be sent; there must be none. */
  readonly improper: string[] = []
  delivery: 'newest' | 'paced' | 'whole' = 'newest'
  leaves = false
  readonly #world: World
  #greeted = false
  /** Of the connection; a greeting starts the viewer over. */
  #epoch = 0
  #greetings = 0
  #asked = new Set<number>()
  #requests = 0

  constructor(world: World) {
    this.#world = world
  }

  connect(gateway: SimGateway): void {
    const socket = new SimSocket(this.#world, gateway, this)
    this.socket = socket
    this.#greeted = false
    this.#asked = new Set()
    this.#world.sockets.push(socket)
    gateway.life.enter(() => gateway.hub.attach(socket))
  }

  greet(): void {
    this.#greeted = true
    const resume = this.seen === undefined ? {} : { resume: this.seen }
    this.socket?.say({ type: 'hello', v: 1, delivery: this.delivery, ...resume })
  }

  ask(episode: number | null): void {
    const request = ++this.#requests
    this.#asked.add(request)
    if (episode === null) this.socket?.say({ type: 'list_episodes', request, limit: 10 })
    else this.socket?.say({ type: 'get_episode', request, episode })
  }

  take(socket: SimSocket, message: Heard): void {
    if (socket !== this.socket) return
    const { type, request } = message
    if (!this.#greeted && type !== 'error') this.improper.push(`${type} before its hello`)
    const answers = typeof request === 'number'
    if (answers && !this.#asked.has(request)) this.improper.push(`an answer to ${request}`)
    if (type === 'connection_established' && message.continuation !== 'resume') {
      this.seen = undefined
    }
    if (message.position) {
      this.#epoch = message.position.epoch
      this.#greetings++
    }
    if (message.totals) {
      const position = { epoch: this.#epoch, seq: message.totals.events }
      this.#world.evidence.tell(`viewer ${socket.number}.${this.#greetings}`, position)
    }
    const place = message.position_in_log ?? message.position
    if (place !== undefined) this.#see(place)
    if (type === 'state_update' && place && message.agent) {
      const before = this.shown.get(message.agent)?.seq ?? 0
      const isBack = this.delivery === 'newest' && place.seq < before
      if (isBack) this.disorder ??= `a viewer got step ${place.seq} after ${before}`
      this.shown.set(message.agent, place)
    }
    if (type === 'connection_established') this.shown.clear()
  }

  disconnected(socket: SimSocket): void {
    if (socket === this.socket) this.socket = undefined
  }

  #see(place: Position): void {
    const { seen } = this
    const isNewer = !seen || place.epoch > seen.epoch
    if (isNewer || (place.epoch === seen.epoch && place.seq > seen.seq)) {
      this.seen = { epoch: place.epoch, seq: place.seq }
    }
  }
}

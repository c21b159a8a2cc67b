// A viewer as the page is one: it keeps the position of what it saw, the rows, milestones and insights
// that it was sent, and starts over when it is told to. What it checks of each message by itself is that
// nothing comes twice, late or in the wrong order.
import * as v from 'valibot'
import type { Position } from '../../../src/protocol/position.ts'
import { type ServerMessage, serverMessageSchema } from '../../../src/protocol/server-messages.ts'
import type { Invariants } from '../campaign.ts'
import { SlowSocket } from './slow-socket.ts'

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>

interface Playing {
  readonly episode: number
  readonly length: number
  nextStep: number
}

export class Client {
  socket: SlowSocket | undefined
  /** True from `connection_established` on. */
  established = false
  position: Position | undefined
  /** Episodes whose rows it holds, and milestones by their values; since it last started over. */
  readonly rows = new Set<number>()
  readonly milestones = new Set<number>()
  /** Numbers of insights. */
  readonly insights = new Set<number>()
  /** The newest request of each kind that is not answered. */
  readonly asked = new Map<string, number>()
  readonly #invariants: Invariants
  #requests = 0
  /** Of each agent the position of the newest state, and the episodes that were seen to end. */
  readonly #newest = new Map<string, number>()
  readonly #over = new Set<number>()
  /** The finished episode that is played to it, and the step that comes next. */
  #playing: Playing | undefined

  constructor(invariants: Invariants) {
    this.#invariants = invariants
  }

  get connected(): boolean {
    return this.socket !== undefined && !this.socket.gone
  }

  connect(
    attach: (socket: SlowSocket) => void,
    hello: { delivery?: string },
    resume: boolean,
  ): void {
    this.socket?.hangUp()
    this.established = false
    this.#playing = undefined
    this.asked.clear()
    const socket = new SlowSocket(this.#invariants, (data, binary) => {
      if (!binary && socket === this.socket) this.#receive(data)
    })
    this.socket = socket
    attach(socket)
    const position = resume && this.position ? { resume: this.position } : {}
    socket.say({ type: 'hello', v: 1, max_fps: 10, step_delay: 0.05, ...hello, ...position })
  }

  prefer(preferences: Readonly<Record<string, unknown>>): void {
    if (!this.established) return
    this.socket?.say({ type: 'set', ...preferences })
  }

  ask(kind: 'list_episodes' | 'get_episode', episode: number): void {
    if (!this.established || !this.connected) return
    const request = ++this.#requests
    this.asked.set(kind, request)
    const rest = kind === 'get_episode' ? { episode } : {}
    this.socket?.say({ type: kind, request, ...rest })
  }

  #receive(data: Uint8Array): void {
    const message = v.parse(serverMessageSchema, JSON.parse(new TextDecoder().decode(data)))
    if ('request' in message && message.request !== null) this.#answered(message.request)
    switch (message.type) {
      case 'connection_established':
        this.#establish(message)
        break
      case 'episodes':
        if (message.request === null) for (const row of message.rows) this.rows.add(row.episode)
        break
      case 'milestone':
        this.milestones.add(message.value)
        break
      case 'insight':
        this.insights.add((message.data as { number: number }).number)
        break
      case 'system':
        this.#reach(message.newest)
        break
      case 'state_update':
        this.#reach(message.position_in_log)
        if (this.#playing?.episode === message.episode) this.#checkPlayed(message, this.#playing)
        else this.#checkNewest(message)
        break
      case 'episode_start':
        // Only of one that has ended is the length known: it is played from its first step on.
        if (message.survival_steps !== null) {
          const { episode, survival_steps: length } = message
          this.#playing = { episode, nextStep: 0, length }
        }
        break
      case 'episode_end':
        this.#end(message)
    }
  }

  #answered(request: number): void {
    for (const [kind, asked] of this.asked) if (asked === request) this.asked.delete(kind)
  }

  #establish(message: Message<'connection_established'>): void {
    this.established = true
    this.#invariants.saw(message.continuation)
    this.#playing = undefined
    this.#newest.clear()
    this.#over.clear()
    if (message.continuation !== 'resume') {
      this.position = undefined
      this.rows.clear()
      this.milestones.clear()
      this.insights.clear()
    }
  }

  #reach(position: Position): void {
    const { epoch, seq } = this.position ?? { epoch: -1, seq: -1 }
    if (position.epoch > epoch || (position.epoch === epoch && position.seq > seq)) {
      this.position = position
    }
  }

  /** Lossy: some are missing, none is older than one before it, none of an episode that is over. */
  #checkNewest({ agent, episode, position_in_log: { seq } }: Message<'state_update'>): void {
    const before = this.#newest.get(agent) ?? 0
    this.#newest.set(agent, seq)
    this.#invariants.note(13, seq >= before, () => `${agent}: state ${seq} after ${before}`)
    const open = !this.#over.has(episode)
    this.#invariants.note(13, open, () => `a state of episode ${episode} after its end`)
  }

  /** Lossless: every step comes, in order. */
  #checkPlayed({ episode, step }: Message<'state_update'>, playing: Playing): void {
    const next = step === playing.nextStep++
    this.#invariants.note(12, next, () => `step ${step} of ${episode}, not ${playing.nextStep - 1}`)
  }

  #end({ episode }: Message<'episode_end'>): void {
    const playing = this.#playing
    if (playing?.episode !== episode) {
      this.#over.add(episode)
      return
    }
    this.#playing = undefined
    const whole = playing.nextStep === playing.length
    this.#invariants.note(12, whole, () => `${playing.nextStep} of ${playing.length} steps came`)
  }
}

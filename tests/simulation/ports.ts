// Simulated channels between threads, with the contract of a MessagePort and nothing more: messages
// are copies, keep their order, take some time, are held until somebody listens, and reach nobody
// once either end is closed or its thread is dead. Different channels overtake each other freely.
import type { MessagePortLike } from '../../src/streams/port.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

type Listener = (message: unknown) => void

/** A message on its way; `close` is the other end's last word. */
interface Travelling {
  readonly at: number
  readonly message: unknown
  readonly close: boolean
}

export class SimPort implements MessagePortLike {
  /** The channel that it belongs to, once that is known. */
  channel = ''
  /** The thread that holds this end. */
  owner: Life
  other!: SimPort
  closed = false
  /** Of the messages posted here: handed over at the other end, lost with a death, on their way. */
  readonly counts = { posted: 0, handed: 0, lost: 0, inside: 0 }
  readonly #world: World
  readonly #travelling: Travelling[] = []
  #early: unknown[] = []
  #listeners: Listener[] = []

  constructor(world: World, owner: Life) {
    this.#world = world
    this.owner = owner
    this.own(owner)
  }

  /** Moves this end to another thread. */
  own(owner: Life): void {
    this.owner = owner
    owner.onDeath(() => {
      if (this.owner === owner) this.#abandon()
    })
  }

  postMessage(message: unknown): void {
    const sent = this.#world.plant.post?.(this.channel, message) ?? message
    this.#world.evidence.posted(this, sent)
    if (this.closed || this.other.closed) return
    this.counts.posted++
    if (this.#world.plant.loses?.(this.channel, sent)) return
    this.counts.inside++
    this.#send(copyMessage(sent), false)
  }

  on(_event: 'message', listener: Listener): void {
    this.#listeners.push(listener)
    if (this.#early.length > 0) this.#world.clock.schedule(0, () => this.#deliverEarly())
  }

  off(_event: 'message', listener: Listener): void {
    this.#listeners = this.#listeners.filter(other => other !== listener)
  }

  close(): void {
    if (this.closed) return
    this.#send(undefined, true)
    this.closed = true
  }

  #send(message: unknown, close: boolean): void {
    const { clock } = this.#world
    const now = clock.monotonic()
    const last = this.#travelling.at(-1)
    // What leaves in one turn arrives in one.
    const company = last !== undefined && last.at >= now
    const at = company ? last.at : now + this.#world.portDelay()
    this.#travelling.push({ at, message, close })
    if (!company) clock.schedule(at - now, () => this.#arrive())
  }

  #arrive(): void {
    const now = this.#world.clock.monotonic()
    const due = this.#travelling.filter(({ at }) => at <= now)
    this.#travelling.splice(0, due.length)
    for (const { message, close } of due) {
      if (close) {
        this.other.owner.enter(() => this.other.#shut())
        continue
      }
      if (this.other.owner.dead) this.#lose(1)
      else this.other.owner.enter(() => this.other.#receive(message))
    }
  }

  #receive(message: unknown): void {
    if (this.closed) this.other.#lose(1)
    else if (this.#listeners.length === 0 || this.#early.length > 0) this.#early.push(message)
    else this.#hand(message)
  }

  #deliverEarly(): void {
    this.owner.enter(() => {
      for (const message of this.#early.splice(0)) this.#hand(message)
    })
  }

  #hand(message: unknown): void {
    this.other.counts.handed++
    this.other.counts.inside--
    this.#world.evidence.delivered(this, message)
    for (const listener of this.#listeners) listener(message)
  }

  /** Its thread is gone. What it had posted arrives, and then the other end closes too. */
  #abandon(): void {
    if (this.closed) return
    this.other.#lose(this.#early.length)
    this.#early = []
    this.close()
  }

  #lose(count: number): void {
    this.counts.lost += count
    this.counts.inside -= count
  }

  #shut(): void {
    if (this.closed) return
    this.closed = true
    this.other.#lose(this.#early.length)
    this.#early = []
    this.other.owner.enter(() => {
      this.other.closed = true
    })
  }
}

/** What a structured clone gives, for what actors send; throws for what cannot be cloned. */
export function copyMessage(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new Error(`DataCloneError: ${String(value)} cannot be sent`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value.slice()
  if (Array.isArray(value)) return value.map(copyMessage)
  if (value instanceof SimPort || value instanceof SharedArrayBuffer) return value
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return structuredClone(value)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    copy[key] = copyMessage((value as Record<string, unknown>)[key])
  }
  return copy
}

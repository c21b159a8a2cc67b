// What was seen to happen, in order, for the invariants to look through. Lists only grow; every
// invariant keeps its own place in them, so that a look after each step is cheap.

import type { Position } from '../../src/protocol/position.ts'
import type { ActorReport } from '../../src/protocol/thread-messages.ts'
import type { Contribution } from '../../src/store/event-log.ts'
import type { Write } from '../../src/store/storage.ts'
import { Ledger } from './ledger.ts'
import type { Life } from './life.ts'
import type { SimPort } from './ports.ts'
import type { SimProcess } from './process.ts'

/** One call of `append` by a recorder, and what became of it. */
export interface Append {
  readonly life: Life
  readonly epoch: number
  readonly contribution: Contribution
  readonly firstSeq: number
  readonly count: number
  readonly duplicate: boolean
  /** The producer's position before it. */
  readonly before: number
  readonly at: number
  readonly process: SimProcess
  settled: 'durable' | 'rejected' | undefined
}

/** A position that somebody was told. */
export interface Told {
  readonly to: string
  readonly position: Position
  /** The last event on the disk then. */
  readonly landed: number
}

export interface Beat {
  readonly life: Life
  readonly report: Extract<ActorReport, { type: 'heartbeat' }>
  /** The last event that this life's recorder offered to viewers, and the last that it posted. */
  readonly offeredLive: number
  readonly postedLive: number
}

/** A batch of the live feed, as it reached a port of the broadcaster. */
export interface LiveItem {
  readonly port: SimPort
  readonly epoch: number
  readonly firstSeq: number
}

export class Evidence {
  readonly ledger = new Ledger()
  readonly epochs: number[] = []
  readonly appends: Append[] = []
  /** In the order of their answers. */
  readonly acks: Append[] = []
  readonly failedWriters = new Set<Life>()
  /** Recorders that showed what the log could not take: it has no place in the log. */
  readonly sealed = new Set<Life>()
  readonly told: Told[] = []
  readonly beats: Beat[] = []
  readonly liveItems: LiveItem[] = []
  readonly states: Extract<ActorReport, { type: 'state' }>[] = []
  ports: SimPort[] = []
  readonly lives: Life[] = []
  /** Monotonic times of starts and ends of actors, by process. */
  readonly starts: {
    readonly process: number
    readonly at: number
    readonly isRestart: boolean
  }[] = []
  /** What threads have read of the log. */
  readonly readBatches: { readonly firstSeq: number; readonly records: Uint8Array }[] = []
  readonly #offeredLive = new Map<Life, number>()
  readonly #postedLive = new Map<Life, number>()

  /** Ports that are in use; the others are forgotten. */
  openPorts(): readonly SimPort[] {
    if (this.ports.length > 200) this.ports = this.ports.filter(port => !port.closed)
    return this.ports
  }

  began(epoch: number): void {
    this.epochs.push(epoch)
  }

  landed(epoch: number, newest: number, writes: readonly Write[]): void {
    this.ledger.land(epoch, newest, writes)
  }

  failed(writer: Life): void {
    this.failedWriters.add(writer)
  }

  appended(append: Append): void {
    this.appends.push(append)
    if (append.count > 0) {
      this.#offeredLive.set(append.life, append.firstSeq + append.count - 1)
    }
  }

  acknowledged(append: Append): void {
    append.settled = 'durable'
    this.acks.push(append)
  }

  tell(to: string, position: Position): void {
    this.told.push({ to, position, landed: this.ledger.lastSeq })
  }

  posted(port: SimPort, message: unknown): void {
    const items = itemsOf(message)
    if (port.channel === 'recorder.live') {
      const last = items.at(-1) as { firstSeq: number; count: number } | undefined
      if (last) this.#postedLive.set(port.owner, last.firstSeq + last.count - 1)
    }
  }

  delivered(port: SimPort, message: unknown): void {
    for (const item of itemsOf(message)) {
      if (port.channel.endsWith('.durable')) {
        this.tell(`${port.channel} of ${port.owner.name}`, item as Position)
      } else if (port.channel === 'recorder.live') {
        const { epoch, firstSeq } = item as LiveItem
        this.liveItems.push({ port, epoch, firstSeq })
      }
    }
  }

  reported(life: Life, report: ActorReport): void {
    if (report.type === 'state') this.states.push(report)
    else if (report.type === 'noted' && 'sealed' in report.facts) this.sealed.add(life)
    else if (report.type === 'heartbeat') {
      const offeredLive = this.#offeredLive.get(life) ?? 0
      const postedLive = this.#postedLive.get(life) ?? 0
      this.beats.push({ life, report, offeredLive, postedLive })
    }
  }
}

const itemsOf = (message: unknown): readonly unknown[] =>
  (message as { items?: readonly unknown[] }).items ?? []

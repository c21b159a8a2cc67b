// Actors without threads, for tests of the host: they do what the test says, when it says so.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { SimulatedClock } from '../../src/base/clock.ts'
import {
  type ActorCommand,
  type ActorReport,
  type ActorStart,
  type HistoryAnswer,
  type HistoryQuery,
  heartbeatMillis,
  type SystemNotice,
} from '../../src/protocol/thread-messages.ts'
import { Host, type HostOptions } from '../../src/runtime/host.ts'
import type { Previews } from '../../src/runtime/host-links.ts'
import type { ActorHandle } from '../../src/runtime/spawn.ts'
import { type ActorKind, recordingTopology, type Topology } from '../../src/runtime/topology.ts'
import type { MessagePortLike } from '../../src/streams/port.ts'

/** What the pool says that found nothing. */
export const failedOf = (query: unknown): HistoryAnswer => ({
  ...{ id: (query as HistoryQuery).id, kind: 'failed', code: 'NOT_FOUND', message: 'nothing' },
})

/** Whoever makes pictures, and was asked this. */
export class FakePreviews implements Previews {
  readonly asked: string[] = []
  onLost = (): void => {}

  connect(channel: string, port: MessagePortLike): void {
    this.asked.push(`connect ${channel}`)
    port.close()
  }

  start(): void {
    this.asked.push('start')
  }

  stop(): void {
    this.asked.push('stop')
  }

  counters(): [] {
    return []
  }
}

export class FakeActor implements ActorHandle {
  readonly kind: ActorKind
  readonly start: ActorStart
  readonly commands: ActorCommand[] = []
  /** The ports that it was given, by channel, each of them once. */
  readonly ports = new Map<string, MessagePort[]>()
  killed = false
  alive = true
  /** Beats its heart when time passes. */
  beating = true
  /** Ends when it is asked to drain. */
  obedient = true
  /** Ends when it is killed. */
  mortal = true
  #report: (report: ActorReport) => void = () => {}
  #ended: (error: Error | undefined) => void = () => {}

  constructor(kind: ActorKind, start: ActorStart) {
    this.kind = kind
    this.start = start
  }

  command(command: ActorCommand): void {
    this.commands.push(command)
    if (command.type === 'connect') {
      const port = command.port as MessagePort
      this.ports.set(command.channel, [...(this.ports.get(command.channel) ?? []), port])
    }
    if (command.type === 'drain' && this.obedient) this.end()
  }

  onReport(listener: (report: ActorReport) => void): void {
    this.#report = listener
  }

  onEnd(listener: (error: Error | undefined) => void): void {
    this.#ended = listener
  }

  kill(): void {
    this.killed = true
    if (this.mortal) this.end()
  }

  /** Its thread is gone. */
  end(error?: Error): void {
    if (!this.alive) return
    this.alive = false
    this.#ended(error)
  }

  tell(report: ActorReport): void {
    this.#report(report)
  }

  become(to: string, from = '', reason: string | null = null): void {
    this.tell({ type: 'state', machine: this.kind, from, to, reason })
  }

  ready(detail: unknown = { of: this.kind }): void {
    this.become('running')
    this.tell({ type: 'ready', detail })
  }

  beat(lag: number | null = null, detail: unknown = null): void {
    this.tell({ type: 'heartbeat', lag, channels: [], detail })
  }

  refuse(code: string, message: string): void {
    this.tell({ type: 'failed', code, message, refused: true })
    this.end(new Error(message))
  }

  /** The last command but for connections. */
  get asked(): ActorCommand | undefined {
    return this.commands.findLast(command => command.type !== 'connect')
  }
}

export const CLOSE_MILLIS_MAX = 5_000

export function hostOf(options: Partial<HostOptions> = {}, topology?: Topology) {
  const clock = new SimulatedClock()
  const spawned: FakeActor[] = []
  const started: unknown[] = []
  const ended: unknown[] = []
  const notes: unknown[] = []
  const cutOff: string[] = []
  const late: string[] = []
  const statuses: SystemNotice[] = []
  const lines: string[] = []
  /** What the machine has none of. */
  const lacking = { threads: false }
  const host = new Host({
    topology:
      topology ??
      recordingTopology({ live: true, encoderPlacement: 'thread', logPlacement: 'thread' }),
    configs: { recorder: { runDir: 'r' } },
    clock,
    random: { next: () => 0, below: () => 0 },
    spawn: (kind, start) => {
      if (lacking.threads) throw new Error('no thread')
      const actor = new FakeActor(kind, start)
      spawned.push(actor)
      return actor
    },
    openChannel: () => new MessageChannel(),
    closeMillisMax: CLOSE_MILLIS_MAX,
    faults: false,
    trainerCost: () => null,
    onCutOff: name => cutOff.push(name),
    answer: async query => failedOf(query),
    previews: new FakePreviews(),
    onStarted: detail => started.push(detail),
    onNote: facts => notes.push(facts),
    onStatus: status => statuses.push(status),
    log: (level, _fields, message) => lines.push(`${level}: ${message}`),
    onLate: names => late.push(...names),
    onEnded: problem => ended.push(problem),
    ...options,
  })

  /** The newest life of an actor. */
  const actor = (kind: ActorKind): FakeActor => {
    const found = spawned.findLast(one => one.kind === kind)
    if (found === undefined) throw new Error(`${kind} was never started`)
    return found
  }

  return {
    host,
    clock,
    spawned,
    started,
    ended,
    notes,
    cutOff,
    late,
    statuses,
    lines,
    lacking,
    actor,
    /** How often an actor was started. */
    lives: (kind: ActorKind): number => spawned.filter(one => one.kind === kind).length,
    /** Starts everything: each actor is ready as soon as it is started. */
    run(): void {
      host.start()
      for (let i = 0; i < spawned.length; i++) spawned[i]?.ready()
    },
    /** Lets time pass, in which every living actor that beats is heard. */
    pass(millis: number): void {
      for (let left = millis; left > 0; left -= heartbeatMillis) {
        for (const one of spawned) if (one.alive && one.beating) one.beat()
        clock.advance(Math.min(left, heartbeatMillis))
      }
    },
    /** Kills all ports, so that nothing of a test goes on after it. */
    closePorts(): void {
      for (const one of spawned) for (const ports of one.ports.values()) ports.map(p => p.close())
    },
  }
}

// The host: starts the actors of a topology, connects them, watches them, and closes them down. It
// has a thread of its own, because the trainer's event loop may sleep for hours. Two machines
// decide: `run` about the whole, `supervisor` about each actor; this carries out what they say.
import { MessageChannel } from 'node:worker_threads'
import { type ActorRefFrom, createActor } from 'xstate'
import { Channels } from '../actors/channels.ts'
import type { RecorderDetail, RecorderHeartbeat } from '../actors/recorder/actor.ts'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { describeError, RollcastError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { ChildCommand } from '../machines/child.machine.ts'
import { machineClock } from '../machines/machine-clock.ts'
import { runMachine } from '../machines/run.machine.ts'
import { stateName } from '../machines/state-name.ts'
import {
  onCommands,
  reportChildren,
  type SupervisorCommand,
  supervisorMachine,
} from '../machines/supervisor.machine.ts'
import { encodeEvent } from '../protocol/codec.ts'
import type { Event } from '../protocol/events.ts'
import type { ChannelCounters } from '../protocol/policies.ts'
import { origin, type Position } from '../protocol/position.ts'
import {
  type ActorReport,
  type ActorStart,
  type ActorStatus,
  type CrashKind,
  type FactBatch,
  heartbeatMillis,
  type SystemNotice,
} from '../protocol/thread-messages.ts'
import type { PlayerHeartbeat } from '../replay/actor.ts'
import type { ActorHandle } from './spawn.ts'
import type { ActorKind, ActorSpec, Topology } from './topology.ts'

/** Heartbeats that may be missed before an actor is taken for stuck. */
const MISSED_HEARTBEATS_MAX = 3
/** Of the time for closing, the part after which consumers stop where they are. */
const DRAIN_SHARE = 0.6
const STATUS_MILLIS = 500

export interface HostOptions {
  readonly topology: Topology
  readonly configs: Readonly<Partial<Record<ActorKind, unknown>>>
  readonly clock: Clock
  readonly random: Random
  readonly spawn: (kind: ActorKind, start: ActorStart) => ActorHandle
  readonly closeMillisMax: number
  readonly faults: boolean
  /** Cost of recording, per cent of the trainer's time; null without a trainer. */
  readonly trainerCost: () => TrainerCost | null
  /** Answers the broadcaster's queries of the log. */
  readonly answer: (query: unknown) => Promise<unknown>
  readonly onStarted: (detail: HostDetail) => void
  /** What an actor has noted. */
  readonly onNote: (facts: Readonly<Record<string, unknown>>) => void
  readonly onStatus: (status: SystemNotice) => void
  /** A line for the operator's log. */
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void
  /** Called once: everything has stopped. `problem` is null after a clean end. */
  readonly onEnded: (problem: { code: string; message: string } | null) => void
}

export interface TrainerCost {
  readonly percent: number
  readonly calls: number
  readonly meanNanos: number
  readonly channel: ActorStatus['channels'][number] | null
}

type SourceHeartbeat = Pick<RecorderHeartbeat, 'durable' | 'newest'> & Partial<PlayerHeartbeat>

/** What the actors told when they were ready. */
export type HostDetail = Readonly<Partial<Record<ActorKind, unknown>>>

interface Living {
  readonly spec: ActorSpec
  handle: ActorHandle | undefined
  state: string
  machine: string
  lag: number | null
  channels: ActorStatus['channels']
  detail: unknown
  heard: number
  refused: boolean
  starts: number
  lastFailure: string
}

export class Host {
  readonly #options: HostOptions
  readonly #living = new Map<ActorKind, Living>()
  readonly #channels: Channels
  readonly #run: ActorRefFrom<typeof runMachine>
  readonly #supervisor: ActorRefFrom<typeof supervisorMachine>
  readonly #details: Record<string, unknown> = {}
  readonly #timers: (() => void)[] = []
  #facts: ReturnType<Channels['sender']> | undefined
  #system: ReturnType<Channels['sender']> | undefined
  #factPosition = 0
  #ingressDrained: number | undefined
  #waitingForIngress = false
  #replayed: number | undefined
  #problem: { code: string; message: string } | null = null
  #sealed: string | null = null
  #detached = false
  #ended = false

  constructor(options: HostOptions) {
    this.#options = options
    const { topology, clock } = options
    for (const spec of topology.actors) this.#living.set(spec.name, newLiving(spec))
    this.#channels = new Channels(
      topology.channels.filter(route => route.from === 'host').map(route => route.spec),
      topology.channels.filter(route => route.to === 'host').map(route => route.spec),
      clock,
      error => this.#fail('INTERNAL', describeError(error)),
    )
    this.#openChannels()
    const { closeMillisMax } = options
    this.#run = createActor(runMachine, {
      input: { closeMillisMax },
      clock: machineClock(clock),
    })
    this.#supervisor = createActor(supervisorMachine, {
      clock: machineClock(clock),
      input: {
        children: topology.actors.map(({ name, placement, mayTerminate }) => ({
          name,
          killable: placement === 'process' || mayTerminate,
          essential: true,
          stopMillisMax: closeMillisMax,
        })),
      },
    })
    this.#run.on('*', command => this.#obeyRun(command.type))
    onCommands(this.#supervisor, command => this.#obeySupervisor(command))
    this.#supervisor.subscribe(snapshot => {
      if (stateName(snapshot.value) === 'supervising.running') this.#started()
      if (snapshot.status === 'done') this.#allStopped()
    })
  }

  start(): void {
    this.#run.start()
  }

  /** Drain, commit, stop. Consumers that cannot finish in time go on from there the next time. */
  close(): void {
    if (this.#run.getSnapshot().status === 'active') this.#run.send({ type: 'close' })
  }

  closeNow(): void {
    this.#run.send({ type: 'closeNow' })
  }

  /** For fault tests. */
  crash(actor: ActorKind, how: CrashKind): void {
    this.#living.get(actor)?.handle?.command({ type: 'crash', how })
  }

  inform(actor: ActorKind, facts: Readonly<Record<string, unknown>>): void {
    this.#living.get(actor)?.handle?.command({ type: 'inform', facts })
  }

  // --- the run ---------------------------------------------------------------------------------

  #obeyRun(command: string): void {
    if (command === 'start') {
      this.#supervisor.start()
      this.#every(heartbeatMillis, () => this.#checkHeartbeats())
      this.#every(STATUS_MILLIS, () => this.#tellStatus())
    } else if (command === 'drain') this.#drainIngress()
    else if (command === 'commit') this.#supervisor.send({ type: 'stop' })
    else if (command === 'release') this.#release()
  }

  #started(): void {
    if (!this.#run.getSnapshot().matches('starting')) return
    this.#run.send({ type: 'started' })
    this.#options.onStarted(this.#details)
  }

  /** The recorder says when the trainer's last word is durable; without one there is no word. */
  #drainIngress(): void {
    this.#waitingForIngress = true
    const recorder = this.#living.get('recorder')
    if (recorder === undefined || this.#ingressDrained !== undefined) this.#ingressIsDrained()
  }

  #ingressIsDrained(): void {
    if (!this.#waitingForIngress) return
    this.#waitingForIngress = false
    this.#detached = true
    this.#run.send({ type: 'drained' })
  }

  #allStopped(): void {
    const escalated = this.#supervisor.getSnapshot().matches('escalated')
    if (escalated) {
      const reason = this.#supervisor.getSnapshot().context.reason ?? 'the supervisor gave up'
      this.#fail('INTERNAL', reason)
    } else if (this.#run.getSnapshot().status === 'active') this.#run.send({ type: 'committed' })
    this.#end()
  }

  #fail(code: string, message: string): void {
    this.#problem ??= { code, message }
    this.#run.send({ type: 'failed', reason: message })
  }

  /** The run has ended by itself or by its deadline: whatever still runs is asked to stop now. */
  #release(): void {
    if (this.#supervisor.getSnapshot().status === 'done') {
      this.#end()
      return
    }
    for (const living of this.#living.values()) living.handle?.command({ type: 'stop' })
    this.#supervisor.send({ type: 'stop' })
    this.#timers.push(this.#options.clock.schedule(this.#options.closeMillisMax, () => this.#end()))
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const cancel of this.#timers) cancel()
    this.#channels.close()
    const { reason } = this.#run.getSnapshot().context
    const problem =
      this.#problem ?? (reason === null ? null : { code: 'INTERNAL', message: reason })
    this.#tellStatus()
    this.#options.onEnded(problem)
  }

  // --- the actors ------------------------------------------------------------------------------

  #obeySupervisor(command: ChildCommand | SupervisorCommand): void {
    if (command.type === 'alarm') {
      this.#options.log('error', { reason: command.reason }, 'the supervisor gives up')
      this.#problem ??= { code: 'INTERNAL', message: command.reason }
      return
    }
    const living = this.#living.get(command.child as ActorKind)
    assert(living, `the supervisor commands ${command.child}, which is not in the topology`)
    if (command.type === 'startChild') this.#startChild(living)
    else if (command.type === 'askToStop') this.#askToStop(living)
    else living.handle?.kill()
  }

  #startChild(living: Living): void {
    const { topology, configs, clock, random, faults } = this.#options
    const { name, placement } = living.spec
    if (name === 'recorder' && this.#sealed !== null) {
      // P7: a log that has failed is not tried again.
      this.#supervisor.send({ type: 'refused', child: name, reason: this.#sealed })
      return
    }
    const handle = this.#options.spawn(name, {
      name,
      placement,
      sends: topology.channels.filter(route => route.from === name).map(route => route.spec),
      receives: topology.channels.filter(route => route.to === name).map(route => route.spec),
      config: this.#configOf(name, configs[name]),
      restarts: living.starts++,
      faults,
    })
    living.handle = handle
    living.heard = clock.monotonic()
    living.refused = false
    living.state = 'starting'
    handle.onReport(report => {
      if (living.handle === handle) this.#take(living, report)
    })
    handle.onEnd(error => {
      if (living.handle === handle) living.handle = undefined
      const reason = error?.message ?? (living.lastFailure || 'it ended')
      this.#recordChange(living, living.state, living.refused ? 'refused' : 'gone', reason)
      living.state = 'gone'
      const child = name
      if (living.refused) this.#supervisor.send({ type: 'refused', child, reason })
      else {
        const atMillis = clock.monotonic()
        this.#supervisor.send({ type: 'died', child, atMillis, jitter: random.next(), reason })
      }
    })
    this.#connect(name, handle)
  }

  /** A restarted broadcaster comes back where its viewers look for it. */
  #configOf(name: ActorKind, config: unknown): unknown {
    const { port } = (this.#details[name] ?? {}) as { port?: number }
    return port === undefined ? config : { ...(config as object), port }
  }

  /** Gives the actor fresh ports for all its channels; the other ends attach to the new ones. */
  #connect(name: ActorKind, handle: ActorHandle): void {
    for (const { spec, from, to } of this.#options.topology.channels) {
      if (from !== name && to !== name) continue
      const otherName = from === name ? to : from
      const other = otherName === 'host' ? undefined : this.#living.get(otherName)?.handle
      if (otherName !== 'host' && other === undefined) continue
      const { port1, port2 } = new MessageChannel()
      handle.command({ type: 'connect', channel: spec.name, port: port1 })
      if (other) other.command({ type: 'connect', channel: spec.name, port: port2 })
      else this.#channels.connect(spec.name, port2)
    }
  }

  #askToStop(living: Living): void {
    const { clock, closeMillisMax } = this.#options
    const { handle } = living
    handle?.command({ type: 'drain', seq: this.#lastSeq })
    const hurry = (): void => handle?.command({ type: 'stop' })
    this.#timers.push(clock.schedule(closeMillisMax * DRAIN_SHARE, hurry))
  }

  #take(living: Living, report: ActorReport): void {
    living.heard = this.#options.clock.monotonic()
    const child = living.spec.name
    switch (report.type) {
      case 'ready':
        this.#details[child] = report.detail
        this.#supervisor.send({ type: 'ready', child })
        break
      case 'state':
        living.machine = report.machine
        this.#recordChange(living, living.state, report.to, living.lastFailure)
        living.state = report.to
        break
      case 'heartbeat':
        living.lag = report.lag
        living.channels = report.channels
        living.detail = report.detail
        break
      case 'noted':
        this.#takeNote(report.facts)
        break
      case 'failed':
        living.refused = report.refused
        living.lastFailure = report.message
        if (report.refused) this.#problem ??= { code: report.code, message: report.message }
        break
      case 'stopped':
        break
    }
  }

  #takeNote(facts: Readonly<Record<string, unknown>>): void {
    this.#options.onNote(facts)
    if (typeof facts['ingressDrained'] === 'number') {
      this.#ingressDrained = facts['ingressDrained']
      this.#ingressIsDrained()
    }
    if (typeof facts['replayed'] === 'number') this.#replayed = facts['replayed']
    if (typeof facts['sealed'] === 'string') {
      this.#options.log('error', { reason: facts['sealed'] }, 'the log has failed and is read-only')
      this.#sealed = facts['sealed']
      this.#run.send({ type: 'logFailed', reason: facts['sealed'] })
      this.#tellStatus()
    }
  }

  #checkHeartbeats(): void {
    const now = this.#options.clock.monotonic()
    for (const living of this.#living.values()) {
      const silent = now - living.heard
      if (!living.handle || silent <= heartbeatMillis * (MISSED_HEARTBEATS_MAX + 1)) continue
      // Said once; the child's machine takes it from here.
      living.heard = now
      const reason = `no sign of life for ${Math.round(silent)} ms`
      living.lastFailure = reason
      this.#supervisor.send({ type: 'stuck', child: living.spec.name, reason })
    }
  }

  // --- channels of the host itself -------------------------------------------------------------

  #openChannels(): void {
    const has = (name: string): boolean =>
      this.#options.topology.channels.some(route => route.spec.name === name)
    if (has('host.facts')) {
      this.#facts = this.#channels.sender<FactBatch>('host.facts', {
        sizeOf: batch => 64 + batch.records.byteLength,
        // Facts about a recorder that died wait for the next one.
        redeliver: true,
      }) as ReturnType<Channels['sender']>
    }
    if (has('host.system')) {
      this.#system = this.#channels.sender<SystemNotice>('host.system', {
        sizeOf: () => 16 * 1024,
        keyOf: () => 'system',
      }) as ReturnType<Channels['sender']>
    }
    if (!has('broadcaster.queries')) return
    const answers = this.#channels.sender<unknown>('host.answers', { sizeOf: () => 1024 })
    this.#channels.receive('broadcaster.queries', async query => {
      const answer = await this.#options.answer(query)
      while (answers.offer(answer) === 'full') {
        await new Promise<void>(resolve => {
          answers.onWritable = resolve
        })
      }
    })
  }

  /** A change of an actor's state is a fact of the log; changes within `running` are not. */
  #recordChange(living: Living, from: string, to: string, reason: string): void {
    const [before, after] = [from.split('.')[0] ?? '', to.split('.')[0] ?? '']
    if (before === after || after === '') return
    const { name } = living.spec
    const level = after === 'gone' && before !== 'stopped' ? 'warn' : 'info'
    this.#options.log(level, { actor: name, from: before, to: after, reason }, 'actor changed')
    this.recordFact({
      type: 'actor_changed',
      actor: name,
      machine: living.machine || name,
      from: before,
      to: after,
      restarts: Math.max(0, living.starts - 1),
      ...(reason === '' ? {} : { reason }),
    })
  }

  /** Hands a fact of the host's own to the recorder. */
  recordFact(event: Event): void {
    const records = encodeEvent(event, this.#options.clock.now())
    const position = ++this.#factPosition
    const epoch = (this.#details['recorder'] as RecorderDetail | undefined)?.epoch ?? 0
    this.#facts?.offer({ producer: `host:${epoch}`, position, records, count: 1 })
  }

  // --- health ----------------------------------------------------------------------------------

  /** What the source of the material said last. */
  get #sourceBeat(): SourceHeartbeat | undefined {
    const source = this.#living.get('recorder') ?? this.#living.get('player')
    return (source?.detail ?? undefined) as SourceHeartbeat | undefined
  }

  get #durable(): Position {
    return this.#sourceBeat?.durable ?? origin
  }

  /** The last event that consumers of the log are owed. */
  get #lastSeq(): number {
    const beat = this.#sourceBeat
    const shown = this.#living.has('player') ? beat?.newest : beat?.durable
    return this.#ingressDrained ?? this.#replayed ?? shown?.seq ?? 0
  }

  status(): SystemNotice {
    const { clock, trainerCost, topology } = this.#options
    const cost = trainerCost()
    const restarts = new Map(
      reportChildren(this.#supervisor.getSnapshot()).map(child => [child.child, child.restarts]),
    )
    const problem = this.#problem?.message ?? this.#sealed
    const actors: ActorStatus[] = topology.actors.map(({ name, placement }) => {
      const living = this.#living.get(name)
      return {
        name,
        placement,
        machine: living?.machine || name,
        state: living?.state ?? 'starting',
        restarts: restarts.get(name) ?? 0,
        lag: living?.lag ?? null,
        channels: living?.channels ?? [],
      }
    })
    actors.push(this.#ownStatus(cost))
    return {
      time: clock.now(),
      healthy: problem === null,
      problem,
      trainerAttached: this.#sourceBeat?.trainerAttached ?? (cost !== null && !this.#detached),
      trainerCostPercent: cost?.percent ?? null,
      durable: this.#durable,
      newest: this.#sourceBeat?.newest ?? this.#durable,
      actors,
    }
  }

  #ownStatus(cost: TrainerCost | null): ActorStatus {
    const own = this.#channels.counters() as (ChannelCounters & { name: string; policy: string })[]
    return {
      name: 'host',
      placement: 'thread',
      machine: 'run',
      state: stateName(this.#run.getSnapshot().value),
      restarts: 0,
      lag: null,
      channels: cost?.channel ? [cost.channel, ...own] : own,
    }
  }

  #tellStatus(): void {
    const status = this.status()
    this.#system?.offer(status)
    this.#options.onStatus(status)
  }

  #every(millis: number, task: () => void): void {
    const slot = this.#timers.length
    const again = (): void => {
      this.#timers[slot] = this.#options.clock.schedule(millis, () => {
        again()
        task()
      })
    }
    again()
  }
}

function newLiving(spec: ActorSpec): Living {
  return {
    spec,
    handle: undefined,
    state: '',
    machine: '',
    lag: null,
    channels: [],
    detail: null,
    heard: 0,
    refused: false,
    starts: 0,
    lastFailure: '',
  }
}

/** The problem as an error for those who await the run. */
export const problemError = (problem: { code: string; message: string }): RollcastError =>
  new RollcastError(problem.code as RollcastError['code'], problem.message)

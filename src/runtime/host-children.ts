// The supervisor's hands: starts and ends actors as its machine commands, hears what they report,
// and tells the machine what became of them. Nothing is decided here.
import { type ActorRefFrom, createActor, type SnapshotFrom } from 'xstate'
import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { ChildCommand, ChildSpec } from '../machines/child.machine.ts'
import { machineClock } from '../machines/machine-clock.ts'
import type { RestartLimits } from '../machines/restart-intensity.ts'
import {
  adopt,
  onCommands,
  type SupervisorCommand,
  supervisorMachine,
} from '../machines/supervisor.machine.ts'
import { tell } from '../machines/tell.ts'
import { isProven, type Quarantined, quarantinedMax, suspect } from '../protocol/quarantine.ts'
import { type ActorReport, type ActorStart, heartbeatMillis } from '../protocol/thread-messages.ts'
import type { HostLinks } from './host-links.ts'
import type { Member, Roster } from './host-roster.ts'
import type { ActorHandle } from './spawn.ts'
import { type ActorKind, type ActorSpec, kindOf, type Topology } from './topology.ts'

/** An actor of which three heartbeats are missing is stuck (S4); the third may be late by half of one. */
const SILENCE_MILLIS_MAX = heartbeatMillis * 3.5
/** Threads of one actor that hang for good; one more and the actor is given up. */
const LOST_MAX = 3
/** How long an actor that cannot be replaced may take to vanish when it is killed. */
const KILL_MILLIS_MAX = 30_000
/** One that has just been started may be silent for longer: it loads, and may read a long log. */
const START_SILENCE_MILLIS_MAX = 30_000
/** Of the time for closing, the part after which consumers stop where they are. */
const DRAIN_SHARE = 0.6
/** And the part after which nobody is started any more, so that who has been has time to finish. */
const START_SHARE = 0.4

export interface ChildrenOptions {
  readonly topology: Topology
  readonly configs: Readonly<Partial<Record<ActorKind, unknown>>>
  readonly clock: Clock
  readonly random: Random
  readonly spawn: (kind: ActorKind, start: ActorStart) => ActorHandle
  readonly closeMillisMax: number
  readonly faults: boolean
  /** Default: promise P11. */
  readonly restartLimits?: RestartLimits | undefined
}

export interface ChildrenEvents {
  /** The last event that an actor which is asked to finish must account for. */
  drainSeq(): number
  onChange(member: Member, from: string, to: string, reason: string): void
  /** An actor says why it cannot do all that it should. */
  onWarning(member: Member, reason: string): void
  onNote(facts: Readonly<Record<string, unknown>>): void
  /** An actor cannot start and would not the next time. */
  onRefused(problem: { code: string; message: string }): void
  /** An actor will pass over what it died of. */
  onQuarantine(member: Member, place: Quarantined): void
  /** An actor hangs and is replaced; it may wake up. */
  onCutOff(member: Member): void
  /** The supervisor gives up. */
  onAlarm(reason: string): void
  onSnapshot(snapshot: SnapshotFrom<typeof supervisorMachine>): void
}

export class HostChildren {
  readonly #options: ChildrenOptions
  readonly #roster: Roster
  readonly #links: HostLinks
  readonly #events: ChildrenEvents
  readonly #supervisor: ActorRefFrom<typeof supervisorMachine>
  readonly #timers: (() => void)[] = []
  #checkedAt: number | undefined
  /** When all have stopped, and when consumers that drain stop where they are; undefined until then. */
  #stopBy: number | undefined
  #hurryAt: number | undefined
  /** All are to stop as soon as those that were adopted run. */
  #isFinishing = false

  constructor(options: ChildrenOptions, roster: Roster, links: HostLinks, events: ChildrenEvents) {
    this.#options = options
    this.#roster = roster
    this.#links = links
    this.#events = events
    const { topology, clock, restartLimits } = options
    this.#supervisor = createActor(supervisorMachine, {
      clock: machineClock(clock),
      input: {
        children: topology.actors.map(spec => this.#childOf(spec)),
        ...(restartLimits === undefined ? {} : { limits: restartLimits }),
      },
    })
    onCommands(this.#supervisor, command => this.#obey(command))
    this.#supervisor.subscribe(snapshot => {
      events.onSnapshot(snapshot)
      if (this.#isFinishing && !snapshot.matches({ supervising: 'starting' })) this.#finishAll()
    })
  }

  start(): void {
    this.#supervisor.start()
  }

  /** Starts one more actor, after all that are there. */
  adopt(spec: ActorSpec): void {
    this.#roster.add(spec)
    adopt(this.#supervisor, this.#childOf(spec), command => this.#obey(command))
  }

  #childOf({ name, placement, mayTerminate, replaceable }: ActorSpec): ChildSpec {
    return {
      name,
      killable: placement === 'process' || mayTerminate,
      replaceable,
      essential: true,
      stopMillisMax: this.#options.closeMillisMax,
      killMillisMax: KILL_MILLIS_MAX,
    }
  }

  /**
   * Lets all finish and stops them, in reverse order, within `millisMax`. Who was adopted and is yet
   * to start has work that nobody else does, and starts first.
   */
  finish(millisMax: number): void {
    const { clock } = this.#options
    this.#setDeadlines(millisMax)
    if (!this.snapshot.matches({ supervising: 'starting' }) || this.#hasLogFailed) {
      this.#finishAll()
      return
    }
    this.#isFinishing = true
    const givenUp = (): void => {
      if (this.#isFinishing) this.#finishAll()
    }
    this.#timers.push(clock.schedule(millisMax * START_SHARE, givenUp))
  }

  #finishAll(): void {
    this.#isFinishing = false
    const isDurable = !this.#hasLogFailed
    for (const member of this.#roster) member.isLate = isDurable && member.handle === undefined
    tell(this.#supervisor, { type: 'stop' })
  }

  /** Stops all in reverse order, within `millisMax`. */
  stop(millisMax: number): void {
    this.#setDeadlines(millisMax)
    this.#isFinishing = false
    tell(this.#supervisor, { type: 'stop' })
  }

  #setDeadlines(millisMax: number): void {
    const now = this.#options.clock.monotonic()
    this.#stopBy ??= now + millisMax
    this.#hurryAt ??= now + millisMax * DRAIN_SHARE
  }

  /** Nothing becomes durable any more. */
  get #hasLogFailed(): boolean {
    return typeof this.#roster.get('recorder')?.barred === 'string'
  }

  get snapshot(): SnapshotFrom<typeof supervisorMachine> {
    return this.#supervisor.getSnapshot()
  }

  /** Looks for actors that have been silent for too long. To be called every `everyMillis`. */
  checkHeartbeats(everyMillis: number): void {
    const now = this.#options.clock.monotonic()
    // While the host itself slept it heard nobody: that is no silence of theirs.
    const slept = Math.max(0, now - (this.#checkedAt ?? now) - everyMillis)
    this.#checkedAt = now
    for (const member of this.#roster) {
      // What was heard since it woke is no older than now.
      member.heard = Math.min(now, member.heard + slept)
      const silent = now - member.heard
      if (!member.handle || silent <= silenceMillisMax(member)) continue
      // Said once; the child's machine takes it from here.
      member.heard = now
      const reason = `no sign of life for ${Math.round(silent)} ms`
      member.lastFailure = reason
      this.#enter(member, 'stuck')
      tell(this.#supervisor, { type: 'stuck', child: member.spec.name, reason })
    }
  }

  close(): void {
    for (const cancel of this.#timers) cancel()
  }

  #obey(command: ChildCommand | SupervisorCommand): void {
    if (command.type === 'alarm') {
      this.#events.onAlarm(command.reason)
      return
    }
    const member = this.#roster.named(command.child)
    if (command.type === 'startChild') this.#start(member)
    else if (command.type === 'askToStop') this.#askToStop(member)
    else if (command.type === 'killChild') member.handle?.kill()
    else this.#cutOff(member)
  }

  #start(member: Member): void {
    const { clock } = this.#options
    const { name } = member.spec
    if (member.barred !== null) {
      tell(this.#supervisor, { type: 'refused', child: name, reason: member.barred })
      return
    }
    member.heard = clock.monotonic()
    member.refused = false
    member.isReady = false
    member.over = undefined
    member.state = 'starting'
    member.reason = null
    const handle = this.#spawn(member)
    if (handle === undefined) return
    member.handle = handle
    handle.onReport(report => {
      if (member.handle === handle) this.#take(member, report)
    })
    handle.onEnd(error => {
      if (member.lost.delete(handle)) return
      member.handle = undefined
      this.#takeEnd(member, error?.message ?? (member.lastFailure || 'it ended'))
    })
    this.#links.connect(name, handle)
  }

  /** Undefined when there is no thread or process to be had: that is a death like others. */
  #spawn(member: Member): ActorHandle | undefined {
    const { topology, configs, faults, spawn } = this.#options
    const { name, placement } = member.spec
    const start: ActorStart = {
      name,
      placement,
      sends: topology.channels.filter(route => route.from === name).map(route => route.spec),
      receives: topology.channels.filter(route => route.to === name).map(route => route.spec),
      config: configOf(member, configs[kindOf(name)]),
      restarts: member.starts++,
      faults,
      quarantined: member.quarantined,
      suspect: member.suspicion?.span,
    }
    try {
      return spawn(kindOf(name), start)
    } catch (error) {
      this.#takeEnd(member, `it could not be started: ${describeError(error)}`)
      return undefined
    }
  }

  /**
   * Its thread hangs and nobody can end it. When it wakes up it lets go of what it has, such as a
   * dataset's lock; what it does before is to no effect: its successor has other ports, and the log
   * refuses a writer that was superseded.
   */
  #cutOff(member: Member): void {
    this.#events.onCutOff(member)
    member.handle?.command({ type: 'stop' })
    if (member.handle) member.lost.add(member.handle)
    member.handle = undefined
    member.refused = member.lost.size > LOST_MAX
    const many = `${member.lost.size} threads of it hang for good`
    this.#takeEnd(member, member.refused ? many : member.lastFailure)
  }

  #takeEnd(member: Member, reason: string): void {
    const { clock, random } = this.#options
    const from = member.state
    member.state = 'gone'
    this.#events.onChange(member, from, member.refused ? 'refused' : 'gone', reason)
    member.diedAt = clock.monotonic()
    const child = member.spec.name
    if (member.refused) tell(this.#supervisor, { type: 'refused', child, reason })
    else {
      const atMillis = clock.monotonic()
      const forgives = this.#blame(member, atMillis, reason)
      const died = { type: 'died', child, atMillis, jitter: random.next(), reason } as const
      tell(this.#supervisor, forgives ? { ...died, forgives } : died)
    }
  }

  /** Whether it dies of one and the same event: that is passed over then, and its deaths forgiven. */
  #blame(member: Member, atMillis: number, error: string): readonly number[] | undefined {
    const { over, quarantined } = member
    if (over === undefined) return undefined
    const suspicion = suspect(member.suspicion, over, atMillis)
    member.suspicion = suspicion
    if (!isProven(suspicion) || quarantined.length >= quarantinedMax) return undefined
    const { deaths } = suspicion
    const place = { place: over.from, error, deaths: deaths.length }
    quarantined.push(place)
    this.#events.onQuarantine(member, place)
    return deaths
  }

  #takeState(member: Member, { machine, to, reason }: ActorReport & { type: 'state' }): void {
    const isRunning = to.startsWith('running')
    const isNews = reason !== null && reason !== member.reason
    member.machine = machine
    member.reason = reason
    if (isRunning) noteBack(member, this.#options.clock.monotonic())
    this.#enter(member, to)
    // That it has failed is told in another way.
    if (isNews && isRunning) this.#events.onWarning(member, reason)
  }

  #enter(member: Member, to: string): void {
    const from = member.state
    member.state = to
    this.#events.onChange(member, from, to, member.lastFailure)
  }

  #askToStop(member: Member): void {
    const { clock } = this.#options
    const { handle, spec } = member
    handle?.command({ type: 'drain', seq: this.#events.drainSeq() })
    const hurry = (): void => {
      if (handle === undefined || member.handle !== handle) return
      member.isLate ||= isAtWork(member) && !this.#hasLogFailed
      handle.command({ type: 'stop' })
    }
    this.#timers.push(clock.schedule(this.#drainMillis(spec), hurry))
  }

  /** Consumers stop one after the other, and have one time for it together. */
  #drainMillis({ name }: ActorSpec): number {
    const { clock, closeMillisMax } = this.#options
    const now = clock.monotonic()
    const stopBy = this.#stopBy ?? now + closeMillisMax
    if (name === 'recorder') return Math.max(0, stopBy - now) * DRAIN_SHARE
    // They would wait in vain.
    if (this.#hasLogFailed) return 0
    return Math.max(0, (this.#hurryAt ?? now + closeMillisMax * DRAIN_SHARE) - now)
  }

  #take(member: Member, report: ActorReport): void {
    member.heard = this.#options.clock.monotonic()
    switch (report.type) {
      case 'ready':
        member.told = report.detail
        member.isReady = true
        member.lastFailure = ''
        tell(this.#supervisor, { type: 'ready', child: member.spec.name })
        break
      case 'state':
        this.#takeState(member, report)
        break
      case 'heartbeat':
        member.lag = report.lag
        member.channels = report.channels
        member.beat = report.detail
        break
      case 'noted':
        if ('gap' in report.facts) member.carried = report.facts['gap']
        else this.#events.onNote(report.facts)
        break
      case 'failed':
        member.refused = report.refused
        member.lastFailure = report.message
        member.over = report.over
        if (report.refused) this.#events.onRefused({ code: report.code, message: report.message })
        break
      case 'stopped':
        break
    }
  }
}

const isAtWork = ({ state }: Member): boolean => !/^(stopping|stopped|gone)/.test(state)

const silenceMillisMax = ({ isReady }: Member): number =>
  isReady ? SILENCE_MILLIS_MAX : START_SILENCE_MILLIS_MAX

/** It runs: how long was it away? */
function noteBack(member: Member, now: number): void {
  if (member.diedAt === null) return
  member.awayMillis = now - member.diedAt
  member.diedAt = null
}

/**
 * A restarted broadcaster comes back where its viewers look for it, a restarted recorder knows what
 * the one before could not tell.
 */
function configOf({ told, carried }: Member, config: unknown): unknown {
  const { port } = (told ?? {}) as { port?: number }
  if (port === undefined && !carried) return config
  const known = { ...(port === undefined ? {} : { port }), ...(carried ? { gap: carried } : {}) }
  return { ...(config as object), ...known }
}

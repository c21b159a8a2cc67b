// The host: starts the actors of a topology, connects them, watches them, and closes them down. It
// has a thread of its own, because the trainer's event loop may sleep for hours. Two machines
// decide: `run` about the whole, `supervisor` about each actor; the host carries out what they say.
// Its parts: roster (who is there), links (ports), children (the supervisor's hands), status.
import { type ActorRefFrom, createActor, type SnapshotFrom } from 'xstate'
import { describeError } from '../base/errors.ts'
import { machineClock } from '../machines/machine-clock.ts'
import { runMachine } from '../machines/run.machine.ts'
import { stateName } from '../machines/state-name.ts'
import type { supervisorMachine } from '../machines/supervisor.machine.ts'
import { tell } from '../machines/tell.ts'
import { encodeEvent } from '../protocol/codec.ts'
import type { Event } from '../protocol/events.ts'
import type { CrashKind, HistoryAnswer, SystemNotice } from '../protocol/thread-messages.ts'
import { type ChildrenOptions, HostChildren } from './host-children.ts'
import { HostLinks, type PortPair, type Previews } from './host-links.ts'
import type { HostDetail, Problem } from './host-messages.ts'
import { type Member, Roster } from './host-roster.ts'
import { composeStatus, type TrainerCost } from './host-status.ts'
import type { ActorName } from './topology.ts'

const STATUS_MILLIS = 500
/** How often the host looks for actors that have gone silent. */
const LOOK_MILLIS = 50
/**
 * Of the time for closing, the part after which the run is given up, and the part after which it has
 * ended, whoever does not stop. What is left is for whoever waits to hear of it.
 */
const GIVE_UP_SHARE = 0.8
const END_SHARE = 0.9

export interface HostOptions extends ChildrenOptions {
  /** Cost of recording, per cent of the trainer's time; null without a trainer. */
  readonly trainerCost: () => TrainerCost | null
  /** Gives the ports that two actors, or an actor and the host, are connected with. */
  readonly openChannel: () => PortPair
  /** Answers the broadcaster's queries of the log. */
  readonly answer: (query: unknown) => Promise<HistoryAnswer>
  readonly previews: Previews
  /** An actor hangs and is replaced: what it shares with others has to be taken from it. */
  readonly onCutOff: (name: ActorName) => void
  readonly onStarted: (detail: HostDetail) => void
  /** What an actor has noted. */
  readonly onNote: (facts: Readonly<Record<string, unknown>>) => void
  readonly onStatus: (status: SystemNotice) => void
  /** A line for the operator's log. */
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void
  /** Called before the end when actors were stopped before they had finished. */
  readonly onLate: (names: readonly ActorName[]) => void
  /** Called once: everything has stopped. `problem` is null after a clean end. */
  readonly onEnded: (problem: Problem | null) => void
}

export class Host {
  readonly #options: HostOptions
  readonly #roster: Roster
  readonly #links: HostLinks
  readonly #children: HostChildren
  readonly #run: ActorRefFrom<typeof runMachine>
  readonly #timers: (() => void)[] = []
  /** The host's facts are those of a producer of this life alone: its count begins anew (P4). */
  readonly #producer: string
  #factPosition = 0
  #ingressDrained: number | undefined
  #waitingForIngress = false
  #replayed: number | undefined
  #problem: Problem | null = null
  /** Why nothing is recorded. */
  #sealed: Problem | null = null
  #detached = false
  #ended = false
  /** When the run is given up and when it has ended, monotonic; undefined before it is to close. */
  #giveUpAt: number | undefined
  #endAt: number | undefined

  constructor(options: HostOptions) {
    this.#options = options
    const { topology, clock, random, openChannel, answer, previews, closeMillisMax } = options
    this.#producer = `host:${random.below(2 ** 32)}`
    this.#roster = new Roster(topology.actors)
    this.#links = new HostLinks({
      topology,
      clock,
      openChannel,
      answer,
      previews,
      handleOf: name => this.#roster.get(name)?.handle,
      onError: error => this.#fail('INTERNAL', describeError(error)),
    })
    this.#run = createActor(runMachine, { input: { closeMillisMax }, clock: machineClock(clock) })
    this.#children = new HostChildren(options, this.#roster, this.#links, {
      drainSeq: () => this.#ingressDrained ?? this.#replayed ?? this.#roster.shownSeq,
      onChange: (member, from, to, reason) => this.#recordChange(member, from, to, reason),
      onWarning: ({ spec, state }, reason) => {
        this.#options.log('warn', { actor: spec.name, state, reason }, 'an actor is hindered')
        this.#tellStatus()
      },
      onNote: facts => this.#takeNote(facts),
      onRefused: problem => {
        this.#problem ??= problem
      },
      onQuarantine: (member, quarantined) => {
        const fields = { actor: member.spec.name, ...quarantined }
        this.#options.log('error', fields, 'an event is passed over')
      },
      onCutOff: ({ spec }) => this.#options.onCutOff(spec.name),
      onAlarm: reason => {
        this.#options.log('error', { reason }, 'the supervisor gives up')
        this.#problem ??= { code: 'INTERNAL', message: reason }
        // While there is still somebody to record it and to show it.
        this.recordFact({ type: 'run_ended', reason: 'failed' })
        this.#tellStatus()
      },
      onSnapshot: snapshot => this.#followSupervisor(snapshot),
    })
    this.#run.on('*', command => this.#obeyRun(command.type))
  }

  start(): void {
    this.#run.start()
  }

  /**
   * Drain, commit, stop, within `millisMax` (default `closeMillisMax`) altogether. Consumers that
   * cannot finish in time go on from there the next time. A second call changes nothing.
   */
  close(millisMax = this.#options.closeMillisMax): void {
    const now = this.#options.clock.monotonic()
    const withinMillis = Math.floor(millisMax * GIVE_UP_SHARE)
    this.#giveUpAt ??= now + withinMillis
    this.#endAt ??= now + millisMax * END_SHARE
    tell(this.#run, { type: 'close', withinMillis })
  }

  /** Something in the host itself is wrong: all are asked to stop. */
  fail(message: string): void {
    this.#options.log('error', { reason: message }, 'the host has failed')
    this.#fail('INTERNAL', message)
  }

  /** For fault tests. */
  crash(actor: ActorName, how: CrashKind): void {
    const member = this.#roster.get(actor)
    if (how !== 'terminate') member?.handle?.command({ type: 'crash', how })
    else if (this.#options.faults && member?.spec.mayTerminate) member.handle?.kill()
  }

  status(): SystemNotice {
    return composeStatus({
      time: this.#options.clock.now(),
      roster: this.#roster,
      supervisor: this.#children.snapshot,
      runState: stateName(this.#run.getSnapshot().value),
      problem: (this.#problem ?? this.#sealed)?.message ?? null,
      cost: this.#options.trainerCost(),
      detached: this.#detached,
      channels: this.#links.counters(),
    })
  }

  /** Hands a fact of the host's own to the recorder. */
  recordFact(event: Event): void {
    const records = encodeEvent(event, this.#options.clock.now())
    const position = ++this.#factPosition
    this.#links.offerFacts({ producer: this.#producer, position, records, count: 1 })
  }

  // --- the run ---------------------------------------------------------------------------------

  #obeyRun(command: string): void {
    if (command === 'start') {
      this.#children.start()
      this.#every(LOOK_MILLIS, () => this.#children.checkHeartbeats(LOOK_MILLIS))
      this.#every(STATUS_MILLIS, () => this.#tellStatus())
    } else if (command === 'drain') this.#drainIngress()
    else if (command === 'commit') this.#children.finish(this.#millisUntil(this.#giveUpAt))
    else if (command === 'release') this.#release()
  }

  #followSupervisor(snapshot: SnapshotFrom<typeof supervisorMachine>): void {
    if (stateName(snapshot.value) === 'supervising.running') this.#started()
    if (snapshot.status === 'done') this.#allStopped(snapshot)
  }

  #started(): void {
    if (!this.#run.getSnapshot().matches('starting')) return
    tell(this.#run, { type: 'started' })
    this.#options.onStarted(this.#roster.details)
    this.#tellStatus()
  }

  /** The recorder says when the trainer's last word is durable; without one there is no word. */
  #drainIngress(): void {
    this.#waitingForIngress = true
    const recorder = this.#roster.get('recorder')
    if (recorder === undefined || this.#ingressDrained !== undefined) this.#ingressIsDrained()
  }

  #ingressIsDrained(): void {
    if (!this.#waitingForIngress) return
    this.#waitingForIngress = false
    this.#detached = true
    tell(this.#run, { type: 'drained' })
  }

  #takeNote(facts: Readonly<Record<string, unknown>>): void {
    this.#options.onNote(facts)
    if (typeof facts['encoders'] === 'number') this.#needEncoders(facts['encoders'])
    if (typeof facts['pictures'] === 'boolean') this.#links.wantPictures(facts['pictures'])
    if (typeof facts['ingressDrained'] === 'number') {
      this.#ingressDrained = facts['ingressDrained']
      this.#ingressIsDrained()
    }
    if (typeof facts['replayed'] === 'number') this.#replayed = facts['replayed']
    if (facts['sealed'] === null) this.#unseal()
    if (typeof facts['sealed'] === 'string') {
      const problem = { code: String(facts['code']), message: facts['sealed'] }
      this.#sealLog(problem, facts['temporary'] === true)
    }
  }

  /** The first encoder is always there; each further one starts when its camera appears. */
  #needEncoders(count: number): void {
    for (const spec of this.#options.topology.onDemand.slice(0, Math.max(0, count - 1))) {
      if (!this.#roster.get(spec.name)) this.#children.adopt(spec)
    }
  }

  /** P7: a log that has failed is not tried again, by no recorder; one without room waits for it. */
  #sealLog(problem: Problem, temporary: boolean): void {
    const reason = problem.message
    const outlook = temporary ? 'nothing is recorded until there is room' : 'it is read-only'
    this.#options.log('error', { reason }, `the log has failed: ${outlook}`)
    this.#sealed = problem
    if (!temporary) this.#roster.named('recorder').barred = reason
    tell(this.#run, { type: 'logFailed', reason })
    this.#tellStatus()
  }

  #unseal(): void {
    this.#options.log('info', {}, 'there is room for the log again: recording goes on')
    this.#sealed = null
    tell(this.#run, { type: 'logReturned' })
    this.#tellStatus()
  }

  #allStopped(snapshot: SnapshotFrom<typeof supervisorMachine>): void {
    if (snapshot.matches('escalated')) {
      this.#fail('INTERNAL', snapshot.context.reason ?? 'the supervisor gave up')
    } else tell(this.#run, { type: 'committed' })
    this.#end()
  }

  #fail(code: string, message: string): void {
    this.#problem ??= { code, message }
    tell(this.#run, { type: 'failed', reason: message })
  }

  /** The run has ended by itself or by its deadline: whatever still runs is asked to stop now. */
  #release(): void {
    if (this.#children.snapshot.status === 'done') {
      this.#end()
      return
    }
    for (const member of this.#roster) member.handle?.command({ type: 'stop' })
    const millis = this.#millisUntil(this.#endAt)
    this.#children.stop(millis)
    this.#timers.push(this.#options.clock.schedule(millis, () => this.#end()))
  }

  /** All the time for closing when nobody has asked for it. */
  #millisUntil(at: number | undefined): number {
    const { clock, closeMillisMax } = this.#options
    return at === undefined ? closeMillisMax : Math.max(0, at - clock.monotonic())
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const cancel of this.#timers) cancel()
    this.#children.close()
    this.#links.close()
    this.#tellStatus()
    this.#tellLate()
    this.#options.onEnded(this.#whatWentWrong())
  }

  #tellLate(): void {
    const late = [...this.#roster].filter(({ isLate }) => isLate).map(({ spec }) => spec.name)
    if (late.length === 0) return
    this.#options.log('warn', { actors: late }, 'closed before these had finished')
    this.#options.onLate(late)
  }

  #whatWentWrong(): Problem | null {
    const { reason } = this.#run.getSnapshot().context
    const problem = this.#problem ?? this.#sealed
    if (problem) return problem
    if (reason !== null) return { code: 'INTERNAL', message: reason }
    const left = [...this.#roster].filter(member => member.handle).map(({ spec }) => spec.name)
    // No clean end: whoever comes next may find its log in use.
    return left.length === 0
      ? null
      : { code: 'TIMEOUT', message: `${left.join(', ')} did not stop` }
  }

  // --- what is told ----------------------------------------------------------------------------

  /** A change of an actor's state is a fact of the log; changes within `running` are not. */
  #recordChange(member: Member, from: string, to: string, reason: string): void {
    const [before, after] = [from.split('.')[0] ?? '', to.split('.')[0] ?? '']
    if (before === after || after === '') return
    const { spec, machine, starts, awayMillis } = member
    const { name } = spec
    const away = after === 'running' && awayMillis !== null ? { awayMillis } : {}
    const level = after === 'gone' && before !== 'stopped' ? 'warn' : 'info'
    const change = { actor: name, from: before, to: after, reason, ...away }
    this.#options.log(level, change, 'actor changed')
    this.recordFact({
      type: 'actor_changed',
      actor: name,
      machine: machine || name,
      from: before,
      to: after,
      restarts: Math.max(0, starts - 1),
      ...away,
      ...(reason === '' ? {} : { reason }),
    })
    this.#tellStatus()
  }

  #tellStatus(): void {
    const status = this.status()
    this.#links.offerStatus(status)
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

// Runs an actor at its endpoint: lifecycle machine, channels, heartbeat and the protocol with the
// host. What differs between actors is their definition; who has read one has read all.
import { type AnyActor, type AnyStateMachine, createActor, type EventObject } from 'xstate'
import { type Clock, systemClock } from '../base/clock.ts'
import { describeError, type ErrorCode, RollcastError } from '../base/errors.ts'
import type { ActorContext } from '../machines/actor.machine.ts'
import { machineClock } from '../machines/machine-clock.ts'
import { stateName } from '../machines/state-name.ts'
import { tell } from '../machines/tell.ts'
import type { Quarantined, Span } from '../protocol/quarantine.ts'
import { type CrashKind, heartbeatMillis } from '../protocol/thread-messages.ts'
import type { MessagePortLike, PortSender, PortSenderOptions } from '../streams/port.ts'
import { Channels, type ReceiveOptions } from './channels.ts'
import type { ActorEndpoint } from './endpoint.ts'

/** What an actor may touch; every side effect of an actor goes through here. */
export interface ActorScope<Config> {
  readonly name: string
  readonly config: Config
  readonly clock: Clock
  /** How often this actor was restarted since the run began; 0 at first. */
  readonly restarts: number
  /** The sending end of one of the actor's channels; made once. */
  sender<T>(channel: string, options: Omit<PortSenderOptions<T>, 'clock'>): PortSender<T>
  /** Names of the channels that the topology gives this actor, by direction. */
  readonly sends: readonly string[]
  readonly receives: readonly string[]
  /**
   * Handles what arrives on a channel, one item after the other; an item is credited when the
   * handler's promise settles. A handler that throws ends the actor. A channel that the topology
   * does not have never delivers.
   */
  receive<T>(
    channel: string,
    handler: (item: T) => void | Promise<void>,
    options?: ReceiveOptions,
  ): void
  /** Sends a lifecycle event to the actor's machine. */
  send(event: EventObject): void
  /** Tells the host something at once. */
  note(facts: Readonly<Record<string, unknown>>): void
  /** Ends the actor: the supervisor starts a new one. */
  fail(error: unknown): void
  /** What an earlier life of the actor died over last, if that may be to blame. */
  readonly suspect: Span | undefined
  /**
   * Says that `place` (up to `to`) is in hand, until `handled`: when the actor fails over it again
   * and again, it will be told to pass it over. Returns why, if it has been told so.
   */
  handling(place: number, to?: number): Quarantined | undefined
  handled(): void
}

/** Carries out a command of the machine; the event that it resolves to answers the machine. */
export type CommandHandler = () => EventObject | undefined | Promise<EventObject | undefined>

export interface ActorInstance {
  /**
   * What the machine's commands mean. `open` takes resources, `recover` rebuilds state, `run`
   * takes work, `drain` finishes what is owed, `close` lets go. A command without a handler is
   * done at once. A handler that throws ends the actor.
   */
  readonly commands: Readonly<Record<string, CommandHandler>>
  /** Told to the host with `ready`. */
  detail?(): unknown
  /** Events behind the log's durable end; null for an actor that does not follow the log. */
  lag(): number | null
  /** Anything for the host, sent with every heartbeat. */
  heartbeat?(): unknown
  /** The last event that the actor is asked to account for, before `drain` is commanded. */
  drainTo?(seq: number): void
}

export interface ActorDefinition<Config> {
  readonly machine: AnyStateMachine
  create(scope: ActorScope<Config>): ActorInstance
}

/** Answers that a command without a handler gets. */
const defaultAnswers: Readonly<Record<string, string>> = {
  open: 'opened',
  recover: 'recovered',
  drain: 'drained',
}

/** Errors that a new start would meet again: the actor is refused, not restarted. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'USAGE',
  'UNAVAILABLE',
  'LOG_LOCKED',
  'LOG_FOREIGN',
  'LOG_VERSION',
  'LOG_CORRUPT',
  'LOG_FAILED',
  'CANNOT_CREATE',
  'DISK_FULL',
  'ADDRESS_IN_USE',
  'NOT_FOUND',
])

/** Whether what was in hand may be to blame: not for a disk, nor for what passes by itself. */
const mayBeOf = (error: unknown): boolean =>
  !(error instanceof RollcastError) || ['BAD_INPUT', 'LOG_CORRUPT'].includes(error.code)

/** Runs an actor until its machine has ended. */
export function runActor<Config>(
  endpoint: ActorEndpoint,
  definition: ActorDefinition<Config>,
  clock: Clock = systemClock,
): void {
  const { start } = endpoint
  const machine = createActor(definition.machine, { input: {}, clock: machineClock(clock) })
  const channels = new Channels(start.sends, start.receives, clock, fail)
  const quarantined = new Map(start.quarantined?.map(one => [one.place, one]))
  let failure: unknown
  let hasRun = false
  let inHandFrom = -1
  let inHandTo = -1

  function fail(error: unknown): void {
    if (failure !== undefined || machine.getSnapshot().status !== 'active') return
    const refused = { type: 'refused', reason: describeError(error) }
    // Past its start a machine knows failures only; the host hears what kind it is.
    const isRefusal = reportFailure(error) && machine.getSnapshot().can(refused)
    machine.send(isRefusal ? refused : { ...refused, type: 'failed' })
  }

  /** Tells the host; true when a new start would meet the same error. */
  function reportFailure(error: unknown): boolean {
    failure = error
    const code = error instanceof RollcastError ? error.code : 'INTERNAL'
    const refused = !hasRun && refusals.has(code as ErrorCode)
    endpoint.report({
      type: 'failed',
      code,
      message: error instanceof RollcastError ? error.message : describeError(error),
      refused,
      over: inHandFrom >= 0 && mayBeOf(error) ? { from: inHandFrom, to: inHandTo } : undefined,
    })
    return refused
  }

  const scope: ActorScope<Config> = {
    name: start.name,
    config: start.config as Config,
    clock,
    restarts: start.restarts,
    sender: (channel, options) => channels.sender(channel, options),
    sends: start.sends.map(spec => spec.name),
    receives: start.receives.map(spec => spec.name),
    receive: (channel, handler, options) => channels.receive(channel, handler, options),
    send: event => tell(machine, event),
    note: facts => endpoint.report({ type: 'noted', facts }),
    fail,
    suspect: start.suspect,
    handling(place, to = place + 1) {
      inHandFrom = place
      inHandTo = to
      return quarantined.size === 0 ? undefined : quarantined.get(place)
    },
    handled() {
      inHandFrom = -1
    },
  }
  let instance: ActorInstance
  try {
    instance = definition.create(scope)
  } catch (error) {
    reportFailure(error)
    endpoint.exit(error)
    return
  }

  machine.on('*', command => void carryOut(command.type).catch(fail))

  async function carryOut(command: string): Promise<void> {
    if (command === 'close') return close()
    const handler = instance.commands[command]
    const answer = defaultAnswers[command]
    const event = handler ? await handler() : undefined
    if (event) tell(machine, event)
    else if (answer) tell(machine, { type: answer })
  }

  /** The end, also for an actor that cannot even let go of what it has. */
  async function close(): Promise<void> {
    try {
      await instance.commands['close']?.()
    } catch (error) {
      if (failure === undefined) reportFailure(error)
    }
    stopHeartbeat()
    channels.close()
    endpoint.report({ type: 'stopped' })
    endpoint.exit(failure)
  }

  watchStates(machine, (from, to, reason) => {
    endpoint.report({ type: 'state', machine: definition.machine.id, from, to, reason })
    if (to.startsWith('running') && !from.startsWith('running')) {
      hasRun = true
      endpoint.report({ type: 'ready', detail: instance.detail?.() ?? null })
    }
  })
  endpoint.onCommand(command => {
    if (command.type === 'connect') {
      channels.connect(command.channel, command.port as MessagePortLike)
    } else if (command.type === 'drain') {
      instance.drainTo?.(command.seq)
      tell(machine, { type: 'drain' })
    } else if (command.type === 'stop') tell(machine, { type: 'stop' })
    else if (start.faults) crash(command.how)
  })
  const stopHeartbeat = repeat(clock, heartbeatMillis, () => {
    endpoint.report({
      type: 'heartbeat',
      lag: instance.lag(),
      channels: channels.counters(),
      detail: instance.heartbeat?.() ?? null,
    })
  })
  machine.start()
}

/** Dies without any clean-up, as a fault would have it. */
function crash(how: CrashKind): void {
  if (how === 'exit') process.exit(3)
  if (how === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  // Plain numbers, which V8 has soon looked through: it gives up sooner than of references.
  if (how === 'heap') for (const held: unknown[] = []; ; ) held.push(new Array(4_000).fill(0.5))
  setImmediate(() => {
    throw new Error('planted fault')
  })
}

/** Tells of every new state, and of every new reason for being in one. */
function watchStates(
  machine: AnyActor,
  onChange: (from: string, to: string, reason: string | null) => void,
): void {
  let state = ''
  let reason: string | null = null
  machine.subscribe(snapshot => {
    const from = state
    const before = reason
    state = stateName(snapshot.value)
    reason = (snapshot.context as ActorContext).reason
    if (state !== from || reason !== before) onChange(from, state, reason)
  })
}

function repeat(clock: Clock, everyMillis: number, task: () => void): () => void {
  let cancel = (): void => {}
  const again = (): void => {
    cancel = clock.schedule(everyMillis, () => {
      again()
      task()
    })
  }
  again()
  return () => cancel()
}

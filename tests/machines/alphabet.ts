// For each machine: everything that can happen to it, and how to tell two of its snapshots apart.
// The walk and the random sequences are made of these letters.
import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  createActor,
} from 'xstate'
import { SimulatedClock } from '../../src/base/clock.ts'
import { machineClock } from '../../src/machines/machine-clock.ts'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import { stateName } from '../../src/machines/state-name.ts'

/** An event, or time that passes. */
export type Letter = AnyEventObject | number

export interface Alphabet {
  readonly input: unknown
  readonly letters: readonly Letter[]
  /** Another input, for which there are states that the first never comes to. */
  readonly otherInput?: unknown
}

const reason = 'because'
const actor: Letter[] = [
  { type: 'opened' },
  { type: 'refused', reason },
  { type: 'recovered' },
  { type: 'drain' },
  { type: 'drained' },
  { type: 'stop' },
  { type: 'failed', reason },
  5000,
]
const modes = (type: string, names: readonly string[]): Letter[] =>
  names.map(mode => ({ type, mode }))
const news = (child: string): Letter[] => [
  { type: 'ready', child },
  { type: 'died', child, atMillis: 0, jitter: 0.5, reason },
  { type: 'refused', child, reason },
  { type: 'stuck', child, reason },
]
const recorder = { name: 'recorder', killable: false, replaceable: false, essential: true }
const encoder = { name: 'encoder', killable: true, replaceable: true, essential: false }

export const alphabets = {
  run: {
    input: {},
    letters: [
      { type: 'started' },
      { type: 'logFailed', reason },
      { type: 'logReturned' },
      { type: 'close' },
      { type: 'drained' },
      { type: 'committed' },
      { type: 'failed', reason },
      5000,
    ],
  },
  supervisor: {
    input: { children: [recorder, encoder] },
    letters: [...news('recorder'), ...news('encoder'), { type: 'stop' }, 2000],
  },
  child: {
    input: encoder,
    otherInput: { ...encoder, killable: false },
    letters: [
      { type: 'start' },
      ...news('encoder'),
      { type: 'stop' },
      { type: 'standDown' },
      100,
      2000,
      3000,
      10_000,
    ],
  },
  actor: { input: {}, letters: actor },
  recorder: {
    input: {},
    letters: [
      ...actor,
      { type: 'diskFailed', reason },
      { type: 'diskFull', reason },
      { type: 'roomFound' },
    ],
  },
  encoder: {
    input: {},
    letters: [
      ...actor,
      { type: 'caughtUp' },
      { type: 'fellBehind' },
      { type: 'lagRose', reason },
      { type: 'lagFell' },
    ],
  },
  dataset: {
    input: {},
    letters: [
      ...actor,
      { type: 'lockedOut', reason },
      { type: 'hindered', reason },
      { type: 'freed' },
    ],
  },
  aggregator: {
    input: {},
    letters: [...actor, { type: 'snapshotRestored' }, { type: 'snapshotRejected' }],
  },
  broadcaster: {
    input: {},
    letters: [
      ...actor,
      { type: 'feedLost', reason },
      { type: 'feedRestored' },
      { type: 'trainerAttached' },
      { type: 'trainerLeft' },
      ...modes('modeChosen', ['auto', 'live', 'checkpoint', 'replay']),
    ],
  },
  player: {
    input: {},
    letters: [...actor, { type: 'ended' }, { type: 'trainerAttached' }, { type: 'trainerLeft' }],
  },
  viewer: {
    input: {},
    letters: [
      ...modes('helloReceived', ['live', 'paced', 'replaying']),
      ...modes('modeChosen', ['live', 'paced', 'replaying']),
      { type: 'pause' },
      { type: 'resume' },
      { type: 'replayEnded' },
      { type: 'bufferFilled' },
      { type: 'bufferMoved' },
      { type: 'bufferDrained' },
      { type: 'close', reason },
      { type: 'disconnected' },
      2000,
      5000,
      10_000,
    ],
  },
  episode: {
    input: undefined,
    letters: [
      { type: 'began', episode: 1 },
      { type: 'began', episode: 2 },
      { type: 'terminated' },
      { type: 'truncated' },
      { type: 'interrupted' },
      { type: 'discarded' },
    ],
  },
  breaker: { input: {}, letters: [{ type: 'succeeded' }, { type: 'failed' }, 15_000, 30_000] },
} as const satisfies Record<MachineName, Alphabet>

/** A machine in motion on a clock of its own. */
export interface Performer {
  readonly actor: AnyActorRef
  readonly commands: AnyEventObject[]
  readonly errors: unknown[]
  play(letter: Letter): void
  snapshot(): AnyMachineSnapshot
  state(): string
}

/** Starts the machine; ended machines are sent nothing more, as XState asks. */
export function perform(name: MachineName, input: unknown = alphabets[name].input): Performer {
  const clock = new SimulatedClock()
  const options = { input, clock: machineClock(clock) }
  const actor: AnyActorRef = createActor<AnyActorLogic>(machines[name], options)
  const commands: AnyEventObject[] = []
  const errors: unknown[] = []
  actor.on('*', command => commands.push(command))
  actor.subscribe({ error: error => errors.push(error) })
  const snapshot = (): AnyMachineSnapshot => actor.getSnapshot()
  for (const child of Object.values<AnyActorRef>(snapshot().children)) {
    child.on('*', (command: AnyEventObject) => commands.push(command))
  }
  actor.start()
  return {
    actor,
    commands,
    errors,
    snapshot,
    state: () => stateName(snapshot().value),
    play(letter) {
      if (typeof letter === 'number') clock.advance(letter)
      else if (snapshot().status === 'active') actor.send(letter)
    },
  }
}

// Every machine by name: what `inspect` lists, describes and draws, and what the tests walk.
import type { AnyStateMachine } from 'xstate'
import { actorMachine } from './actor.machine.ts'
import { aggregatorMachine } from './aggregator.machine.ts'
import { breakerMachine } from './breaker.machine.ts'
import { broadcasterMachine } from './broadcaster.machine.ts'
import { childMachine } from './child.machine.ts'
import { datasetMachine } from './dataset.machine.ts'
import { encoderMachine } from './encoder.machine.ts'
import { episodeMachine } from './episode.machine.ts'
import { playerMachine } from './player.machine.ts'
import { recorderMachine } from './recorder.machine.ts'
import { runMachine } from './run.machine.ts'
import { supervisorMachine } from './supervisor.machine.ts'
import { viewerMachine } from './viewer.machine.ts'

/** A machine's name here is also its id. */
export const machines = {
  run: runMachine,
  supervisor: supervisorMachine,
  child: childMachine,
  actor: actorMachine,
  recorder: recorderMachine,
  encoder: encoderMachine,
  dataset: datasetMachine,
  aggregator: aggregatorMachine,
  broadcaster: broadcasterMachine,
  player: playerMachine,
  viewer: viewerMachine,
  episode: episodeMachine,
  breaker: breakerMachine,
} as const satisfies Record<string, AnyStateMachine>

export type MachineName = keyof typeof machines

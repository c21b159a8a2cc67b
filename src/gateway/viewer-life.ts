// A viewer's lifecycle machine at work: how long it may take for each thing, and who does what the
// machine says.
import { type ActorRefFrom, createActor } from 'xstate'
import type { Clock } from '../base/clock.ts'
import { machineClock } from '../machines/machine-clock.ts'
import { viewerMachine } from '../machines/viewer.machine.ts'
import { STALL_MILLIS, STALL_MILLIS_MAX } from './outflow.ts'

const HELLO_MILLIS_MAX = 10_000

export interface ViewerDeeds {
  follow(): void
  shed(): void
  resync(): void
  close(reason: string): void
  release(): void
}

/** Runs from here on. */
export function startViewerLife(
  clock: Clock,
  deeds: ViewerDeeds,
): ActorRefFrom<typeof viewerMachine> {
  const machine = createActor(viewerMachine, {
    clock: machineClock(clock),
    input: {
      helloMillisMax: HELLO_MILLIS_MAX,
      // Before that what waits is shed.
      stallMillisMax: STALL_MILLIS_MAX - STALL_MILLIS,
    },
  })
  machine.on('follow', () => deeds.follow())
  machine.on('shed', () => deeds.shed())
  machine.on('resync', () => deeds.resync())
  machine.on('close', ({ reason }) => deeds.close(reason))
  machine.on('release', () => deeds.release())
  return machine.start()
}

// A supervised group with a runtime in miniature: its children start, stop and vanish at once.
import { expect } from 'vitest'
import { type ActorRefFrom, createActor } from 'xstate'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { ChildCommand, ChildSpec } from '../../src/machines/child.machine.ts'
import { machineClock } from '../../src/machines/machine-clock.ts'
import type { RestartLimits } from '../../src/machines/restart-intensity.ts'
import {
  adopt,
  onCommands,
  reportChildren,
  type SupervisorCommand,
  supervisorMachine,
} from '../../src/machines/supervisor.machine.ts'

export const specs: readonly ChildSpec[] = [
  { name: 'recorder', killable: false, replaceable: false, essential: true },
  { name: 'encoder', killable: true, replaceable: true, essential: false },
  { name: 'broadcaster', killable: false, replaceable: true, essential: true },
]

export interface Group {
  clock: SimulatedClock
  supervisor: ActorRefFrom<typeof supervisorMachine>
  /** `millis command child`, in order. */
  log: string[]
  /** Children whose thread or process exists now. */
  alive: Set<string>
  /** `forgives`: when it died of what it will not meet again. */
  die(child: string, jitter?: number, forgives?: readonly number[]): void
  adopt(spec: ChildSpec): void
  states(): string[]
}

export interface GroupOptions {
  /** Do not stop when asked. */
  readonly deaf?: string[]
  /** Do not vanish when killed. */
  readonly immortal?: string[]
  readonly silent?: boolean
  readonly refusing?: string
  readonly limits?: RestartLimits
}

/** A runtime in miniature: starts at once, stops when asked unless it is one of `deaf`. */
export function startGroup(options: GroupOptions = {}): Group {
  const clock = new SimulatedClock()
  const supervisor = createActor(supervisorMachine, {
    input: { children: specs, ...(options.limits && { limits: options.limits }) },
    clock: machineClock(clock),
  })
  const log: string[] = []
  const alive = new Set<string>()
  const die = (child: string, jitter = 0, forgives?: readonly number[]) => {
    alive.delete(child)
    const atMillis = clock.monotonic()
    const died = { type: 'died', child, atMillis, jitter, reason: 'killed by the test' } as const
    supervisor.send({ ...died, ...(forgives && { forgives }) })
  }
  const carryOut = (command: ChildCommand | SupervisorCommand) => {
    if (command.type === 'alarm') return log.push(`${clock.monotonic()} alarm`)
    const { type, child } = command
    log.push(`${clock.monotonic()} ${type} ${child}`)
    if (type === 'startChild') {
      expect(alive.has(child), `${child} is started once at a time`).toBe(false)
      if (child === options.refusing) {
        return supervisor.send({ type: 'refused', child, reason: 'lock held' })
      }
      alive.add(child)
      if (!options.silent) supervisor.send({ type: 'ready', child })
    } else if (type === 'killChild' ? !options.immortal?.includes(child) : type === 'cutOff') {
      die(child)
    } else if (type === 'askToStop' && !options.deaf?.includes(child)) die(child)
    return undefined
  }
  onCommands(supervisor, carryOut)
  supervisor.start()
  const states = () => reportChildren(supervisor.getSnapshot()).map(report => report.state)
  return {
    ...{ clock, supervisor, log, alive, die, states },
    adopt: spec => adopt(supervisor, spec, carryOut),
  }
}

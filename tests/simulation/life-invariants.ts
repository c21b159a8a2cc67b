// Invariants 16 to 19, about threads and sessions: how they live, end, and what they may do.
import { describeMachine } from '../../src/machines/describe-machine.ts'
import { machines } from '../../src/machines/registry.ts'
import { restartLimits } from '../../src/machines/restart-intensity.ts'
import type { StateDescription } from '../../src/protocol/machine-description.ts'
import { both, forEachNew, type Watch } from './watch.ts'
import type { World } from './world.ts'

/** 16. No more restarts in any window than the supervisor allows. */
export function restartsAreBounded({ evidence }: World): Watch {
  const { restartsMax, windowMillis } = restartLimits
  const { starts } = evidence
  return forEachNew(starts, ({ process, at }, index) => {
    const recent = starts
      .slice(0, index + 1)
      .filter(one => one.process === process && at - one.at <= windowMillis && one.isRestart)
    return recent.length <= restartsMax
      ? undefined
      : `${recent.length} restarts within ${windowMillis} ms`
  })
}

/** 17. Lifecycles take declared transitions only. That all reach their end is looked at last. */
export function transitionsAreDeclared({ evidence }: World): Watch {
  return forEachNew(evidence.states, ({ machine, from, to }) => {
    if (from === '') return undefined
    const moves = declaredMoves(machine)
    const [leaves, next] = [from.split('+'), to.split('+')]
    // Of parallel regions, those that did not move stay where they are.
    const undeclared = next.find(
      leaf => !leaves.includes(leaf) && !leaves.some(before => moves.has(`${before} -> ${leaf}`)),
    )
    return undeclared && `${machine}: ${from} -> ${undeclared} is not declared`
  })
}

const movesOf = new Map<string, ReadonlySet<string>>()

/**
 * From each leaf to every leaf that a transition of it, or of a state around it, enters; also to where
 * that goes on at once.
 */
function declaredMoves(machine: string): ReadonlySet<string> {
  const known = movesOf.get(machine)
  if (known) return known
  const moves = new Set<string>()
  const atOnce: [from: string, to: string][] = []
  movesOf.set(machine, moves)
  const definition = machines[machine as keyof typeof machines]
  if (definition === undefined) return moves
  const states = allStates(describeMachine(definition))
  for (const { name, transitions } of states) {
    for (const { target, event, delay } of transitions) {
      if (target === null) continue
      for (const from of states) {
        if (from.name !== name && !from.name.startsWith(name === '' ? '' : `${name}.`)) continue
        for (const to of states) {
          if (!isWithin(to.name, target)) continue
          moves.add(`${from.name} -> ${to.name}`)
          if (event === null && delay === null) atOnce.push([from.name, to.name])
        }
      }
    }
  }
  for (const [through, to] of atOnce) {
    for (const { name } of states) {
      if (moves.has(`${name} -> ${through}`)) moves.add(`${name} -> ${to}`)
    }
  }
  return moves
}

const isWithin = (name: string, target: string): boolean =>
  name === target || name.startsWith(`${target}.`)

const allStates = (state: StateDescription): StateDescription[] => [
  state,
  ...state.states.flatMap(allStates),
]

/** 18. A thread that is gone has left nothing: no timer, no port. What a run leaves is looked at last. */
export function theDeadLeaveNothing({ evidence }: World): Watch {
  return () => {
    for (const life of evidence.lives) {
      if (life.dead && life.timers > 0) return `${life.name} left ${life.timers} timers`
    }
    return undefined
  }
}

const producers =
  /^(trainer:\d+|host:\d+|recorder:\d+|encoder(-\d+)?|aggregator|aggregator\.snapshot)$/

/**
 * 19. A session does what its role may. There is one role yet, the viewer, who may watch and ask:
 * nothing that it says is recorded, it gets nothing before its hello, and no answer but its own.
 */
export function viewersOnlyWatch({ evidence, viewers }: World): Watch {
  return both(
    forEachNew(evidence.appends, ({ contribution: { producer } }) =>
      producers.test(producer) ? undefined : `${producer} appends to the log`,
    ),
    () => viewers.find(viewer => viewer.improper.length > 0)?.improper[0],
  )
}

// Walks all that a machine can become, by playing every letter of its alphabet in every situation.
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import type { MachineName } from '../../src/machines/registry.ts'
import { stateName } from '../../src/machines/state-name.ts'
import { alphabets, type Letter, perform } from './alphabet.ts'

export interface Situation {
  readonly state: string
  readonly isDone: boolean
  /** Keys of the situations that one letter leads to. */
  readonly next: Set<string>
}

/** What decides how a snapshot goes on. Counters that grow for ever are capped where they cease to
 * matter, so that the walk ends. */
function keyOf(snapshot: AnyMachineSnapshot): string {
  const { spec, restarts, attempt, jitter, limits, deaths, failures, ...rest } = snapshot.context
  const children = Object.values<AnyActorRef>(snapshot.children).map(child =>
    keyOf(child.getSnapshot()),
  )
  return JSON.stringify([
    stateName(snapshot.value),
    rest,
    deaths?.length,
    Math.min(failures ?? 0, 3),
    children,
    snapshot.historyValue,
  ])
}

/** All situations by key. */
export function walk(name: MachineName): Map<string, Situation> {
  const situations = new Map<string, Situation>()
  const paths: Letter[][] = [[]]
  const visit = (path: Letter[]): string => {
    const performer = perform(name)
    for (const letter of path) performer.play(letter)
    const snapshot = performer.snapshot()
    const key = keyOf(snapshot)
    if (!situations.has(key)) {
      const isDone = snapshot.status === 'done'
      situations.set(key, { state: performer.state(), isDone, next: new Set() })
      if (!isDone) paths.push(path)
    }
    return key
  }
  visit([])
  for (let path = paths.shift(); path; path = paths.shift()) {
    const here = situations.get(visit(path))!
    for (const letter of alphabets[name].letters) here.next.add(visit([...path, letter]))
  }
  return situations
}

/** Keys of the situations from which no path leads to one that `isGoal` accepts. */
export function strandedFrom(
  situations: Map<string, Situation>,
  isGoal: (situation: Situation) => boolean,
): string[] {
  const saved = new Set<string>()
  for (let grown = -1; grown !== saved.size; ) {
    grown = saved.size
    for (const [key, situation] of situations) {
      if (isGoal(situation) || [...situation.next].some(next => saved.has(next))) saved.add(key)
    }
  }
  return [...situations.keys()].filter(key => !saved.has(key))
}

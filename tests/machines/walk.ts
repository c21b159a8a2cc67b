// Walks all that a machine can become, by playing every letter of its alphabet in every situation.
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate'
import type { MachineName } from '../../src/machines/registry.ts'
import { stateName } from '../../src/machines/state-name.ts'
import { alphabets, type Letter, perform } from './alphabet.ts'

export interface Situation {
  readonly state: string
  readonly isDone: boolean
  /** The situations that each letter leads to, by their keys. */
  readonly next: Map<Letter, string>
}

/** What decides how a snapshot goes on. Counters that grow for ever are capped where they cease to
 * matter, so that the walk ends. */
export function keyOf(snapshot: AnyMachineSnapshot): string {
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
export function walk(name: MachineName, input?: unknown): Map<string, Situation> {
  const situations = new Map<string, Situation>()
  const paths: Letter[][] = [[]]
  const visit = (path: Letter[]): string => {
    const performer = perform(name, input)
    for (const letter of path) performer.play(letter)
    const snapshot = performer.snapshot()
    const key = keyOf(snapshot)
    if (!situations.has(key)) {
      const isDone = snapshot.status === 'done'
      situations.set(key, { state: performer.state(), isDone, next: new Map() })
      if (!isDone) paths.push(path)
    }
    return key
  }
  visit([])
  for (let path = paths.shift(); path; path = paths.shift()) {
    const here = situations.get(visit(path))!
    for (const letter of alphabets[name].letters) here.next.set(letter, visit([...path, letter]))
  }
  return situations
}

/** From every situation that has a way to one that `isGoal` accepts: the first letter of the
 * shortest such way, and the situation that it leads to; null at a goal. */
export function waysTo(
  situations: Map<string, Situation>,
  isGoal: (situation: Situation) => boolean,
): Map<string, { readonly letter: Letter; readonly key: string } | null> {
  const before = new Map<string, { readonly letter: Letter; readonly key: string }[]>()
  for (const [key, { next }] of situations) {
    for (const [letter, to] of next) before.set(to, [...(before.get(to) ?? []), { letter, key }])
  }
  const goals = [...situations].filter(([, situation]) => isGoal(situation)).map(([key]) => key)
  const ways = new Map(goals.map(key => [key, null as { letter: Letter; key: string } | null]))
  // A map's iteration goes on over what is added meanwhile: nearest first.
  for (const to of ways.keys()) {
    for (const { letter, key } of before.get(to) ?? []) {
      if (!ways.has(key)) ways.set(key, { letter, key: to })
    }
  }
  return ways
}

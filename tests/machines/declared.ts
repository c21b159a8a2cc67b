// What a machine's description allows: its states, and which of them a letter may lead to.
import { describeMachine } from '../../src/machines/describe-machine.ts'
import { type MachineName, machines } from '../../src/machines/registry.ts'
import type { StateDescription } from '../../src/protocol/machine-description.ts'
import type { Letter } from './alphabet.ts'

/** Left at once for the state that its guards choose, so nothing is ever seen there. */
const transient = new Set(['running.mode.choosing'])

const allStates = (state: StateDescription): StateDescription[] => [
  state,
  ...state.states.flatMap(allStates),
]
const described = new Map<MachineName, StateDescription[]>()

function statesOf(name: MachineName): StateDescription[] {
  const known = described.get(name) ?? allStates(describeMachine(machines[name]))
  described.set(name, known)
  return known
}

/** Where a machine can be seen. */
export const leavesOf = (name: MachineName): string[] =>
  statesOf(name)
    .filter(state => state.type === 'atomic' || state.type === 'final')
    .map(state => state.name)
    .filter(state => !transient.has(state))

const isWithin = (state: string, outer: string): boolean =>
  outer === '' || `${state}.`.startsWith(`${outer}.`)

/** The leaves that `letter` may lead to from `state`; those of all regions, if there are several. */
export function leavesAfter(name: MachineName, state: string, letter: Letter): Set<string> {
  const reached = new Set<string>()
  const visit = (from: string, first: boolean): void => {
    for (const active of statesOf(name).filter(candidate => isWithin(from, candidate.name))) {
      for (const { event, delay, target } of active.transitions) {
        if (target === null || !isTaken(letter, event, delay, first)) continue
        // Into a state with parts, by its history, or into all of its regions.
        const outer = statesOf(name).find(
          ({ name: found, type }) => found === target && type !== 'history',
        )
        const within = outer ? target : target.slice(0, target.lastIndexOf('.'))
        for (const leaf of leavesAndTransient(name).filter(leaf => isWithin(leaf, within))) {
          if (reached.has(leaf)) continue
          reached.add(leaf)
          visit(leaf, false)
        }
      }
    }
  }
  for (const leaf of state.split('+')) visit(leaf, true)
  return reached
}

const leavesAndTransient = (name: MachineName): string[] => [...leavesOf(name), ...transient]

/** What a letter sets off: its event or the time's, and then what follows by itself. */
function isTaken(letter: Letter, event: string | null, delay: string | null, first: boolean) {
  if (event === null && delay === null) return true
  // The end of a child is news to its supervisor, whatever letter brought it about.
  if (event?.startsWith('xstate.done.')) return true
  return typeof letter === 'number' ? delay !== null : first && event === letter.type
}

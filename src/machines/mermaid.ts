// Draws a machine as a Mermaid state diagram, so that no diagram in the documents is drawn by hand
// and `inspect` can show where a running one stands.
import type { AnyStateMachine } from 'xstate'
import type { StateDescription, TransitionDescription } from '../protocol/machine-description.ts'
import { describeMachine } from './describe-machine.ts'

/** A `stateDiagram-v2` of `machine`. Edges read `event, event [guard]`, `after delay`, `[guard]`, or
 * `event / actions` where no state is left. `activeState` is a name as `stateName` gives it; its
 * states are filled in green. */
export function toMermaid(machine: AnyStateMachine, activeState?: string): string {
  const root = describeMachine(machine)
  const active = activeState === undefined ? [] : activeState.split('+').map(idOf)
  const lines = [
    ...drawInside(root),
    ...edgesAbroad(root),
    ...drawAnywhere(root),
    ...(active.length === 0 ? [] : [activeStyle]),
    ...active.map(id => `class ${id} active`),
  ]
  return `stateDiagram-v2\n${indent(lines).join('\n')}\n`
}

const activeStyle = 'classDef active fill:#10b981,stroke:#047857,color:#ffffff'

/** What stands inside the braces of a state: where it begins, its states, the edges among them. */
function drawInside(parent: StateDescription): string[] {
  if (parent.type === 'parallel') {
    return parent.states.flatMap((region, index) => [
      ...(index === 0 ? [] : ['--']),
      ...drawState(region),
    ])
  }
  return [
    ...(parent.initial === null ? [] : [`[*] --> ${idOf(parent.initial)}`]),
    ...parent.states.flatMap(drawState),
    ...parent.states.flatMap(state => drawEdges(state, isAtHome)),
    ...parent.states.filter(isFinal).map(state => `${idOf(state.name)} --> [*]`),
  ]
}

function drawState(state: StateDescription): string[] {
  const heading = `state "${titleOf(state)}" as ${idOf(state.name)}`
  if (state.states.length === 0) return [heading]
  return [`${heading} {`, ...indent(drawInside(state)), '}']
}

/** Edges that leave the state that they start in, at the top: Mermaid would move their target
 * inside the braces that they stand in. */
function edgesAbroad(parent: StateDescription): string[] {
  return parent.states.flatMap(state => [
    ...drawEdges(state, (from, target) => !isAtHome(from, target)),
    ...edgesAbroad(state),
  ])
}

/** What the machine takes in every state is drawn from a box of its own. */
function drawAnywhere(root: StateDescription): string[] {
  if (root.transitions.length === 0) return []
  const box = { ...root, name: 'any_state' }
  return [`state "any state" as ${box.name}`, ...drawEdges(box, () => true)]
}

/** One line for each way out, with all events that take it. */
function drawEdges(
  state: StateDescription,
  isWanted: (from: string, target: string) => boolean,
): string[] {
  const causes = new Map<string, string[]>()
  for (const transition of state.transitions) {
    const target = transition.target ?? state.name
    if (!isWanted(state.name, target)) continue
    const way = JSON.stringify([target, conditionOf(transition)])
    causes.set(way, [...(causes.get(way) ?? []), ...causeOf(transition)])
  }
  return [...causes].map(([way, events]) => {
    const [target, condition] = JSON.parse(way) as [string, string]
    const label = [events.join(', '), condition].filter(part => part !== '').join(' ')
    const edge = `${idOf(state.name)} --> ${idOf(target)}`
    return label === '' ? edge : `${edge} : ${label}`
  })
}

/** XState's own events carry ids that a reader does not need. */
function causeOf({ event, delay }: TransitionDescription): string[] {
  if (delay !== null) return [`after ${delay}`]
  if (event === null) return []
  return [event.startsWith('xstate.done.') ? 'done' : event]
}

/** The guard, and, for a transition that leaves no state, what it does. */
function conditionOf({ guard, target, actions }: TransitionDescription): string {
  const condition = guard === null ? [] : [`[${guard}]`]
  const deeds = target === null ? [`/ ${actions.join(', ')}`] : []
  return [...condition, ...deeds].join(' ')
}

const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')))

const isAtHome = (from: string, target: string): boolean => parentOf(from) === parentOf(target)

const isFinal = (state: StateDescription): boolean => state.type === 'final'

const idOf = (name: string): string => name.replaceAll('.', '_')

function titleOf(state: StateDescription): string {
  const key = state.name.slice(state.name.lastIndexOf('.') + 1)
  return state.type === 'history' ? `${key} (history)` : key
}

const indent = (lines: readonly string[]): string[] => lines.map(line => `  ${line}`)

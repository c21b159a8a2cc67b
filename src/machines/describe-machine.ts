// Makes the plain description (protocol/machine-description.ts) of a machine: what `inspect --json`
// prints, what Mermaid drawings are made from, and what the page draws without loading XState.
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { assert } from '../base/assert.ts'
import type {
  MachineDescription,
  StateDescription,
  TransitionDescription,
} from '../protocol/machine-description.ts'

/** Describes any machine. Of the result, `JSON.stringify` loses nothing. */
export function describeMachine(machine: AnyStateMachine): MachineDescription {
  return { machine: machine.id, ...describeState(machine.root) }
}

function describeState(node: AnyStateNode): StateDescription {
  const taken = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  return {
    name: nameOf(node),
    type: node.type,
    initial: node.type === 'compound' ? targetName(node.initial.target) : null,
    entry: node.entry.map(labelOf).filter(isOurs),
    exit: node.exit.map(labelOf).filter(isOurs),
    tags: [...node.tags],
    transitions: taken.map(describeTransition),
    states: Object.values(node.states).map(describeState),
  }
}

function describeTransition(transition: AnyTransitionDefinition): TransitionDescription {
  const { eventType, guard, target, actions, source } = transition
  const after = source.after.find(delayed => delayed.eventType === eventType)
  return {
    event: after || eventType === '' ? null : eventType,
    delay: after ? String(after.delay) : null,
    guard: guard === undefined ? null : labelOf(guard),
    target: targetName(target),
    actions: actions.map(labelOf).filter(isOurs),
  }
}

const nameOf = (node: AnyStateNode): string => node.path.join('.')

function targetName(target: readonly AnyStateNode[] | undefined): string | null {
  assert((target?.length ?? 0) <= 1, 'a transition leads to one state')
  return target?.[0] ? nameOf(target[0]) : null
}

/** `name`, or `name(value, ...)` for an action or guard with parameters. */
function labelOf(named: unknown): string {
  if (typeof named === 'string') return named
  const { type, params } = named as { type?: string; params?: unknown }
  const values = params && typeof params === 'object' ? Object.values(params) : []
  return values.length === 0 ? (type ?? 'inline') : `${type}(${values.join(', ')})`
}

/** XState adds actions of its own for delays; they say nothing that the delay does not. */
const isOurs = (label: string): boolean => label !== 'xstate.raise' && label !== 'xstate.cancel'

// A machine as plain data: its states and transitions, without code. `inspect --json` prints it,
// the Mermaid drawing is made from it, and a page can draw it without loading XState.
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { assert } from '../base/assert.ts'

export interface TransitionDescription {
  /** The event's type; null for one that is taken at once (XState's `always`). */
  readonly event: string | null
  /** The name of the delay, or its milliseconds, for a transition that time takes. */
  readonly delay: string | null
  readonly guard: string | null
  /** The full name of the state it leads to; null when it only acts. */
  readonly target: string | null
  readonly actions: readonly string[]
}

export interface StateDescription {
  /** The keys from the top, joined by dots, as `stateName` gives them; empty for the machine. */
  readonly name: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** Full name of the state it begins in; null unless it is compound. */
  readonly initial: string | null
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly tags: readonly string[]
  readonly transitions: readonly TransitionDescription[]
  readonly states: readonly StateDescription[]
}

export interface MachineDescription extends StateDescription {
  readonly machine: string
}

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

// The name of where a machine stands: its state value, flattened to a string for messages, metrics
// and logs. `{ running: 'live' }` is `running.live`; parallel regions are joined by `+`, in order.
import type { AnyStateMachine, StateValue, StateValueFrom } from 'xstate'

/** The names of a state value's leaves, as string literals; one of them for each region. */
type LeafNames<Value> = Value extends string
  ? Value
  : { [Key in keyof Value & string]: `${Key}.${LeafNames<Value[Key]>}` }[keyof Value & string]

/** Every name that `stateName` can give for a machine without parallel states. */
export type StateNameOf<Machine extends AnyStateMachine> = LeafNames<StateValueFrom<Machine>>

/** `'starting'`, `'running.live'`, or `'running.feed.listening+running.mode.live'`. */
export function stateName(value: StateValue): string {
  return leafNames(value).join('+')
}

function leafNames(value: StateValue | undefined): string[] {
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  return Object.entries(value).flatMap(([key, inner]) =>
    leafNames(inner).map(name => `${key}.${name}`),
  )
}

/** Whether a machine in `state` does its work: that of an actor, or of the run itself. */
export const isRunning = (state: string): boolean => /^(running|recording)\b/.test(state)

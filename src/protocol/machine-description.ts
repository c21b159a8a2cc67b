// A lifecycle machine as plain data: its states and transitions, without code. The gateway serves
// them at `/api/machines`, `inspect --json` prints them, the page draws them.
import * as v from 'valibot'

const names = v.pipe(v.array(v.string()), v.readonly())

const transitionSchema = v.object({
  /** The event's type; null for one that is taken at once (XState's `always`). */
  event: v.nullable(v.string()),
  /** The name of the delay, or its milliseconds, for a transition that time takes. */
  delay: v.nullable(v.string()),
  guard: v.nullable(v.string()),
  /** The full name of the state it leads to; null when it only acts. */
  target: v.nullable(v.string()),
  actions: names,
})
export type TransitionDescription = Readonly<v.InferOutput<typeof transitionSchema>>

const stateFields = {
  /** The keys from the top, joined by dots, as `stateName` gives them; empty for the machine. */
  name: v.string(),
  type: v.picklist(['atomic', 'compound', 'parallel', 'final', 'history']),
  /** Full name of the state it begins in; null unless it is compound. */
  initial: v.nullable(v.string()),
  entry: names,
  exit: names,
  tags: names,
  transitions: v.pipe(v.array(transitionSchema), v.readonly()),
}

export interface StateDescription
  extends Readonly<v.InferOutput<v.ObjectSchema<typeof stateFields, undefined>>> {
  readonly states: readonly StateDescription[]
}

const stateSchema: v.GenericSchema<StateDescription> = v.object({
  ...stateFields,
  states: v.pipe(v.array(v.lazy(() => stateSchema)), v.readonly()),
})

export interface MachineDescription extends StateDescription {
  readonly machine: string
}

/** All machines, in the order in which they are listed. */
export const machineDescriptionsSchema: v.GenericSchema<readonly MachineDescription[]> = v.array(
  v.object({
    machine: v.string(),
    ...stateFields,
    states: v.pipe(v.array(stateSchema), v.readonly()),
  }),
)

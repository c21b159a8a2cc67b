// A lifecycle machine as plain data: its states and transitions, without code. The gateway serves
// them at `/api/machines`, `inspect --json` prints them, the page draws them.
import { z } from 'zod'

const transitionSchema = z.object({
  /** The event's type; null for one that is taken at once (XState's `always`). */
  event: z.string().nullable(),
  /** The name of the delay, or its milliseconds, for a transition that time takes. */
  delay: z.string().nullable(),
  guard: z.string().nullable(),
  /** The full name of the state it leads to; null when it only acts. */
  target: z.string().nullable(),
  actions: z.array(z.string()).readonly(),
})
export type TransitionDescription = Readonly<z.output<typeof transitionSchema>>

const stateFields = {
  /** The keys from the top, joined by dots, as `stateName` gives them; empty for the machine. */
  name: z.string(),
  type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
  /** Full name of the state it begins in; null unless it is compound. */
  initial: z.string().nullable(),
  entry: z.array(z.string()).readonly(),
  exit: z.array(z.string()).readonly(),
  tags: z.array(z.string()).readonly(),
  transitions: z.array(transitionSchema).readonly(),
}

export interface StateDescription
  extends Readonly<z.output<z.ZodObject<typeof stateFields, z.core.$strip>>> {
  readonly states: readonly StateDescription[]
}

const stateSchema: z.ZodType<StateDescription> = z.object({
  ...stateFields,
  get states() {
    return z.array(stateSchema).readonly()
  },
})

export interface MachineDescription extends StateDescription {
  readonly machine: string
}

/** All machines, in the order in which they are listed. */
export const machineDescriptionsSchema: z.ZodType<readonly MachineDescription[]> = z.array(
  z.object({
    machine: z.string(),
    ...stateFields,
    states: z.array(stateSchema).readonly(),
  }),
)

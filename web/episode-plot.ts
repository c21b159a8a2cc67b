// What of an episode can be drawn over its steps. Only what its steps carry is offered: nothing is
// made up to fill a chart.
import { formatName } from './format.ts'
import type { StepState } from './stage.ts'

export interface Plotted {
  /** Names it in the address of a choice; meters begin with `meter:`. */
  readonly key: string
  readonly label: string
  readonly of: (step: StepState) => number | null
}

const METERS_MAX = 64

const always: readonly Plotted[] = [
  { key: 'return', label: 'Return so far', of: step => step.cumulative_reward },
  { key: 'reward', label: 'Reward', of: step => step.reward },
]

const highestValue: Plotted = {
  key: 'value',
  label: 'Highest Q-value',
  of: ({ q_values }) => (q_values === null || q_values.length === 0 ? null : Math.max(...q_values)),
}

const chosenValue: Plotted = {
  key: 'chosen',
  label: 'Q-value of the action',
  of: ({ q_values, action }) => (typeof action === 'number' ? (q_values?.[action] ?? null) : null),
}

const meter = (name: string): Plotted => ({
  key: `meter:${name}`,
  label: formatName(name),
  of: step => step.meters?.[name] ?? null,
})

/** What can be drawn of an episode that has such a step. */
export function plottable(step: StepState | null): readonly Plotted[] {
  if (step === null) return always
  const values = step.q_values === null ? [] : [highestValue]
  const chosen = step.q_values !== null && typeof step.action === 'number' ? [chosenValue] : []
  const meters = Object.keys(step.meters ?? {}).slice(0, METERS_MAX)
  return [...always, ...values, ...chosen, ...meters.map(meter)]
}

/** Steps, then values; null where a value is missing or not finite. */
export function plotSteps(
  steps: readonly StepState[],
  { of }: Plotted,
): [number[], (number | null)[]] {
  return [
    steps.map(({ step }) => step),
    steps.map(step => {
      const value = of(step)
      return value !== null && Number.isFinite(value) ? value : null
    }),
  ]
}

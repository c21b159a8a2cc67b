// Steps as columns of a dataset: one feature for each field that a step may carry. Row k is step k:
// what the trainer said in that call.
import { RollcastError } from '../base/errors.ts'
import type { StepTaken } from '../protocol/events.ts'
import type { ColumnValues } from './lerobot/columns.ts'
import type { FeatureDescription } from './lerobot/features.ts'

type StepValues = number | boolean | readonly number[]

/** What a step says for a feature, by the feature's names; undefined when it says nothing. */
type ReadStep = (step: StepTaken, names?: readonly string[]) => StepValues | undefined

/** Fields of numbers by the feature that they become. What an info holds has no shape: it stays in the log. */
const listFields: Readonly<Record<string, ReadStep>> = {
  'observation.state': step => step.observation,
  'observation.position': step => step.position,
  'observation.meters': (step, names) => step.meters && metersOf(step.meters, names),
  action: step => step.action,
  q_values: step => step.qValues,
  logits: step => step.logits,
}

/** Agents need not name their meters in one order. BAD_INPUT when they are not those of `names`. */
function metersOf(
  meters: Readonly<Record<string, number>>,
  names: readonly string[] = Object.keys(meters),
): readonly number[] {
  const found = Object.keys(meters)
  if (found.length === names.length && names.every(name => Object.hasOwn(meters, name))) {
    return names.map(name => meters[name]!)
  }
  throw bad(`observation.meters: expected ${names.join(', ')}, found ${found.join(', ')}`)
}

/** What every step has, whatever the agent. Extrinsic and intrinsic reward stay apart. */
const outcomes: Readonly<Record<string, ReadStep>> = {
  'next.reward': step => step.reward,
  'next.intrinsic_reward': step => step.intrinsicReward,
  'next.done': step => step.terminated || step.truncated,
  'next.truncated': step => step.truncated,
}

const readers: Readonly<Record<string, ReadStep>> = { ...listFields, ...outcomes }

const widthOf = (values: StepValues): number => (typeof values === 'object' ? values.length : 1)

/** Finds out which features all steps of an episode have. */
export class StepFeatures {
  #common: Record<string, FeatureDescription> | undefined

  add(step: StepTaken): void {
    this.#common ??= describeStep(step)
    for (const name of Object.keys(this.#common)) {
      if (readers[name]?.(step) === undefined) delete this.#common[name]
    }
  }

  /** By name, in the order of the columns. */
  get features(): Readonly<Record<string, FeatureDescription>> {
    return { ...this.#common }
  }
}

function describeStep(step: StepTaken): Record<string, FeatureDescription> {
  const described: Record<string, FeatureDescription> = {}
  for (const [name, read] of Object.entries(readers)) {
    const values = read(step)
    if (values === undefined || widthOf(values) === 0) continue
    const names = name === 'observation.meters' ? { names: Object.keys(step.meters ?? {}) } : {}
    const dtype = typeof values === 'boolean' ? 'bool' : 'float32'
    described[name] = { dtype, shape: [widthOf(values)], ...names }
  }
  return described
}

interface Column {
  readonly read: ReadStep
  readonly width: number
  readonly names: readonly string[] | undefined
  readonly values: Float64Array
}

/** The columns of one episode while its steps come in. */
export class StepColumns {
  readonly #rows: number
  readonly #columns = new Map<string, Column>()
  #taken = 0

  /** `features`: those of the dataset; what no step has is left for others to fill. */
  constructor(features: Readonly<Record<string, FeatureDescription>>, rows: number) {
    this.#rows = rows
    for (const [name, feature] of Object.entries(features)) {
      const read = readers[name]
      if (!read || feature.dtype === 'string') continue
      const width = (feature.shape ?? [1]).reduce((product, side) => product * side, 1)
      const values = new Float64Array(rows * width)
      const names = 'names' in feature ? feature.names : undefined
      this.#columns.set(name, { read, width, names, values })
    }
  }

  /** Steps taken so far. */
  get taken(): number {
    return this.#taken
  }

  /** Takes the next step. BAD_INPUT when one is missing before it, or it lacks a feature. */
  add(step: StepTaken): void {
    const row = this.#taken
    if (step.step !== row || row >= this.#rows) {
      const expected = row < this.#rows ? `step ${row}` : `${this.#rows} steps`
      throw bad(`expected ${expected}, found step ${step.step}: steps were lost`)
    }
    for (const [name, { read, width, names, values }] of this.#columns) {
      const found = read(step, names)
      const count = found === undefined ? 0 : widthOf(found)
      if (found === undefined || count !== width) {
        const numbers = `${width} number${width === 1 ? '' : 's'}`
        throw bad(`${name}: expected ${numbers} at step ${row}, found ${count || 'none'}`)
      }
      if (typeof found === 'object') values.set(found, row * width)
      else values[row] = Number(found)
    }
    this.#taken++
  }

  /** The whole columns. BAD_INPUT when steps are missing at the end. */
  finish(): Readonly<Record<string, ColumnValues>> {
    if (this.#taken !== this.#rows) {
      throw bad(`expected ${this.#rows} steps, found ${this.#taken}: steps were lost`)
    }
    return Object.fromEntries([...this.#columns].map(([name, { values }]) => [name, values]))
  }
}

const bad = (message: string): RollcastError => new RollcastError('BAD_INPUT', message)

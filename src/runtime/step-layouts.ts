// The layouts that one agent's steps have had. Fields may come and go from step to step, each
// combination is a layout of its own; but a list keeps its length and the meters keep their names.
import { RollcastError, typeName } from '../base/errors.ts'
import type { StepLayout } from '../protocol/events.ts'
import { limits } from '../protocol/limits.ts'
import {
  fitsShape,
  type StepInput,
  type StepShape,
  shapeOf,
  valueCount,
} from '../protocol/step-layout.ts'

/** There are six optional fields, so 64 combinations. */
const LAYOUTS_PER_AGENT_MAX = 64

const listFields = ['position', 'qValues', 'logits', 'observation'] as const

/** True when the rewards are numbers; what else a step holds is told by its shape. */
export const hasRewards = (step: StepInput): boolean =>
  typeof step?.reward === 'number' &&
  (step.intrinsicReward === undefined || typeof step.intrinsicReward === 'number')

export class StepLayouts {
  readonly #agent: string
  readonly #layouts: StepLayout[] = []

  constructor(agent: string) {
    this.#agent = agent
  }

  /** The known layout that `step` has, if any. */
  find(step: StepInput): StepLayout | undefined {
    if (!hasRewards(step)) return undefined
    return this.#layouts.find(layout => fitsShape(layout, step))
  }

  add(layout: StepLayout): void {
    this.#layouts.push(layout)
  }

  /** The shape of `step`; throws BAD_STEP when it contradicts an earlier one or is no step. */
  check(step: StepInput): StepShape {
    if (typeof step !== 'object' || step === null) throw this.#bad('a step object', typeName(step))
    if (typeof step.reward !== 'number') throw this.#bad('a reward (number)', typeof step.reward)
    if (!hasRewards(step))
      throw this.#bad('a number as intrinsicReward', typeof step.intrinsicReward)
    for (const field of listFields) this.#checkList(field, step[field])
    const { action, meters } = step
    if (action !== undefined && typeof action !== 'number') this.#checkList('action', action)
    if (meters !== undefined && (typeof meters !== 'object' || meters === null)) {
      throw this.#bad('meters as an object of numbers', typeof meters)
    }
    for (const name in meters) {
      const value: unknown = meters[name]
      if (typeof value !== 'number') throw this.#bad(`meter ${name} as a number`, typeof value)
    }
    const shape = shapeOf(step)
    this.#compare(shape)
    const values = valueCount(shape)
    if (values > limits.stepValuesMax) {
      throw this.#bad(`at most ${limits.stepValuesMax} numbers`, String(values))
    }
    if (this.#layouts.length >= LAYOUTS_PER_AGENT_MAX) {
      throw this.#bad(`at most ${LAYOUTS_PER_AGENT_MAX} shapes of steps`, 'another one')
    }
    return shape
  }

  #checkList(field: string, list: unknown): void {
    if (list === undefined) return
    const length: unknown = (list as ArrayLike<number> | null)?.length
    const isLength = typeof length === 'number' && Number.isSafeInteger(length) && length >= 0
    if (typeof list !== 'object' || !isLength) {
      throw this.#bad(`${field} as a list of numbers`, typeof list)
    }
    const first = (list as ArrayLike<unknown>)[0]
    if (length > 0 && typeof first !== 'number') {
      throw this.#bad(`${field} as a list of numbers`, `a list of ${typeof first}`)
    }
  }

  #compare(shape: StepShape): void {
    for (const earlier of this.#layouts) {
      for (const field of [...listFields, 'action'] as const) {
        if (earlier[field] > 0 && shape[field] > 0 && earlier[field] !== shape[field]) {
          throw this.#bad(`${earlier[field]} ${field}, as before`, String(shape[field]))
        }
      }
      const before = earlier.meters.join(', ')
      const now = shape.meters.join(', ')
      if (before !== '' && now !== '' && before !== now) {
        throw this.#bad(`meters ${before}, as before and in that order`, now)
      }
    }
  }

  #bad(expected: string, found: string): RollcastError {
    const message = `agent ${this.#agent}: expected ${expected}, found ${found}`
    return new RollcastError('BAD_STEP', message)
  }
}

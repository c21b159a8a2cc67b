// A step as plain numbers at fixed offsets: a layout is learned from the agent's first step, and
// every later step is one pass over its fields into shared memory, without an allocation.
//
// Body of a step (little-endian, offsets in bytes):
//   0  f64 time            8  u16 layout  10 u16 flags  12 u32 episode
//  16  u32 step           20  u32 length of the information (msgpack, after the values)
//  24  f64 reward         32  f64 intrinsic reward
//  40  f64 values[n]      position, action, q-values, logits, meters, observation
import type { StepLayout, StepTaken } from './events.ts'

/** A list of numbers: an array or any typed array of numbers. */
export type Numbers = ArrayLike<number>

/** What a trainer says of one step. Everything but `reward` is optional. */
export interface StepInput {
  /** Extrinsic reward; NaN and infinities are recorded as they are. */
  reward: number
  /** Intrinsic reward, kept apart; default 0. */
  intrinsicReward?: number
  terminated?: boolean
  truncated?: boolean
  position?: Numbers
  action?: number | Numbers
  qValues?: Numbers
  logits?: Numbers
  /** Named gauges; the names and their order are fixed by the agent's first step. */
  meters?: Readonly<Record<string, number>>
  observation?: Numbers
  /** Anything else; encoded generally, so the slow part of a step. */
  info?: unknown
}

export const STEP_HEADER_BYTES = 40
export const STEP_TERMINATED = 1
export const STEP_TRUNCATED = 2

/** The shape of a step, without the layout's number and agent. */
export type StepShape = Omit<StepLayout, 'kind' | 'layout' | 'agent'>

/** The shape of `step`, from its fields' lengths. */
export function shapeOf(step: StepInput): StepShape {
  const { action } = step
  return {
    position: step.position?.length ?? 0,
    action: action === undefined ? 0 : typeof action === 'number' ? 1 : action.length,
    actionScalar: typeof action === 'number',
    qValues: step.qValues?.length ?? 0,
    logits: step.logits?.length ?? 0,
    observation: step.observation?.length ?? 0,
    meters: namesOf(step.meters),
  }
}

/** The names in the order in which `fitsShape` and `writeValues` meet them. */
function namesOf(meters: StepInput['meters']): string[] {
  const names: string[] = []
  for (const name in meters) names.push(name)
  return names
}

/** How many numbers a step of this shape carries. */
export function valueCount(shape: StepShape): number {
  return (
    shape.position +
    shape.action +
    shape.qValues +
    shape.logits +
    shape.meters.length +
    shape.observation
  )
}

/** True when `step` has exactly this shape. Allocates nothing. */
export function fitsShape(shape: StepShape, step: StepInput): boolean {
  const { action, meters } = step
  if ((step.position?.length ?? 0) !== shape.position) return false
  if (typeof action === 'number') {
    if (!shape.actionScalar) return false
  } else if (shape.actionScalar || (action?.length ?? 0) !== shape.action) return false
  if ((step.qValues?.length ?? 0) !== shape.qValues) return false
  if ((step.logits?.length ?? 0) !== shape.logits) return false
  if ((step.observation?.length ?? 0) !== shape.observation) return false
  let index = 0
  if (meters !== undefined) {
    for (const name in meters) if (name !== shape.meters[index++]) return false
  }
  return index === shape.meters.length
}

/** Writes the numbers of `step` at `floats[at]`, in the layout's order; returns the next index. */
export function writeValues(floats: Float64Array, at: number, step: StepInput): number {
  let index = at
  const { position, action, qValues, logits, meters, observation } = step
  if (position !== undefined) {
    for (let i = 0; i < position.length; i++) floats[index++] = position[i]!
  }
  if (typeof action === 'number') floats[index++] = action
  else if (action !== undefined) {
    for (let i = 0; i < action.length; i++) floats[index++] = action[i]!
  }
  if (qValues !== undefined) {
    for (let i = 0; i < qValues.length; i++) floats[index++] = qValues[i]!
  }
  if (logits !== undefined) {
    for (let i = 0; i < logits.length; i++) floats[index++] = logits[i]!
  }
  if (meters !== undefined) for (const name in meters) floats[index++] = meters[name]!
  if (observation !== undefined) {
    for (let i = 0; i < observation.length; i++) floats[index++] = observation[i]!
  }
  return index
}

/** The step whose body starts at `offset` of `view`; `info` is already decoded. */
export function readStep(
  layout: StepLayout,
  view: DataView,
  offset: number,
  info: unknown,
): StepTaken {
  const flags = view.getUint16(offset + 10, true)
  let at = offset + STEP_HEADER_BYTES
  const read = (count: number): number[] => {
    const values = new Array<number>(count)
    for (let i = 0; i < count; i++, at += 8) values[i] = view.getFloat64(at, true)
    return values
  }
  const step: StepTaken = {
    type: 'step_taken',
    agent: layout.agent,
    episode: view.getUint32(offset + 12, true),
    step: view.getUint32(offset + 16, true),
    reward: view.getFloat64(offset + 24, true),
    intrinsicReward: view.getFloat64(offset + 32, true),
    terminated: (flags & STEP_TERMINATED) !== 0,
    truncated: (flags & STEP_TRUNCATED) !== 0,
  }
  if (layout.position > 0) step.position = read(layout.position)
  if (layout.action > 0) {
    const action = read(layout.action)
    step.action = layout.actionScalar ? action[0]! : action
  }
  if (layout.qValues > 0) step.qValues = read(layout.qValues)
  if (layout.logits > 0) step.logits = read(layout.logits)
  if (layout.meters.length > 0) {
    const values = read(layout.meters.length)
    step.meters = Object.fromEntries(layout.meters.map((name, i) => [name, values[i]!]))
  }
  if (layout.observation > 0) step.observation = read(layout.observation)
  if (info !== undefined) step.info = info
  return step
}

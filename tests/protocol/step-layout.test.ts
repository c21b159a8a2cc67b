import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fitsShape,
  readStep,
  STEP_HEADER_BYTES,
  type StepInput,
  shapeOf,
  valueCount,
  writeValues,
} from '../../src/protocol/step-layout.ts'
import { layoutOf, stepEvents } from './arbitraries.ts'

const full: StepInput = {
  reward: 1,
  position: [1, 2],
  action: 3,
  qValues: new Float32Array([0.5, 0.25]),
  logits: new Int8Array([-1]),
  meters: { energy: 4, mood: 5 },
  observation: new Float64Array([6, 7, 8]),
}

describe('the shape of a step', () => {
  test('is what its fields have, typed arrays and lists alike', () => {
    expect(shapeOf(full)).toEqual({
      ...{ position: 2, action: 1, actionScalar: true, qValues: 2, logits: 1, observation: 3 },
      meters: ['energy', 'mood'],
    })
    expect(valueCount(shapeOf(full))).toBe(11)
    expect(valueCount(shapeOf({ reward: 0 }))).toBe(0)
  })

  test('fits the step that it was learnt from', () => {
    fc.assert(
      fc.property(stepEvents, step => {
        expect(fitsShape(shapeOf(step), step)).toBe(true)
      }),
    )
  })

  test('fits no step with another field, another length or other meters', () => {
    const others: Partial<StepInput>[] = [
      { position: [1, 2, 3] },
      { action: [3] },
      { action: [3, 4] },
      { qValues: [1] },
      { logits: [1, 2] },
      { observation: [] },
      { meters: { energy: 4 } },
      { meters: { mood: 5, energy: 4 } },
      { meters: { energy: 4, mood: 5, money: 1 } },
    ]
    for (const other of others) expect(fitsShape(shapeOf(full), { ...full, ...other })).toBe(false)
    for (const field of ['position', 'action', 'qValues', 'logits', 'meters', 'observation']) {
      expect(fitsShape(shapeOf(full), { ...full, [field]: undefined })).toBe(false)
    }
    const scalar = { reward: 0, action: 1 }
    expect(fitsShape(shapeOf({ reward: 0, action: [1] }), scalar)).toBe(false)
    expect(fitsShape(shapeOf({ reward: 0 }), { reward: 0, action: [] })).toBe(true)
  })

  test('names meters that the object inherits, as they are also written', () => {
    const step = { reward: 0, meters: Object.create({ energy: 1 }) as Record<string, number> }
    expect(shapeOf(step).meters).toEqual(['energy'])
    expect(fitsShape(shapeOf(step), step)).toBe(true)
  })
})

describe('the numbers of a step', () => {
  test('are written in the order of the layout, from the given index on', () => {
    const floats = new Float64Array(14).fill(-9)
    expect(writeValues(floats, 2, full)).toBe(13)
    expect([...floats]).toEqual([-9, -9, 1, 2, 3, 0.5, 0.25, -1, 4, 5, 6, 7, 8, -9])
  })

  test('L1 are read as they were written, to the bit', () => {
    fc.assert(
      fc.property(stepEvents, step => {
        const count = valueCount(shapeOf(step))
        const body = new ArrayBuffer(STEP_HEADER_BYTES + count * 8)
        const end = writeValues(new Float64Array(body), STEP_HEADER_BYTES / 8, step)
        expect(end).toBe(STEP_HEADER_BYTES / 8 + count)
        const read = readStep(layoutOf(step, 1), new DataView(body), 0, step.info)
        const { position, action, qValues, logits, meters, observation } = step
        const given = { position, action, qValues, logits, meters, observation }
        for (const [field, value] of Object.entries(given)) {
          deepStrictEqual(read[field as keyof typeof given], value)
        }
      }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { upcast } from '../../src/protocol/upcasters.ts'

type Fields = Record<string, unknown>

const table = {
  episode_ended: {
    1: (fields: Fields): Fields => ({ ...fields, frames: 0 }),
    2: ({ length, ...fields }: Fields): Fields => ({ ...fields, steps: length }),
  },
}

describe('an upcaster', () => {
  test('lifts fields through every version up to today`s, in order', () => {
    const lifted = upcast('episode_ended', 1, { length: 5, agent: 'a' }, table, 3)
    expect(lifted).toEqual({ agent: 'a', frames: 0, steps: 5 })
    expect(upcast('episode_ended', 2, { length: 5 }, table, 3)).toEqual({ steps: 5 })
  })

  test('leaves alone what is of today, of another kind, or unchanged between versions', () => {
    const fields = { length: 5 }
    expect(upcast('episode_ended', 3, fields, table, 3)).toBe(fields)
    expect(upcast('episode_began', 1, fields, table, 3)).toBe(fields)
    const sparse = { episode_ended: { 2: table.episode_ended[2] } }
    expect(upcast('episode_ended', 1, fields, sparse, 3)).toEqual({ steps: 5 })
  })

  test('does not change the fields that it was given', () => {
    const fields = Object.freeze({ length: 5 })
    upcast('episode_ended', 1, fields, table, 3)
    expect(fields).toEqual({ length: 5 })
  })

  test('is needed for no kind yet: every kind is at its first version', () => {
    const fields = { any: 1 }
    expect(upcast('run_started', 1, fields)).toBe(fields)
  })
})

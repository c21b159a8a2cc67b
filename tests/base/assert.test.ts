import { describe, expect, test } from 'vitest'
import { AssertionError, assert, unreachable } from '../../src/base/assert.ts'
import { RollcastError } from '../../src/base/errors.ts'

describe('an assertion', () => {
  test('throws its message, as no operating error', () => {
    const fail = (): void => assert(0, 'the ring has room')
    expect(fail).toThrow(AssertionError)
    expect(fail).toThrow('the ring has room')
    expect(fail).not.toThrow(RollcastError)
  })

  test('lets everything pass that is true', () => {
    for (const value of [true, 1, 'x', {}, []]) expect(() => assert(value, 'never')).not.toThrow()
  })

  test('says which value was thought impossible', () => {
    expect(() => unreachable('blue' as never)).toThrow('unreachable: "blue"')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  describeError,
  type ErrorCode,
  errorExitCodes,
  RollcastError,
} from '../../src/base/errors.ts'

/** What the command line promises (architecture, "Public face"), and sysexits' 66 for what is missing. */
const exitCodes = [2, 65, 66, 69, 70, 73, 75]

describe('an operating error', () => {
  test('has an exit code that the command line promises, whatever its code', () => {
    for (const [code, exitCode] of Object.entries(errorExitCodes)) {
      expect(exitCodes, code).toContain(exitCode)
    }
  })

  test('carries its code, its cause, and whether it may pass', () => {
    const cause = new Error('EIO')
    const error = new RollcastError('LOG_FAILED', 'batch 7: write failed', { cause })
    expect(error).toMatchObject({
      name: 'RollcastError',
      code: 'LOG_FAILED',
      temporary: false,
      cause,
    })
    expect(new RollcastError('TIMEOUT', 'late', { temporary: true }).temporary).toBe(true)
    expect('cause' in new RollcastError('TIMEOUT', 'late')).toBe(false)
  })
})

describe('describeError', () => {
  test('gives the code of an operating error and the name of any other', () => {
    const code: ErrorCode = 'BAD_STEP'
    expect(describeError(new RollcastError(code, 'no reward'))).toBe('BAD_STEP: no reward')
    expect(describeError(new TypeError('x is not a function'))).toBe(
      'TypeError: x is not a function',
    )
    expect(describeError('just text')).toBe('just text')
    expect(describeError(undefined)).toBe('undefined')
  })

  test('never throws, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), thrown => {
        expect(typeof describeError(thrown)).toBe('string')
      }),
    )
    const hostile = {
      toString() {
        throw new Error('no text')
      },
    }
    const withoutMessage = new Error('x')
    Object.defineProperty(withoutMessage, 'message', {
      get: () => {
        throw hostile
      },
    })
    for (const thrown of [Object.create(null), hostile, withoutMessage]) {
      expect(describeError(thrown)).toBe('something that cannot be described')
    }
    expect(describeError(Symbol('s'))).toBe('Symbol(s)')
  })
})

// Words of others that are read in this process: keys of prototypes are keys like any others (W16).

import * as v from 'valibot'
import { afterEach, describe, expect, test } from 'vitest'
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import { PredicateError } from '../../src/protocol/predicate/syntax.ts'
import { serverMessageSchema } from '../../src/protocol/server-messages.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { readOptions } from '../../web/overlay/options.ts'
import { evilKeys, poisoned } from './json-texts.ts'

describe('W16 P13 what reads the words of others', () => {
  afterEach(() => {
    expect(({} as { x?: unknown }).x).toBe(undefined)
    for (const thing of [{}, [], () => {}])
      for (const key in thing) expect.fail(`everything has ${key}`)
  })

  const values = poisoned.map(text => JSON.parse(text) as object)

  test('options of a run, with its free configuration', () => {
    for (const value of values) {
      const checked = checkOptions({ dir: '/tmp/x', config: value as Record<string, unknown> })
      expect(Object.getPrototypeOf(checked.config)).toBe(Object.prototype)
      expect(checked.config).not.toHaveProperty('x', 1)
      try {
        checkOptions({ ...{ dir: '/tmp/x' }, ...value })
      } catch (error) {
        expect(error).toMatchObject({ code: 'USAGE' })
      }
    }
  })

  test('messages of a server, addresses of overlays and predicates', () => {
    for (const [index, value] of values.entries()) {
      v.safeParse(serverMessageSchema, {
        v: 1,
        mode: 'live',
        type: 'insight',
        kind: 'k',
        agent: null,
        time: 1,
        data: value,
      })
      v.safeParse(serverMessageSchema, { v: 1, mode: 'live', ...value })
      const key = evilKeys[index % evilKeys.length]!
      const { options, problems } = readOptions(
        '/overlay/metrics',
        `${key}=1&names=${key}&agent=${key}`,
      )
      expect(options).toMatchObject({ names: [key], agent: key })
      expect(problems).toEqual([expect.stringContaining(key)])
      for (const text of [`${key} = 1`, `${key} changed`, `best(${key})`, `length ${key} 1`]) {
        expect(() => parsePredicate(text)).toThrow(PredicateError)
      }
    }
  })
})

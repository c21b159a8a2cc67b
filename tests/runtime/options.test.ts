import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import { DEFAULT_PORT } from '../../src/protocol/viewer-protocol.ts'
import { checkAgentName, checkOptions, type RunOptions } from '../../src/runtime/options.ts'

const check = (options: object) => () => checkOptions({ dir: 'runs/x', ...options } as RunOptions)

describe('options of a run', () => {
  test('have defaults for everything but the directory', () => {
    expect(checkOptions({ dir: 'runs/cartpole' })).toEqual({
      ...{ dir: resolve('runs/cartpole'), name: 'cartpole', config: undefined, live: undefined },
      ...{ durability: 'group', encoderPlacement: 'thread', whenFull: 'spill' },
      logPlacement: 'thread',
      ...{ ringBytes: limits.ringBytes, onEpisode: undefined, onProblem: undefined },
      ...{ handleSignals: true, closeMillisMax: 5_000 },
      undurableMax: { millis: 100, events: 2_000, bytes: 16 * MIB },
    })
  })

  test('L19 a keep rule that cannot be read is refused with its place', () => {
    expect(check({ keep: 'best(3) or lenght > 5' })).toThrow(
      /keep: predicate, column 12: expected one of .*\nbest\(3\) or lenght > 5\n {11}\^{6}/,
    )
    expect(check({ keep: '' })).toThrow(/keep: predicate, column 1/)
    expect(check({ keep: 'not worst(1001)' })).toThrow('n up to 1000, found 1001')
    expect(check({ keep: 'best(1000)' })).not.toThrow()
  })

  test('are taken as they are given', () => {
    const onEpisode = (): void => {}
    const given: RunOptions = {
      dir: '/tmp/x',
      name: 'n',
      config: { lr: 1 },
      durability: 'sync',
      whenFull: 'block',
      encoderPlacement: 'process',
      logPlacement: 'process',
      keep: 'best(3) or terminated',
      ringBytes: 2 * MIB,
      onEpisode,
      onProblem: onEpisode,
      handleSignals: false,
      undurableMax: { millis: 1, events: 2, bytes: 3 },
      closeMillisMax: 100,
    }
    expect(checkOptions(given)).toEqual({ ...given, live: undefined })
  })

  test('serve on the loopback and the usual port when live is true, and only there by default', () => {
    const loopback = {
      ...{ host: '127.0.0.1', port: DEFAULT_PORT, token: false },
      queuedBytesMax: 256 * MIB,
    }
    expect(check({ live: true })().live).toEqual(loopback)
    expect(check({ live: {} })().live).toEqual(loopback)
    expect(check({ live: { port: 0 } })().live).toEqual({ ...loopback, port: 0 })
    expect(check({ live: false })().live).toBeUndefined()
    expect(DEFAULT_PORT).toBe(7788)
  })

  test('that nothing reads are refused: a typing error must not pass as a choice', () => {
    expect(check({ durabilty: 'sync' })).toThrow('durabilty')
    expect(check({ live: { prot: 1 } })).toThrow('prot')
  })

  test('with a bad value are USAGE that names the option', () => {
    const bad: [object, string][] = [
      [{ dir: '' }, 'dir'],
      [{ dir: undefined }, 'dir'],
      [{ name: '' }, 'name'],
      [{ name: 'x'.repeat(201) }, 'name'],
      [{ config: 5 }, 'config'],
      [{ durability: 'maybe' }, 'durability'],
      [{ live: 'yes' }, 'live'],
      [{ live: { port: 70_000 } }, 'live'],
      [{ live: { port: 1.5 } }, 'live'],
      [{ live: { host: '' } }, 'live'],
      [{ live: { queuedBytesMax: 63 * MIB } }, 'live'],
      [{ encoderPlacement: 'cloud' }, 'encoderPlacement'],
      [{ logPlacement: 'cloud' }, 'logPlacement'],
      [{ whenFull: 'drop' }, 'whenFull'],
      [{ ringBytes: MIB / 2 }, 'ringBytes'],
      [{ ringBytes: 3 * MIB }, 'ringBytes'],
      [{ ringBytes: '32' }, 'ringBytes'],
      [{ onEpisode: 'log' }, 'onEpisode'],
      [{ onProblem: {} }, 'onProblem'],
      [{ handleSignals: 1 }, 'handleSignals'],
      [{ closeMillisMax: 50 }, 'closeMillisMax'],
      [{ closeMillisMax: Number.NaN }, 'closeMillisMax'],
    ]
    for (const [options, name] of bad) {
      expect(check(options), name).toThrow(RollcastError)
      expect(check(options), name).toThrow(name)
    }
  })

  test('name every one that is wrong at once', () => {
    const wrong = { ringBytes: 5, durability: 'x', colour: 'red' }
    for (const name of Object.keys(wrong)) expect(check(wrong)).toThrow(name)
  })

  test('are USAGE for anything that is none', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        try {
          checkOptions(value as RunOptions)
          expect.unreachable('nothing at random has a directory')
        } catch (error) {
          expect((error as RollcastError).code).toBe('USAGE')
        }
      }),
    )
  })
})

describe('the name of an agent', () => {
  test('is 1 to 64 letters, digits and ._:- and starts with a letter or digit', () => {
    for (const name of ['a', 'env-0', '7', 'A.b_c:d-9', 'x'.repeat(64), 'constructor']) {
      expect(() => checkAgentName(name)).not.toThrow()
    }
    const bad = ['', '-a', '_a', '__proto__', 'a b', 'a/b', 'ä', 'x'.repeat(65), 'a\n']
    for (const name of [...bad, 5, null, undefined, {}]) {
      expect(() => checkAgentName(name as string)).toThrow('1 to 64 letters, digits')
    }
  })
})

import { expect, test } from 'vitest'
import { countEncoders, encoderNames, encodersByCamera } from '../../src/protocol/encoder-names.ts'
import type { FrameLayout } from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'

/** Layouts of the cameras of agent `a`, in this order; one in capitals is of a run without video. */
const layoutsOf = (cameras: string): FrameLayout[] =>
  [...cameras].map((letter, at) => ({
    ...{ kind: 'frame', layout: at + 1, agent: 'a', camera: letter.toLowerCase() },
    ...{ width: 8, height: 8, format: 'gray8' },
    ...(letter === letter.toUpperCase() ? { video: false } : {}),
  }))

const assigned = (layouts: FrameLayout[]): string =>
  [...encodersByCamera(layouts)]
    .map(([key, name]) => key.slice(2) + (/\d+$/.exec(name)?.[0] ?? 1))
    .join(' ')

test('each camera that is filmed has the next encoder, and all others the first', () => {
  expect(assigned(layoutsOf('abc'))).toBe('a1 b2 c3')
  expect(assigned(layoutsOf('ABC'))).toBe('a1 b1 c1')
  expect(assigned(layoutsOf('ABcdEf'))).toBe('a1 b1 c1 d2 e1 f3')
})

test('who has a camera is told by its first layout, in whatever order they are known', () => {
  const layouts = layoutsOf('aBbAcBC')
  expect(assigned(layouts)).toBe('a1 b1 c2')
  expect(assigned(layouts.toReversed())).toBe('a1 b1 c2')
})

test('the last encoder has all that follow too', () => {
  const layouts = layoutsOf('abcdefghijklmnop')
  expect(assigned(layouts).endsWith(`n8 o8 p8`)).toBe(true)
  expect(countEncoders(layouts)).toBe(limits.encodersMax)
  expect(countEncoders(layoutsOf('ABCD'))).toBe(1)
  expect(countEncoders([])).toBe(0)
  expect(encoderNames(3)).toEqual(['encoder', 'encoder-2', 'encoder-3'])
  expect(encoderNames(99)).toHaveLength(limits.encodersMax)
})

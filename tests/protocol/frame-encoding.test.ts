import { expect, test } from 'vitest'
import { encodingFor, sharedQuality } from '../../src/protocol/frame-encoding.ts'

test('V11 `auto` is pixels for small frames and JPEG for others; what was asked for is what it is', () => {
  const sizes = [
    84 * 84 * 3,
    160 * 210 * 3,
    160 * 210 * 4,
    640 * 480,
    640 * 480 * 3,
    1280 * 720 * 3,
  ]
  expect(sizes.map(bytes => encodingFor('auto', bytes))).toEqual([
    ...['raw', 'raw', 'raw'],
    ...['jpeg', 'jpeg', 'jpeg'],
  ])
  for (const asked of ['raw', 'jpeg', 'webp'] as const) {
    expect(sizes.map(bytes => encodingFor(asked, bytes))).toEqual(sizes.map(() => asked))
  }
})

test('viewers with like wishes share a quality, which is never below what they asked for', () => {
  expect([1, 25, 26, 50, 75, 76, 100].map(sharedQuality)).toEqual([25, 25, 50, 50, 75, 100, 100])
})

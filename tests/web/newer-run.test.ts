import { expect, test } from 'vitest'
import { isNewer } from '../../web/state/newer-run.ts'

const run = (name: string, started_at: number | null) => ({ name, started_at, written_at: 500 })

test('U10 a run is news that has begun later than the one that was at the top of the list', () => {
  const first = run('b', 200)
  expect(isNewer(first, first)).toBe(false)
  expect(isNewer(run('c', 300), first)).toBe(true)
  // It is recorded still, and the newer one has ended.
  expect(isNewer(run('a', 100), first)).toBe(false)
})

test('U10 a run is no news before its first event, and later than one without any by its log', () => {
  expect(isNewer(run('c', null), run('b', 200))).toBe(false)
  expect(isNewer(run('a', 100), run('b', null))).toBe(false)
  expect(isNewer(run('c', 600), run('b', null))).toBe(true)
})

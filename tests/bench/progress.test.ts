// What a bench says while it runs.
import { expect, test } from 'vitest'
import { progressTo } from '../../bench/progress.ts'
import { SimulatedClock } from '../../src/base/clock.ts'

function collect(isTTY: boolean) {
  const written: string[] = []
  const clock = new SimulatedClock()
  const stream = { isTTY, columns: 12, write: (text: string) => written.push(text) }
  return { written, clock, tell: progressTo(stream, clock) }
}

test('on a terminal each text takes the place of the one before it, and fits the line', () => {
  const { written, tell } = collect(true)
  for (const text of ['ring: round 1', 'ring: 2', '']) tell(text)
  expect(written).toEqual(['\r\u001b[Kring: round', '\r\u001b[Kring: 2', '\r\u001b[K'])
})

test('in a pipe the first text is a plain line, and then one every ten seconds', () => {
  const { written, clock, tell } = collect(false)
  for (let second = 0; second < 25; second++) {
    tell(`ring: ${second}`)
    clock.advance(1000)
  }
  tell('')
  expect(written).toEqual(['ring: 0\n', 'ring: 10\n', 'ring: 20\n'])
})

// A trainer that never gives its event loop a turn streams live all the same (invariant 3).
import { expect, test } from 'vitest'
import { runProgram, tempDir } from './harness.ts'
import { connectViewer } from './viewer-client.ts'

test('L5 L10 a while loop of 10 s streams live, and its log is complete', async () => {
  const dir = tempDir()
  const options = { live: { port: 0 } }
  const task = { play: 'busy', seconds: 10, close: true, options }
  const program = runProgram('trainer', dir, JSON.stringify(task))
  const { url } = await program.hears('started')
  const viewer = await connectViewer(String(url), { delivery: 'newest', max_fps: 100 })
  const { time: leftAt } = await program.hears('steps')
  // What comes later may already say that the trainer has left.
  const updates = viewer.of('state_update').filter(({ receivedAt }) => receivedAt < Number(leftAt))
  expect(updates.length).toBeGreaterThan(300)
  expect(viewer.frames.length).toBeGreaterThan(30)
  expect(viewer.of('episode_end').length).toBeGreaterThan(10)
  expect(viewer.of('metrics').at(-1)?.totals.steps).toBeGreaterThan(500)
  // All along, not in one heap at the end.
  const gaps = updates
    .slice(1)
    .map((update, i) => update.receivedAt - (updates[i]?.receivedAt ?? 0))
  expect(Math.max(...gaps)).toBeLessThan(2_000)
  expect(updates.every(update => update.mode === 'live')).toBe(true)
  expect((await program.exited).code).toBe(0)
}, 60_000)

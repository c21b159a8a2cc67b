// Whatever way the trainer's process ends, what was recorded is in the log.
import { expect, test } from 'vitest'
import { verifyLog } from '../../src/store/verify.ts'
import { readEvents, runProgram, tempDir, until } from './harness.ts'

const count = (events: { event: { type: string } }[], type: string): number =>
  events.filter(({ event }) => event.type === type).length

async function checkComplete(dir: string, steps: number, reason: string): Promise<void> {
  const events = await readEvents(dir)
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
  expect(count(events, 'step_taken')).toBe(steps)
  expect(count(events, 'episode_began')).toBe(count(events, 'episode_ended'))
  const last = events.findLast(({ event }) => event.type === 'run_ended')
  expect(last?.event).toMatchObject({ reason })
  expect((await verifyLog(dir)).ok).toBe(true)
}

test('A7 close() makes everything durable and ends open episodes', async () => {
  const dir = tempDir()
  const program = runProgram('trainer', dir, JSON.stringify({ play: 'some', close: true }))
  expect(await program.exited).toEqual({ code: 0, signal: null })
  await checkComplete(dir, 120, 'closed')
  const events = await readEvents(dir)
  const ended = events.filter(({ event }) => event.type === 'episode_ended')
  expect(ended.map(({ event }) => event)).toMatchObject([
    { reason: 'terminated', steps: 50 },
    { reason: 'terminated', steps: 50 },
    { reason: 'interrupted', steps: 20 },
  ])
})

test('A7 a program that just ends loses nothing', async () => {
  const dir = tempDir()
  const program = runProgram('trainer', dir, JSON.stringify({ play: 'some' }))
  expect(await program.exited).toEqual({ code: 0, signal: null })
  await checkComplete(dir, 120, 'exit')
})

test('process.exit in the middle loses nothing and keeps its exit code', async () => {
  const dir = tempDir()
  const program = runProgram('trainer', dir, JSON.stringify({ play: 'exit' }))
  expect(await program.exited).toEqual({ code: 7, signal: null })
  await checkComplete(dir, 120, 'exit')
})

test('an uncaught error of the trainer loses nothing and stays the error that it was', async () => {
  const dir = tempDir()
  const program = runProgram('trainer', dir, JSON.stringify({ play: 'throw' }))
  expect(await program.exited).toEqual({ code: 1, signal: null })
  expect(program.stderr()).toContain('the trainer has a bug')
  await checkComplete(dir, 120, 'exit')
})

for (const listens of [false, true]) {
  const whose = listens ? 'the program ends as it likes' : 'and ends the program'
  test(`one Ctrl-C closes the run, ${whose}`, async () => {
    const dir = tempDir()
    const task = { play: 'paced', seconds: 60, listens }
    const program = runProgram('trainer', dir, JSON.stringify(task))
    await program.hears('started')
    await until('some steps', async () => (await readSteps(dir)) > 100)
    program.process.kill('SIGINT')
    expect(await program.exited).toEqual({ code: listens ? 3 : 0, signal: null })
    const events = await readEvents(dir)
    await checkComplete(dir, count(events, 'step_taken'), 'signal')
  })
}

async function readSteps(dir: string): Promise<number> {
  return count(await readEvents(dir), 'step_taken')
}

test('A7 the end of the trainer never waits for a viewer that has stopped reading', async () => {
  const dir = tempDir()
  const options = { live: { port: 0 }, closeMillisMax: 20_000 }
  const task = { play: 'paced', seconds: 3, close: true, options }
  const program = runProgram('trainer', dir, JSON.stringify(task))
  const { url } = await program.hears('started')
  const { connectDeaf } = await import('./deaf-viewer.ts')
  const viewer = await connectDeaf(String(url))
  const { steps } = await program.hears('steps')
  const before = performance.now()
  expect(await program.exited).toEqual({ code: 0, signal: null })
  // A viewer may not use up the deadline of the close.
  expect(performance.now() - before).toBeLessThan(10_000)
  viewer.destroy()
  await checkComplete(dir, Number(steps), 'closed')
})

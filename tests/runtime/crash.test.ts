// P1 to P4: a kill at any instant loses nothing that was acknowledged, and the run goes on in the
// same log under a new epoch.
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { Envelope } from '../../src/protocol/events.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { readEvents, runProgram, tempDir } from './harness.ts'

/** tests/durability/kills does it by the hundred. */
const KILLS = 4
const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)

/** Steps of each epoch as they were recorded: the position counts them. */
function stepsOf(events: Envelope[], epoch: number): number[] {
  return events.flatMap(({ event, epoch: at }) =>
    at === epoch && event.type === 'step_taken' ? [event.position?.[0] ?? -1] : [],
  )
}

test(`P1 P3: ${KILLS} kills at random instants of one run lose nothing acknowledged (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const dir = tempDir()
  const task = { play: 'paced', seconds: 60, acknowledgeEvery: 25 }
  const acknowledged: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const program = runProgram('trainer', dir, JSON.stringify(task))
    const { epoch } = await program.hears('started')
    expect(epoch).toBe(kill + 1)
    await new Promise(resolve => setTimeout(resolve, random.next() * 150))
    program.process.kill('SIGKILL')
    expect((await program.exited).signal).toBe('SIGKILL')
    const acks = program.said.flatMap(said => (said['acknowledged'] as number | undefined) ?? [])
    acknowledged.push(acks.at(-1) ?? 0)
    expect(await verifyLog(dir)).toMatchObject({ ok: true })
  }
  const last = runProgram('trainer', dir, JSON.stringify({ play: 'some', close: true }))
  expect((await last.exited).code).toBe(0)

  const events = await readEvents(dir)
  expect(events.map(event => event.seq)).toEqual(events.map((_, index) => index + 1))
  for (const [index, atLeast] of acknowledged.entries()) {
    const steps = stepsOf(events, index + 1)
    // Nothing acknowledged is missing, nothing is there twice, nothing newer survived a gap.
    expect(steps.length).toBeGreaterThanOrEqual(atLeast)
    expect(steps).toEqual(steps.map((_, step) => step))
  }
  expect(stepsOf(events, KILLS + 1)).toHaveLength(120)
  const recovered = events.filter(({ event }) => event.type === 'recovered')
  expect(recovered.map(({ epoch }) => epoch)).toEqual(
    Array.from({ length: KILLS }, (_, index) => index + 2),
  )
  const began = events.filter(({ event }) => event.type === 'episode_began').length
  const ended = events.filter(({ event }) => event.type === 'episode_ended').length
  expect(ended).toBe(began)
}, 120_000)

test('P5: a second writer is refused at once, and told who holds the log', async () => {
  const dir = tempDir()
  const first = runProgram('trainer', dir, JSON.stringify({ play: 'paced', seconds: 60 }))
  await first.hears('started')
  const second = runProgram('trainer', dir, JSON.stringify({ play: 'some' }))
  expect((await second.exited).code).toBe(1)
  expect(second.stderr()).toContain('LOG_LOCKED')
  expect(second.stderr()).toContain(`process ${first.pid}`)
  first.process.kill('SIGTERM')
  expect((await first.exited).code).toBe(0)
  const third = runProgram('trainer', dir, JSON.stringify({ play: 'some', close: true }))
  expect((await third.exited).code).toBe(0)
})

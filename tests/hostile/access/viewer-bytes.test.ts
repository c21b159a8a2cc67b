// Whatever viewers send, nothing of it reaches the log or the trainer.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { startRun } from '../../../src/runtime/run.ts'
import { openLogReader } from '../../../src/store/open-log.ts'
import { runs } from '../../faults/tier.ts'
import { WsClient } from '../../gateway/ws-client.ts'
import { tempDir } from '../../runtime/harness.ts'

const SEQUENCES = runs(20, 10_000)

/**
 * A line for each event of a log, but for those that the run makes of itself every ten seconds: what
 * it costs.
 */
function eventsOf(dir: string): string[] {
  const lines: string[] = []
  const reader = openLogReader(dir, { check: false, readOnly: false })
  for (const { seq: _, ...envelope } of reader.events({ fromSeq: 1 })) {
    if (envelope.event.type === 'trainer_cost_measured') continue
    lines.push(inspect(envelope, { depth: null, maxArrayLength: null, compact: true }))
  }
  void reader.close()
  return lines
}

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('env-0', '__proto__', '../log'))
const count = fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.constantFrom(0, 1, 2 ** 53))
/** Mostly what the protocol knows, with anything in its fields; also anything at all. */
const message = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom(
        'hello',
        'set',
        'list_episodes',
        'get_episode',
        'ping',
        'stop',
        'append',
      ),
      v: fc.constantFrom(1, 2),
      delivery: fc.constantFrom('newest', 'paced', 'whole', 'none'),
      agent: fc.option(text),
      max_fps: count,
      step_delay: count,
      encoding: fc.constantFrom('raw', 'jpeg', 'webp', 'auto', 'gif'),
      quality: count,
      request: count,
      episode: count,
      before: count,
      limit: count,
      client_time: count,
      resume: fc.record({ epoch: count, seq: count }),
    },
    { requiredKeys: ['type'] },
  ),
  fc.json({ maxDepth: 6 }),
)

test(`A8 K1 after ${SEQUENCES} sequences of messages the log has the same events and no other`, async () => {
  const dir = tempDir()
  const problems: unknown[] = []
  const run = await startRun({
    ...{ dir, live: { port: 0 }, handleSignals: false },
    onProblem: problem => problems.push(problem),
  })
  onTestFinished(() => run.close())
  const recorder = run.recorder()
  for (let episode = 0; episode < 3; episode++) {
    recorder.begin({ seed: episode })
    for (let step = 0; step < 10; step++) recorder.step({ reward: step })
    recorder.end()
  }
  expect(await run.flush()).toBe(true)
  const port = Number(new URL(run.url!).port)
  const trainer = { cost: run.cost.calls, undurable: run.undurable.events }
  const before = await settled(() => eventsOf(dir).join('\n'))
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async messages => {
      const client = await new WsClient(port, { max_fps: 1 }).opened()
      for (const one of messages) client.say(one)
      client.say({ type: 'ping', client_time: 1 })
      await client.until(() => client.closeCode !== null || client.of('pong').length > 0)
      client.close()
    }),
    { numRuns: SEQUENCES },
  )
  expect(await run.flush()).toBe(true)
  expect(eventsOf(dir).join('\n')).toBe(before)
  expect({ cost: run.cost.calls, undurable: run.undurable.events }).toEqual(trainer)
  expect(problems).toEqual([])
  // The same comparison sees one event.
  recorder.begin({ seed: 4 })
  expect(await run.flush()).toBe(true)
  expect(eventsOf(dir).join('\n')).not.toBe(before)
})

/** The value once it stays: what the episodes bring about (rows, milestones) comes a little later. */
async function settled<T>(read: () => T): Promise<T> {
  let value = read()
  for (let same = 0; same < 10; ) {
    await new Promise(resolve => setTimeout(resolve, 50))
    const next = read()
    same = next === value ? same + 1 : 0
    value = next
  }
  return value
}

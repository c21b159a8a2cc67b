// D5 (P7, P9), a whole run: the disk is filled by others while a trainer trains. The page is red
// within a second, training and viewing go on; when there is room again recording goes on by
// itself, and what was not recorded is one event at its place.
import { describe, expect, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { type Run, start } from '../../../src/runtime/run.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { readEvents, until } from '../../runtime/harness.ts'
import { connectViewer } from '../../runtime/viewer-client.ts'
import { makeSmallDisk } from './small-disk.ts'

const DISK_BYTES = 48 * MIB
const RESERVE_BYTES = 4 * MIB

async function startOn(dir: string): Promise<{ run: Run; problems: string[] }> {
  const problems: string[] = []
  const options = checkOptions({
    dir,
    live: { port: 0 },
    handleSignals: false,
    onProblem: ({ code, message }) => void problems.push(`${code} ${message}`),
  })
  return { run: await start(options, { faults: true, freeBytesMin: RESERVE_BYTES }), problems }
}

/** Steps all the time, with an observation that fills the log; one episode is 50 of them. */
function train(run: Run) {
  const recorder = run.recorder('agent')
  const observation = Array.from({ length: 200 }, (_, i) => i)
  const trainer = { steps: 0, longestCallMillis: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const started = performance.now()
    if (recorder.episode === 0) recorder.begin()
    recorder.step({ reward: 1, observation, terminated: trainer.steps++ % 50 === 49 })
    if (trainer.steps % 50 === 0) recorder.end()
    trainer.longestCallMillis = Math.max(trainer.longestCallMillis, performance.now() - started)
  }, 2)
  return trainer
}

describe.skipIf(!requireTool('root'))('a run on a disk that others fill', () => {
  test(
    'D5 P7 P9 L10: red within a second, training goes on, and recording comes back by itself',
    async () => {
      const rounds = runs(1, 5)
      const disk = makeSmallDisk(DISK_BYTES)
      try {
        const { run, problems } = await startOn(disk.path)
        const trainer = train(run)
        const viewer = await connectViewer(run.url ?? '')
        await until('something to be durable', () => (run.status?.durable.seq ?? 0) > 50)
        const redMillis: number[] = []
        const backMillis: number[] = []
        for (let round = 1; round <= rounds; round++) {
          disk.fill(RESERVE_BYTES / 2)
          const filledAt = performance.now()
          const seen = viewer.messages.length
          await until('health to be red', () => run.status?.healthy === false)
          redMillis.push(performance.now() - filledAt)
          const told = await viewer.next('system', message => {
            return viewer.messages.indexOf(message as never) >= seen && !message.healthy
          })
          expect(told.problem).toContain('in reserve')
          expect((await fetch(new URL('/healthz', run.url ?? ''))).status).toBe(503)
          // L10: it goes on, and is watched.
          const [steps, shown] = [trainer.steps, viewer.of('state_update').length]
          await until('the trainer to go on', () => trainer.steps > steps + 200)
          await until('it to be shown', () => viewer.of('state_update').length > shown + 10)
          const durable = run.status?.durable
          disk.empty()
          const emptiedAt = performance.now()
          await until('health to be well', () => run.status?.healthy === true)
          backMillis.push(performance.now() - emptiedAt)
          await until('more to be durable', () => {
            const now = run.status?.durable
            return now && durable && now.epoch > durable.epoch && now.seq > durable.seq + 50
          })
        }
        trainer.stop()
        expect(problems).toHaveLength(1)
        expect(problems[0]).toContain('in reserve')
        await run.close()
        const events = await readEvents(disk.path)
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
        const gaps = events.flatMap(({ event }) => (event.type === 'gap_found' ? [event] : []))
        expect(gaps).toHaveLength(rounds)
        const recorded = events.filter(({ event }) => event.type === 'step_taken').length
        // The log says itself when it was not written.
        const told = events.flatMap(({ event }) =>
          event.type === 'actor_changed' && event.actor === 'recorder' ? [event.to] : [],
        )
        expect(told.filter(to => to === 'waitingForRoom')).toHaveLength(rounds)
        const lost = gaps.reduce((sum, gap) => sum + gap.events, 0)
        expect(gaps.every(({ cause }) => cause === 'disk_full')).toBe(true)
        // What is not there is in a gap, together with beginnings and ends of episodes.
        expect(recorded).toBeLessThan(trainer.steps)
        expect(recorded + lost).toBeGreaterThanOrEqual(trainer.steps)
        expect(recorded + lost).toBeLessThanOrEqual(trainer.steps * 1.05 + 10)
        expect(await verifyLog(disk.path)).toMatchObject({ ok: true })
        figure('D5.run', {
          rounds,
          redMillisMax: Math.round(Math.max(...redMillis)),
          backMillisMax: Math.round(Math.max(...backMillis)),
          steps: trainer.steps,
          recorded,
          lostAndMarked: lost,
          longestCallMillis: trainer.longestCallMillis.toFixed(1),
        })
        expect(Math.max(...redMillis)).toBeLessThanOrEqual(1_000)
      } finally {
        disk.remove()
      }
    },
    runs(60_000, 300_000),
  )
})

// D6 and D12 on a whole run (P2, P7, P9): the disk below it fails or is slow. The trainer goes on and
// is told; nothing is dropped in silence, and nothing is called durable that is not.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { limits } from '../../../src/protocol/limits.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { figure } from '../../faults/figures.ts'
import { plantArgv } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { readEvents } from '../../runtime/harness.ts'
import { fatalWriteErrors } from './fatal-write-errors.ts'
import { places } from './places.ts'
import { looksOf, recordedIn, startTrainer } from './trainer.ts'

const strace = (dir: string, call: string, fault: string): string[] => [
  ...['-f', '-qq', '-ttt', '-o', join(dir, 'trace'), '-P', dataFile(dir)],
  ...['-e', `trace=${call}`, '-e', `inject=${call}:${fault}`],
]

/** When the first call failed, Unix milliseconds. */
function injectedAt(dir: string): number {
  const line = readFileSync(join(dir, 'trace'), 'utf8')
    .split('\n')
    .find(one => one.includes('(INJECTED)'))
  return Number(/(\d+\.\d+) /.exec(line ?? '')?.[1]) * 1000
}

/** A run whose log's process dies of a failed write; the epochs that are in its log then. */
async function meetWriteError(dir: string) {
  const options = { logPlacement: 'process' } as const
  const trainer = startTrainer(
    { dir, options, burst: 1, frameBytes: 20_000, pauseMillis: 5, seconds: 3, heeds: false },
    // Never a meta page: those are written alone. Late enough for the run to have started.
    [...fatalWriteErrors(), ...strace(dir, 'writev', 'error=EIO:when=20')],
  )
  expect(await trainer.exited, trainer.stderr()).toEqual({ code: 0, signal: null })
  const epochs = new Set((await readEvents(dir)).map(({ epoch }) => epoch))
  return { trainer, epochs: [...epochs] }
}

const cases = [
  [300, true],
  [300, false],
  [50, true],
  [2_000, true],
] as const

describe.skipIf(!requireTool('strace'))('a whole run on a bad disk', () => {
  const errors = runs(1, 8)

  test(`D6 P7 P9: ${errors} failed flushes turn health red within a second, and the trainer goes on`, async () => {
    const where = places('memory')
    let redMillisMax = 0
    for (let run = 0; run < errors; run++) {
      const dir = where.next()
      const error = run % 2 === 0 ? 'EIO' : 'ENOSPC'
      const trainer = startTrainer(
        { dir, burst: 1, frameBytes: 0, pauseMillis: 5, seconds: 4, heeds: false },
        strace(dir, 'fdatasync', `error=${error}:when=${5 + 3 * run}`),
      )
      expect((await trainer.exited).code, trainer.stderr()).toBe(0)
      const failedAt = injectedAt(dir)
      const lineWith = (key: string) => trainer.said.find(line => key in line)
      const redAt = Number(lineWith('red')?.['at'])
      redMillisMax = Math.max(redMillisMax, redAt - failedAt)
      expect(redAt - failedAt).toBeLessThanOrEqual(1_000)
      expect(trainer.said.some(({ problem }) => problem === 'LOG_FAILED')).toBe(true)
      // It went on for as long as it wanted to, and was not told that anything of it is durable.
      const looks = looksOf(trainer)
      const before = looks.filter(({ at }) => at < failedAt).length
      expect(looks.length).toBeGreaterThan(before + 50)
      expect(lineWith('steps')).toMatchObject({ flushed: false })
      expect(lineWith('closed')).toMatchObject({ closed: false })
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
      const { steps } = recordedIn(await readEvents(dir), 1)
      expect(steps).toEqual(steps.map((_, step) => step))
    }
    figure('D6.run', { runs: errors, redMillisMax: redMillisMax.toFixed(0) })
  }, 600_000)

  const diesOfDisk = test.skipIf(!requireTool('gcc'))

  diesOfDisk(
    'D6 G10 P7 P9: LMDB dies of a write error in a process of its own: health is red, and the trainer goes on',
    async () => {
      const dir = places('memory').next()
      const { trainer, epochs } = await meetWriteError(dir)
      const lineWith = (key: string) => trainer.said.find(line => key in line)
      expect(Number(lineWith('red')?.['at']) - injectedAt(dir)).toBeLessThanOrEqual(1_000)
      expect(lineWith('problem')).toMatchObject({ problem: 'LOG_FAILED' })
      expect(lineWith('problem')?.['message']).toContain('SIGABRT')
      expect(lineWith('steps')).toMatchObject({ flushed: false })
      // Nobody tried that disk again.
      expect(epochs).toEqual([1])
      const { steps } = recordedIn(await readEvents(dir), 1)
      expect(steps).toEqual(steps.map((_, step) => step))
    },
    60_000,
  )

  diesOfDisk(
    'D6 G10 negative control: a disk that is tried again is noticed',
    async () => {
      const file = 'src/store/storage-apart.ts'
      const plant = { file, find: "= 'Write error'", replace: "= 'not what LMDB says'" }
      vi.stubEnv('NODE_OPTIONS', plantArgv([plant]).join(' '))
      onTestFinished(() => void vi.unstubAllEnvs())
      const { epochs } = await meetWriteError(places('memory').next())
      expect(epochs.length).toBeGreaterThan(1)
    },
    60_000,
  )

  test('D12 P2 P9: slow flushes are told to the trainer, who loses nothing, whether it heeds or not', async () => {
    const where = places('memory')
    for (const [flushMillis, heeds] of cases.slice(0, runs(2, cases.length))) {
      const dir = where.next()
      const trainer = startTrainer(
        {
          dir,
          // Who does not heed has to be slower than the disk, and needs a ring for all that comes
          // within a flush. For the other it is small: what does not fit waits on the heap.
          options: { ringBytes: heeds ? 2 ** 20 : limits.ringBytes, closeMillisMax: 60_000 },
          ...{
            burst: heeds ? 4 : 1,
            frameBytes: 20_000,
            pauseMillis: 5,
            seconds: runs(1, 20),
            heeds,
          },
        },
        strace(dir, 'fdatasync', `delay_enter=${flushMillis * 1000}`),
      )
      expect((await trainer.exited).code, trainer.stderr()).toBe(0)
      const looks = looksOf(trainer)
      const told = looks.filter(look => look.told)
      const { steps, gaps } = recordedIn(await readEvents(dir), 1)
      const recorded = looks.at(-1)?.recorded ?? 0
      figure(`D12.run.${flushMillis}.${heeds ? 'heeds' : 'goes-on'}`, {
        looks: looks.length,
        told: told.length,
        steps: recorded,
        recorded: steps.length,
        undurableMillisMax: Math.max(...looks.map(({ millis }) => millis)).toFixed(0),
        undurableEventsMax: Math.max(...looks.map(({ events }) => events)),
        undurableBytesMax: Math.max(...looks.map(({ bytes }) => bytes)),
      })
      if (flushMillis > limits.undurableMillisMax) expect(told.length).toBeGreaterThan(0)
      expect(gaps).toBe(0)
      expect(steps).toHaveLength(recorded)
      expect(trainer.said.find(line => 'closed' in line)).toMatchObject({ closed: true })
    }
  }, 600_000)
})

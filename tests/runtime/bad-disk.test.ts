// P7, P9, L10: a disk that fails or stalls is told at once, hurts neither trainer nor viewers, and
// nothing is called durable that is not.
import { expect, onTestFinished, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { limits } from '../../src/protocol/limits.ts'
import { checkOptions, type RunOptions } from '../../src/runtime/options.ts'
import type { TestHooks } from '../../src/runtime/recording-host.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { findChildren, LOG_PROCESS, stopProcess } from '../faults/child-process.ts'
import { readEvents, tempDir, until } from './harness.ts'
import { connectViewer } from './viewer-client.ts'

async function startOnDisk(
  dir: string,
  hooks: Omit<TestHooks, 'faults'>,
  more: Partial<RunOptions> = {},
): Promise<{ run: Run; problems: string[] }> {
  const problems: string[] = []
  const onProblem = (problem: { code: string; message: string }): void =>
    void problems.push(`${problem.code} ${problem.message}`)
  const options = checkOptions({
    dir,
    live: { port: 0 },
    handleSignals: false,
    onProblem,
    closeMillisMax: 30_000,
    ...more,
  })
  return { run: await start(options, { faults: true, ...hooks }), problems }
}

function train(run: Run): { steps: number; stop(): void } {
  const recorder = run.recorder('agent')
  const progress = { steps: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    if (recorder.episode === 0) recorder.begin()
    const terminated = progress.steps % 20 === 19
    recorder.step({ reward: 1, position: [progress.steps++], terminated })
    if (terminated) recorder.end()
  }, 5)
  return progress
}

test('P7 L10: at the first failed commit the log is read-only; training and viewing go on', async () => {
  const dir = tempDir()
  const { run, problems } = await startOnDisk(dir, { commitFailsAt: 40 })
  const trainer = train(run)
  const viewer = await connectViewer(run.url ?? '')
  await until('health to be red', () => run.status?.healthy === false)
  expect(run.status?.problem).toContain('planted fault')
  expect(problems.some(problem => problem.startsWith('LOG_FAILED'))).toBe(true)
  const alarmAt = run.status?.time ?? 0
  // L10: the trainer goes on, and is watched.
  const before = trainer.steps
  const shown = viewer.of('state_update').length
  await until('the trainer to go on', () => trainer.steps > before + 100)
  await until('it to be shown', () => viewer.of('state_update').length > shown + 20)
  // Figures are up to a second old; then nothing moves any more.
  await until('the last figure', () => (run.status?.time ?? 0) > alarmAt + 1_100)
  const durable = run.status?.durable.seq
  const later = trainer.steps
  await until('more of the trainer', () => trainer.steps > later + 200)
  expect(run.status?.durable.seq).toBe(durable)
  // A recorder that dies now is not started again on the bad disk.
  run.host.crash('recorder', 'throw')
  await until('the group to stop', () =>
    run.status?.actors.every(actor => actor.name === 'host' || actor.state === 'gone'),
  )
  trainer.stop()
  await expect(run.close()).rejects.toThrow('planted fault')
  // What had been called durable is there.
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  const events = await readEvents(dir)
  expect(events.at(-1)?.seq).toBe(durable)
})

test('P10: a disk that stalls for half a second does not show on the live path', async () => {
  const dir = tempDir()
  const { run } = await startOnDisk(dir, { commitDelayMillis: 500 })
  const trainer = train(run)
  const viewer = await connectViewer(run.url ?? '', { max_fps: 200 })
  await until('a second of updates', () => viewer.of('state_update').length > 100)
  trainer.stop()
  const lags = viewer.of('state_update').map(update => update.receivedAt - update.timestamp)
  lags.sort((a, b) => a - b)
  // Far below the stall, whatever else this machine does; the bench has the figure.
  expect(lags[Math.floor(lags.length / 2)]).toBeLessThan(250)
  await run.close()
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
})

test('P2 flush() tells when what was recorded is durable, and when it is not in time', async () => {
  const dir = tempDir()
  const { run } = await startOnDisk(dir, { commitDelayMillis: 200 })
  const recorder = run.recorder('agent')
  recorder.begin()
  recorder.step({ reward: 1 })
  expect(await run.flush(50)).toBe(false)
  expect(await run.flush()).toBe(true)
  expect(run.wouldBlock).toBe(false)
  await run.close()
})

test('P7 flush() does not call durable what a failed log could not record', async () => {
  const { run } = await startOnDisk(tempDir(), { commitFailsAt: 20 })
  const recorder = run.recorder('agent')
  recorder.begin()
  const answers: boolean[] = []
  for (let round = 0; round < 30; round++) {
    recorder.step({ reward: 1 })
    answers.push(await run.flush())
  }
  expect(answers).toContain(true)
  expect(answers.slice(answers.indexOf(false))).not.toContain(true)
  expect(answers.at(-1)).toBe(false)
  await expect(run.close()).rejects.toThrow('planted fault')
})

test('S7: a run whose disk hangs is closed in its time, with what waits for the ring unrecorded', async () => {
  const closeMillisMax = 3_000
  const { run } = await startOnDisk(
    tempDir(),
    {},
    { logPlacement: 'process', ringBytes: MIB, closeMillisMax },
  )
  const [log = -1] = findChildren('self', LOG_PROCESS)
  await stopProcess(log)
  onTestFinished(() => void process.kill(log, 'SIGKILL'))
  const recorder = run.recorder('agent')
  const data = new Uint8Array(128 * 1024)
  for (let frame = 0; frame < 20; frame++) {
    recorder.step({ reward: 1 })
    recorder.frame({ width: 512, height: 256, format: 'gray8', data })
  }
  const before = performance.now()
  await expect(run.close()).rejects.toThrow(
    /did not drain and commit within \d+ ms; \d+ events are on no record/,
  )
  // Once its time, and not once for each of its parts; a busy machine may double it.
  expect(performance.now() - before).toBeLessThan(2 * closeMillisMax)
})

test('P2 P9 what a large ring holds never passes what the log lets wait: no recorder dies of it', async () => {
  const dir = tempDir()
  const { run } = await startOnDisk(dir, { commitDelayMillis: 50 }, { ringBytes: 128 * MIB })
  const recorder = run.recorder('agent')
  const data = new Uint8Array(4 * MIB)
  for (let frame = 0; frame < 20; frame++) {
    recorder.step({ reward: 1 })
    recorder.frame({ width: 2048, height: 2048, format: 'gray8', data })
  }
  expect(run.undurable.bytes).toBeGreaterThan(limits.pendingBytesMax)
  expect(run.wouldBlock).toBe(true)
  expect(await run.flush(30_000)).toBe(true)
  expect(run.undurable).toEqual({ bytes: 0, events: 0, millis: 0 })
  const status = await until('the status', () => run.status)
  expect(status.actors.map(({ name, restarts }) => [name, restarts])).toContainEqual([
    'recorder',
    0,
  ])
  await run.close()
  expect(await verifyLog(dir)).toMatchObject({ ok: true, frames: 20 })
})

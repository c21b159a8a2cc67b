// What can be wrong when a run starts: one clear error each, and nothing is left behind.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { RollcastError } from '../../src/base/errors.ts'
import { startRun } from '../../src/index.ts'
import { dataFile, logDirectory } from '../../src/store/open-log.ts'
import { readEvents, runCommand, tempDir } from './harness.ts'

const quiet = { handleSignals: false }

async function refusal(options: Parameters<typeof startRun>[0]): Promise<RollcastError> {
  return await startRun({ ...quiet, ...options }).then(
    () => {
      throw new Error('the run started')
    },
    (error: unknown) => error as RollcastError,
  )
}

test('an unknown option is refused, and every bad value named', async () => {
  const options = { dir: 'x', liev: true, durability: 'none', ringBytes: 3_000_000 }
  const error = await refusal(options as unknown as Parameters<typeof startRun>[0])
  expect(error.code).toBe('USAGE')
  for (const name of ['liev', 'durability', 'ringBytes']) expect(error.message).toContain(name)
})

test('B2 a foreign file in the place of the log is not touched', async () => {
  const dir = tempDir()
  mkdirSync(logDirectory(dir), { recursive: true })
  writeFileSync(dataFile(dir), Buffer.alloc(64 * 1024, 7))
  const error = await refusal({ dir })
  expect(error.code).toBe('LOG_FOREIGN')
  expect(error.message).toContain(dataFile(dir))
})

test('a file where the directory should be is CANNOT_CREATE', async () => {
  const dir = join(tempDir(), 'run')
  writeFileSync(dir, 'not a directory')
  expect(await refusal({ dir })).toMatchObject({ code: 'CANNOT_CREATE' })
})

test('a second run on the same directory in one process is LOG_LOCKED', async () => {
  const dir = tempDir()
  const run = await startRun({ dir, ...quiet })
  const error = await refusal({ dir })
  expect(error.code).toBe('LOG_LOCKED')
  expect(error.message).toContain(String(process.pid))
  await run.close()
  const again = await startRun({ dir, ...quiet })
  expect(again.epoch).toBe(2)
  await again.close()
})

test('P4 the facts of a host are not taken for those of the run before it in the same directory', async () => {
  const dir = tempDir()
  for (let epoch = 1; epoch <= 2; epoch++) await (await startRun({ dir, ...quiet })).close()
  const ready = (await readEvents(dir)).flatMap(({ epoch, event }) =>
    event.type === 'actor_changed' && event.to === 'running' ? [[epoch, event.actor]] : [],
  )
  const actors = ['recorder', 'encoder', 'aggregator']
  expect(ready).toEqual([1, 2].flatMap(epoch => actors.map(actor => [epoch, actor])))
})

test('B2 a taken port is ADDRESS_IN_USE, and the log is left clean', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const dir = tempDir()
  const error = await refusal({ dir, live: { port } })
  expect(error.code).toBe('ADDRESS_IN_USE')
  expect(error.message).toContain(String(port))
  server.close()
  const run = await startRun({ dir, ...quiet })
  await run.close()
})

describe('without node-av', () => {
  const hide = fileURLToPath(new URL('../cli/without-node-av.cjs', import.meta.url))
  const child = fileURLToPath(new URL('./programs/starting.child.ts', import.meta.url))

  async function start(options: Parameters<typeof startRun>[0]) {
    // Its processes are without it as well.
    const argv = [`NODE_OPTIONS=--require ${hide}`, process.execPath, child]
    const program = runCommand('starting', 'env', ...argv, JSON.stringify({ ...quiet, ...options }))
    expect(await program.exited).toEqual({ code: 0, signal: null })
    return program.said
  }

  test.each([
    { video: true },
    { video: true, dataset: true },
    { video: true, encoderPlacement: 'process' },
    { video: true, dataset: true, encoderPlacement: 'process' },
  ] as const)('V4 %j is refused with how to get it, before anything is recorded', async options => {
    const dir = tempDir()
    const said = await start({ dir, ...options })
    const message = expect.stringContaining('npm install node-av')
    expect(said).toEqual([{ code: 'UNAVAILABLE', message }])
    const events = await readEvents(dir)
    expect(events.filter(({ event }) => /^(episode|step|frame)_/.test(event.type))).toEqual([])
    expect(existsSync(join(dir, 'dataset'))).toBe(false)
  })

  test('X6 a dataset without pictures is made', async () => {
    const dir = tempDir()
    expect(await start({ dir, dataset: true })).toEqual([{ started: true }])
    const events = await readEvents(dir)
    expect(events.filter(({ event }) => event.type === 'episode_saved')).toHaveLength(1)
  })
})

test('calls after close() record nothing, never throw, and are told once', async () => {
  const dir = tempDir()
  const problems: string[] = []
  const onProblem = (problem: RollcastError): void => void problems.push(problem.code)
  const run = await startRun({ dir, ...quiet, onProblem })
  const recorder = run.recorder('a')
  recorder.begin()
  await run.close()
  recorder.step({ reward: 1 })
  recorder.frame({ width: 1, height: 1, data: new Uint8Array(3) })
  recorder.end()
  recorder.begin()
  await run.close()
  expect(problems).toEqual(['CLOSED'])
  expect(() => run.recorder('not a name!')).toThrow('expected 1 to 64')
})

test('L4 what is recorded is the same with and without a live stream', async () => {
  const { readEvents } = await import('./harness.ts')
  const recorded = await Promise.all(
    [{}, { live: { port: 0 } }].map(async live => {
      const dir = tempDir()
      const run = await startRun({ dir, ...quiet, ...live })
      const recorder = run.recorder('a')
      recorder.begin({ seed: 4, stage: 2, epsilon: 0.5 })
      for (let step = 0; step < 50; step++) {
        recorder.step({ reward: step / 7, action: step % 4, qValues: [step, -step] })
        recorder.frame({ width: 2, height: 1, data: new Uint8Array(6).fill(step) })
      }
      recorder.metrics({ 'losses/entropy': 0.5 }, 50)
      recorder.insight('note', { text: 'half way' })
      recorder.end()
      await run.close()
      const own = new Set(['run_started', 'actor_changed', 'trainer_cost_measured'])
      const events = (await readEvents(dir)).map(({ event }) => event)
      return events
        .filter(({ type }) => !own.has(type))
        .map(event => ({ ...event, startTime: 0 }))
        .sort((a, b) => a.type.localeCompare(b.type))
    }),
  )
  expect(recorded[0]?.length).toBeGreaterThan(100)
  expect(recorded[1]).toEqual(recorded[0])
})

test('L14 L3 several environments record at once, each with its own episodes', async () => {
  const { readEvents } = await import('./harness.ts')
  const dir = tempDir()
  const episodes: number[] = []
  const run = await startRun({
    dir,
    ...quiet,
    onEpisode: episode => episodes.push(episode.episode, episode.steps.length),
  })
  const recorders = ['env-0', 'env-1', 'env-2'].map(name => run.recorder(name))
  for (const recorder of recorders) recorder.begin()
  for (let step = 0; step < 10; step++) {
    for (const recorder of recorders) recorder.step({ reward: step, position: [step] })
  }
  for (const recorder of recorders.toReversed()) recorder.end({ reason: 'time limit' })
  // L3: the callback has had the whole episodes, at once.
  expect(episodes).toEqual([3, 10, 2, 10, 1, 10])
  await run.close()
  const events = await readEvents(dir)
  const ended = events.flatMap(({ event }) => (event.type === 'episode_ended' ? [event] : []))
  expect(ended).toMatchObject([
    { agent: 'env-2', episode: 3, steps: 10, totalReward: 45, reason: 'time limit' },
    { agent: 'env-1', episode: 2, steps: 10, totalReward: 45 },
    { agent: 'env-0', episode: 1, steps: 10, totalReward: 45 },
  ])
})

test('whenFull: block holds the trainer until there is room, and lets it go when the run has failed', async () => {
  const { checkOptions } = await import('../../src/runtime/options.ts')
  const { start } = await import('../../src/runtime/run.ts')
  const { until } = await import('./harness.ts')
  const dir = tempDir()
  const ringBytes = 1024 * 1024
  const options = checkOptions({ dir, ...quiet, whenFull: 'block', ringBytes, onProblem: () => {} })
  const run = await start(options, { faults: true })
  const recorder = run.recorder('a')
  const pixels = new Uint8Array(200 * 200 * 3)
  // Forty times what the ring holds: every one of them is there, because the trainer waited.
  for (let i = 0; i < 350; i++) recorder.frame({ width: 200, height: 200, data: pixels.fill(i) })
  expect(await run.flush()).toBe(true)
  for (let death = 0; death < 6; death++) {
    await until('the recorder to run', () =>
      run.status?.actors.some(({ name, state }) => name === 'recorder' && state === 'running'),
    )
    const restarts = () => run.status?.actors.find(({ name }) => name === 'recorder')?.restarts
    const before = restarts() ?? 0
    run.host.crash('recorder', 'throw')
    await until('it to be noticed', () => !run.status?.healthy || (restarts() ?? 0) > before)
  }
  await until(
    'the group to have stopped',
    async () => (await Promise.race([run.host.ended, null])) !== null,
  )
  for (let i = 0; i < 50; i++) recorder.frame({ width: 200, height: 200, data: pixels })
  await expect(run.close()).rejects.toThrow('recorder')
  const { readEvents } = await import('./harness.ts')
  const frames = (await readEvents(dir)).filter(({ event }) => event.type === 'frame_captured')
  expect(frames).toHaveLength(350)
})

// L9, L17, L18: a run that is read from its log, served as it grows or replayed.
import { expect, onTestFinished, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { startRun } from '../../src/index.ts'
import { parsePredicate } from '../../src/protocol/predicate/parse.ts'
import { selectEpisodes } from '../../src/replay/select-episodes.ts'
import { startPlaying } from '../../src/runtime/play.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { readEvents, runProgram, tempDir, until } from './harness.ts'
import { connectViewer } from './viewer-client.ts'

const here = { host: '127.0.0.1', port: 0 }

async function recordRun(play: object): Promise<string> {
  const dir = tempDir()
  const program = runProgram('trainer', dir, JSON.stringify({ close: true, ...play }))
  expect((await program.exited).code).toBe(0)
  return dir
}

test('L18: a replay through the whole pipeline folds to the bytes that the live run came to', async () => {
  const dir = await recordRun({ play: 'paced', seconds: 2 })
  const reader = openLogReader(dir)
  const recorded = reader.snapshot('aggregator')
  await reader.close()
  expect(recorded?.position).toBeGreaterThan(500)
  const expected = { seq: recorded?.position, crc: crc32(recorded?.bytes ?? new Uint8Array()) }
  for (const speed of [Number.POSITIVE_INFINITY, 20]) {
    const playing = await startPlaying({
      dir,
      task: 'replay',
      speed,
      toSeq: recorded?.position ?? 0,
      live: here,
    })
    const viewer = await connectViewer(playing.url ?? '')
    await viewer.next('metrics', message => message.totals.steps > 0)
    expect(await playing.replayed).toBe(recorded?.position)
    expect(viewer.of('metrics').every(({ mode }) => mode !== 'live')).toBe(true)
    expect(await playing.close()).toEqual(expected)
  }
})

test('L17: a replay of chosen episodes shows them and no other, each whole', async () => {
  const dir = await recordRun({ play: 'paced', seconds: 2 })
  const reader = openLogReader(dir)
  const chosen = selectEpisodes(reader, parsePredicate('every(3)')).slice(0, 4)
  await reader.close()
  expect(chosen.length).toBe(4)
  const playing = await startPlaying({
    ...{ dir, task: 'replay', speed: 0.2, episodes: chosen, live: here },
  })
  const viewer = await connectViewer(playing.url ?? '')
  const wanted = new Set(chosen)
  await playing.replayed
  await viewer.next('episode_end', ({ episode }) => episode === chosen.at(-1))
  const shown = viewer.messages.flatMap(message =>
    ['episode_start', 'state_update', 'episode_end'].includes(message.type) ? [message] : [],
  ) as { episode: number; mode: string }[]
  expect(shown.every(({ episode, mode }) => wanted.has(episode) && mode === 'replay')).toBe(true)
  const status = playing.status?.actors.find(({ name }) => name === 'broadcaster')
  expect(status?.state).toContain('replay')
  await playing.close()
})

test('L17: any episode can be listed and replayed from the log while it grows', async () => {
  const dir = tempDir()
  const task = { play: 'paced', seconds: 30, options: { live: { port: 0 } } }
  const program = runProgram('trainer', dir, JSON.stringify(task))
  const { url } = await program.hears('started')
  const viewer = await connectViewer(String(url))
  const list = await viewer.next('episodes', message => message.rows.length > 3)
  const episode = list.rows.at(-1)?.episode ?? 0
  viewer.send({ type: 'get_episode', request: 5, episode })
  const answer = await viewer.next('episode')
  expect(answer).toMatchObject({ request: 5, row: { episode, steps: 50 }, thinned_by: 1 })
  expect(answer.steps).toHaveLength(50)
  expect(answer.steps.at(-1)).toMatchObject({ cumulative_reward: 50, done: true })
  expect(answer.frames_following).toBe(5)
  viewer.send({ type: 'list_episodes', request: 6, before: episode + 2, limit: 1 })
  const page = await viewer.next('episodes', message => message.request === 6)
  expect(page.rows.map(row => row.episode)).toEqual([episode + 1])
  viewer.send({ type: 'get_episode', request: 7, episode: 999_999 })
  expect(await viewer.next('error')).toMatchObject({ request: 7, code: 'NOT_FOUND' })
  program.process.kill('SIGTERM')
  await program.exited
})

test('L9: served, a run is live while a trainer writes and checkpoint before and after', async () => {
  const dir = await recordRun({ play: 'some' })
  const playing = await startPlaying({ dir, task: 'serve', live: here })
  const viewer = await connectViewer(playing.url ?? '')
  await viewer.next('state_update', message => message.mode === 'checkpoint')
  const program = runProgram(
    'trainer',
    dir,
    JSON.stringify({ play: 'paced', seconds: 4, close: true }),
  )
  await viewer.next('state_update', message => message.mode === 'live')
  expect((await program.exited).code).toBe(0)
  const left = viewer.messages.length
  await viewer.next('state_update', message => {
    return message.mode === 'checkpoint' && viewer.messages.indexOf(message as never) > left
  })
  await viewer.next('system', message => !message.trainer_attached)
  await playing.close()
})

test('L9 U12: served, a run whose trainer pauses shows where it stands', async () => {
  const dir = tempDir()
  const run = await startRun({ dir, handleSignals: false })
  onTestFinished(() => run.close())
  const recorder = run.recorder('walker')
  recorder.begin()
  for (let step = 0; step < 2_000; step++) recorder.step({ reward: 1, position: [step] })
  recorder.frame({ width: 2, height: 1, data: new Uint8Array(6).fill(7) })
  await run.flush()

  const playing = await startPlaying({ dir, task: 'serve', live: here })
  onTestFinished(async () => {
    await playing.close()
  })
  const viewer = await connectViewer(playing.url ?? '')
  const state = await viewer.next('state_update', ({ step }) => step === 1_999)
  expect(state).toMatchObject({ mode: 'live', agent: 'walker', position: [1_999] })
  await until('a picture', () => viewer.frames.length > 0)
  expect(viewer.frames).toMatchObject([{ agent: 'walker', step: 1_999, mode: 'live' }])
})

test('L9 L14: served, episodes of several agents are played side by side, each whole, and the rest stays', async () => {
  const dir = tempDir()
  const run = await startRun({ dir, name: 'a pair', handleSignals: false })
  const recorders = ['left', 'right'].map(agent => run.recorder(agent))
  for (let episode = 0; episode < 3; episode++) {
    for (const recorder of recorders) recorder.begin()
    for (let step = 0; step < 20; step++) {
      for (const recorder of recorders) recorder.step({ reward: 1, terminated: step === 19 })
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    for (const recorder of recorders) recorder.end()
  }
  await run.close()

  const playing = await startPlaying({ dir, task: 'serve', live: here })
  const viewer = await connectViewer(playing.url ?? '', { agents: 'all' })
  const rounds = (): number =>
    viewer.of('episode_end').filter(({ agent, episode }) => agent === 'right' && episode === 6)
      .length
  await until('three rounds', () => rounds() >= 3)
  // It starts over once a round, and each time with what was made of the whole log.
  const greetings = viewer.of('connection_established')
  expect(greetings.length).toBeLessThanOrEqual(rounds() + 2)
  expect(greetings.every(({ name }) => name === 'a pair')).toBe(true)
  expect(greetings.at(-1)?.agents.toSorted()).toEqual(['left', 'right'])
  const listed = viewer.of('episodes').map(({ rows }) => rows.length)
  expect(listed.slice(1).every(rows => rows === 6)).toBe(true)
  expect(listed.length).toBeGreaterThan(1)
  expect(viewer.of('episode_end').every(({ total_reward }) => total_reward === 20)).toBe(true)
  for (const { step, cumulative_reward } of viewer.of('state_update')) {
    expect(cumulative_reward).toBe(step + 1)
  }
  await playing.close()
})

test('L9: with no run there is a page that waits', async () => {
  const playing = await startPlaying({ dir: null, task: 'serve', live: here })
  const viewer = await connectViewer(playing.url ?? '')
  expect((await viewer.next('connection_established')).mode).toBe('waiting')
  viewer.send({ type: 'get_episode', request: 1, episode: 1 })
  expect(await viewer.next('error')).toMatchObject({ code: 'NOT_FOUND' })
  await playing.close()
})

test('a directory without a log is refused with what was expected', async () => {
  const dir = tempDir()
  await expect(startPlaying({ dir, task: 'serve' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining(dir) as string,
  })
})

test('a replay leaves the log as it was', async () => {
  const dir = await recordRun({ play: 'some' })
  const before = await readEvents(dir)
  const playing = await startPlaying({ dir, task: 'replay', speed: Number.POSITIVE_INFINITY })
  await playing.replayed
  await playing.close()
  expect(await readEvents(dir)).toEqual(before)
})

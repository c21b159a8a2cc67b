// F10, F11, V11: frames of a real run on their way to viewers: by the lane while somebody watches, by
// the log when the lane brings none, and by neither when nobody looks.
import { expect, onTestFinished, test } from 'vitest'
import type { RollcastError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { readEvents, tempDir, until } from './harness.ts'
import { only } from './nothing-missing.ts'
import { connectViewer } from './viewer-client.ts'

/** Milliseconds between the frames that are recorded. */
const FRAME_MILLIS = 4
/** What a lane of such small frames holds. */
const LANE_SLOTS = 64
/** A status may be so old on a machine that is busy. */
const STATUS_SECONDS = 2

interface Trainer {
  readonly run: Run
  readonly dir: string
  readonly frames: () => number
  readonly problems: readonly RollcastError[]
  /** Records nothing more, and does not end the run. */
  pause(): void
  /** Ends the run; resolves to what is on record of it. */
  stop(): Promise<void>
}

/** A run with a page whose trainer records a frame every 4 ms; `isLaneStuck` stops the fast lane. */
async function train(isLaneStuck?: () => boolean): Promise<Trainer> {
  const dir = tempDir()
  const problems: RollcastError[] = []
  const onProblem = (problem: RollcastError): number => problems.push(problem)
  const options = checkOptions({ dir, live: { port: 0 }, handleSignals: false, onProblem })
  const run = await start(options, { faults: true, ...(isLaneStuck ? { isLaneStuck } : {}) })
  const recorder = run.recorder('walker')
  const data = new Uint8Array(24 * 24 * 3)
  let frames = 0
  const timer = setInterval(() => {
    if (recorder.episode === 0) recorder.begin()
    recorder.step({ reward: 1, terminated: frames % 100 === 99 })
    recorder.frame({ width: 24, height: 24, data: data.fill(frames & 255) })
    frames++
    if (frames % 100 === 0) recorder.end()
  }, FRAME_MILLIS)
  const pause = (): void => clearInterval(timer)
  const stop = async (): Promise<void> => {
    pause()
    await run.close()
  }
  onTestFinished(stop)
  return { run, dir, frames: () => frames, problems, pause, stop }
}

const laneOf = ({ run }: Trainer) => {
  const lane = run.status?.lane
  if (!lane) throw new Error('the run has told nothing of its lane')
  return lane
}

/** Frames that are on record. */
const recordedIn = async (dir: string): Promise<number> =>
  only(await readEvents(dir), 'frame_captured').length

/** Frames that were handed to the channel by which the log's writer sends them. */
const sentByLog = ({ run }: Trainer): number => {
  const recorder = run.status?.actors.find(({ name }) => name === 'recorder')
  return recorder?.channels.find(({ name }) => name === 'recorder.frames')?.offered ?? -1
}

/** Two statuses from now: the counters in it are of after the call. */
async function freshStatus({ run }: Trainer): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const before = run.status
    await until('another status', () => run.status !== before)
  }
}

test('V11 U1 with no viewer no frame is copied, by no way; the first viewer gets them', async () => {
  const trainer = await train()
  await until('200 frames', () => trainer.frames() > 200)
  await freshStatus(trainer)
  expect(laneOf(trainer)).toMatchObject({
    ...{ running: true, source: 'none', wantedFps: 0, hud: null },
    ...{ published: 0, refused: 0, taken: 0, skipped: 0, shown: 0 },
  })
  expect(sentByLog(trainer)).toBe(0)
  const viewer = await connectViewer(trainer.run.url ?? '', { max_fps: 60 })
  await until('frames', () => viewer.frames.length > 20)
  await freshStatus(trainer)
  const watched = laneOf(trainer)
  expect(watched).toMatchObject({ source: 'lane', wantedFps: 60, refused: 0 })
  expect(watched.hud?.stepsPerSecond).toBeGreaterThan(20)
  expect(sentByLog(trainer)).toBe(0)
  // It leaves: what is published stands still, while frames are recorded as before.
  viewer.close()
  await until('nobody to watch', () => laneOf(trainer).source === 'none')
  await freshStatus(trainer)
  // Between two episodes the trainer pauses for a moment.
  const { paused: _, ...left } = laneOf(trainer)
  const frames = trainer.frames()
  await until('200 frames more', () => trainer.frames() > frames + 200)
  await freshStatus(trainer)
  expect(laneOf(trainer)).toMatchObject(left)
  // But for those that lay in the lane when the viewer left, each was taken or passed over.
  expect(left.published - left.taken - left.skipped).toBeLessThanOrEqual(LANE_SLOTS)
  expect(sentByLog(trainer)).toBe(0)
  await trainer.stop()
  expect(await recordedIn(trainer.dir)).toBe(trainer.frames())
})

test('F3 F11 two viewers: the trainer publishes what the faster one wants, and each gets its own', async () => {
  const trainer = await train()
  const url = trainer.run.url ?? ''
  const slow = await connectViewer(url, { max_fps: 5 })
  await until('a frame', () => slow.frames.length > 1)
  expect(laneOf(trainer).wantedFps).toBeLessThanOrEqual(5)
  const fast = await connectViewer(url, { max_fps: 50 })
  await until('a frame', () => fast.frames.length > 5)
  await freshStatus(trainer)
  const [before, slowBefore, fastBefore] = [
    laneOf(trainer).published,
    slow.frames.length,
    fast.frames.length,
  ]
  const startedAt = performance.now()
  await until('frames', () => fast.frames.length > fastBefore + 100)
  await freshStatus(trainer)
  const seconds = (performance.now() - startedAt) / 1000
  const { wantedFps, published } = laneOf(trainer)
  expect(wantedFps).toBe(50)
  expect(published - before).toBeLessThanOrEqual(50 * (seconds + STATUS_SECONDS) + 1)
  expect(slow.frames.length - slowBefore).toBeLessThanOrEqual(5 * seconds + 3)
  expect(slow.frames.length - slowBefore).toBeGreaterThan(0)
  fast.close()
  await until('only the slow one', () => laneOf(trainer).wantedFps === 5)
  await trainer.stop()
  expect(await recordedIn(trainer.dir)).toBe(trainer.frames())
})

test('U12 who comes while the trainer pauses gets the newest picture, whoever watched before', async () => {
  const trainer = await train()
  await until('50 frames', () => trainer.frames() > 50)
  trainer.pause()
  await trainer.run.flush()
  const newest = { step: (trainer.frames() - 1) % 100, request: 0, mode: 'live' }
  for (const encoding of ['raw', 'jpeg'] as const) {
    const viewer = await connectViewer(String(trainer.run.url), { encoding })
    await until('a picture', () => viewer.frames.length > 0)
    expect(viewer.frames).toMatchObject([newest])
  }
})

test('U12 P11 a broadcaster that died while the trainer pauses knows what it showed', async () => {
  const trainer = await train()
  await until('50 frames', () => trainer.frames() > 50)
  trainer.pause()
  await trainer.run.flush()
  trainer.run.host.crash('broadcaster', 'throw')
  await until('it to run again', () => {
    const actor = trainer.run.status?.actors.find(({ name }) => name === 'broadcaster')
    return actor?.restarts === 1 && actor.state.startsWith('running')
  })
  const step = (trainer.frames() - 1) % 100
  const viewer = await connectViewer(String(trainer.run.url), { encoding: 'raw' })
  await viewer.next('state_update', state => state.step === step)
  await until('a picture', () => viewer.frames.length > 0)
  expect(viewer.frames).toMatchObject([{ agent: 'walker', step, mode: 'live' }])
})

test('F10 a lane that is stuck: frames come by the log, viewers are told, and it returns by itself', async () => {
  let isStuck = false
  const trainer = await train(() => isStuck)
  const viewer = await connectViewer(trainer.run.url ?? '', { max_fps: 60 })
  await until('frames by the lane', () => viewer.frames.length > 10)
  await viewer.next('system', ({ frames }) => frames?.source === 'lane')
  isStuck = true
  await viewer.next('system', ({ frames }) => frames?.source === 'log')
  const published = laneOf(trainer).published
  const seen = viewer.frames.length
  await until('frames by the log', () => viewer.frames.length > seen + 10)
  await freshStatus(trainer)
  expect(laneOf(trainer).published).toBe(published)
  expect(sentByLog(trainer)).toBeGreaterThan(10)
  isStuck = false
  await until('the lane again', () => laneOf(trainer).source === 'lane')
  const sent = await until('no more by the log', async () => {
    const before = sentByLog(trainer)
    await freshStatus(trainer)
    await freshStatus(trainer)
    return sentByLog(trainer) === before && before
  })
  const again = viewer.frames.length
  await until('frames by the lane', () => viewer.frames.length > again + 10)
  await freshStatus(trainer)
  expect(sentByLog(trainer)).toBe(sent)
  // By whichever way they came: none twice, none after a newer one.
  const times = viewer.frames.map(({ captureTime }) => captureTime)
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
  await trainer.stop()
  expect(await recordedIn(trainer.dir)).toBe(trainer.frames())
})

test('F4 F10 a camera that came too late and is too large is shown by the log, others by the lane', async () => {
  const trainer = await train()
  const { run } = trainer
  const walker = await connectViewer(run.url ?? '', { agent: 'walker', max_fps: 60 })
  await until('frames of the first', () => walker.frames.length > 5)
  const giant = run.recorder('giant')
  const data = new Uint8Array(64 * 64 * 3)
  const timer = setInterval(() => giant.frame({ width: 64, height: 64, data }), 10)
  onTestFinished(() => clearInterval(timer))
  const viewer = await connectViewer(run.url ?? '', { agent: 'giant', max_fps: 60 })
  await until('frames of the large one', () => viewer.frames.length > 10)
  await freshStatus(trainer)
  const before = laneOf(trainer)
  expect(before.source).toBe('log')
  expect(before.refused).toBeGreaterThan(10)
  const seen = walker.frames.length
  await until('more of the first', () => walker.frames.length > seen + 10)
  await freshStatus(trainer)
  expect(laneOf(trainer).published).toBeGreaterThan(before.published)
  expect(viewer.frames.every(({ width }) => width === 64)).toBe(true)
  expect(walker.frames.every(({ width }) => width === 24)).toBe(true)
  expect(trainer.problems.map(({ code }) => code)).toEqual(['BAD_FRAME'])
  clearInterval(timer)
})

test('F10 P11 the broadcaster dies while frames are shown: the next one shows them by the lane', async () => {
  const trainer = await train()
  const viewer = await connectViewer(trainer.run.url ?? '', { max_fps: 60 })
  await until('frames', () => viewer.frames.length > 10)
  trainer.run.host.crash('broadcaster', 'throw')
  await until('the viewer to be cut off', () => viewer.closeCode !== undefined)
  const restarts = (): number | undefined =>
    trainer.run.status?.actors.find(({ name }) => name === 'broadcaster')?.restarts
  await until('the restart', () => restarts() === 1)
  const next = await until('the page to be back', () =>
    connectViewer(trainer.run.url ?? '', { max_fps: 60 }).catch(() => undefined),
  )
  await until('frames', () => next.frames.length > 10)
  await freshStatus(trainer)
  expect(laneOf(trainer).source).toBe('lane')
  expect(sentByLog(trainer)).toBe(0)
  await trainer.stop()
  expect(await recordedIn(trainer.dir)).toBe(trainer.frames())
})

test('a run without a page has no lane', async () => {
  const run = await start(checkOptions({ dir: tempDir(), handleSignals: false }), { faults: false })
  onTestFinished(() => run.close())
  run.recorder('a').frame({ width: 1, height: 1, data: new Uint8Array(3) })
  await until('a status', () => run.status !== undefined)
  expect(run.status?.lane).toBeNull()
})

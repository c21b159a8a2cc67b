// V11 in a run: frames reach viewers as pictures that FFmpeg made in a thread of its own, and only
// while a viewer wants them.
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { SystemNotice } from '../../src/protocol/thread-messages.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { picture } from '../media/pictures.ts'
import { runCommand, tempDir, until } from './harness.ts'
import { openPreviewLine } from './preview-line.ts'
import { connectViewer } from './viewer-client.ts'

/** A few pictures, over and over. */
const PICTURES = 5

const large = { width: 640, height: 480, format: 'rgb8' } as const

interface Recording {
  readonly run: Run
  /** Frames so far. */
  recorded(): number
}

/** A run of large frames, 20 a second, until the test ends; the disk is not the point. */
async function recordLarge(): Promise<Recording> {
  const run = await start(
    checkOptions({ dir: tempDir('/dev/shm'), live: { port: 0 }, handleSignals: false }),
    { faults: false },
  )
  const recorder = run.recorder('agent')
  recorder.begin()
  const pictures = Array.from({ length: PICTURES }, (_, number) => picture(large, number))
  let number = 0
  const timer = setInterval(() => {
    recorder.step({ reward: 1 })
    recorder.frame({ ...large, data: pictures[number++ % PICTURES]! })
  }, 50)
  onTestFinished(async () => {
    clearInterval(timer)
    await run.close()
  })
  return { run, recorded: () => number }
}

/** What `/api/system` says of frames: how many were made into pictures. */
async function framesOf({ run }: Recording): Promise<{ ordered: number; millis: number }> {
  const system = (await (await fetch(new URL('/api/system', run.url ?? ''))).json()) as SystemNotice
  const channels = system.actors.flatMap(actor => actor.channels)
  const stills = channels.find(({ name }) => name === 'broadcaster.stills')
  return { ordered: stills?.offered ?? Number.NaN, millis: system.time }
}

/** Waits until so many more frames were recorded and told of. */
async function passFrames(recording: Recording, count: number): Promise<{ ordered: number }> {
  const before = await framesOf(recording)
  const recorded = recording.recorded() + count
  return until(`${count} frames`, async () => {
    const now = await framesOf(recording)
    return recording.recorded() >= recorded && now.millis > before.millis + 1_100 && now
  })
}

test('V11 nothing is encoded without a viewer that wants it, and /api/system says so', async () => {
  const recording = await recordLarge()
  const { run } = recording
  expect(await passFrames(recording, 20)).toMatchObject({ ordered: 0 })
  const raw = await connectViewer(run.url ?? '', { encoding: 'raw' })
  await until('pixels', () => raw.frames.length > 5)
  expect(await passFrames(recording, 20)).toMatchObject({ ordered: 0 })
  const [first, second] = await Promise.all([
    connectViewer(run.url ?? '', { max_fps: 240 }),
    connectViewer(run.url ?? '', { max_fps: 240 }),
  ])
  await until('pictures', () => first.frames.length > 10 && second.frames.length > 10)
  expect(new Set(first.frames.map(({ format }) => format))).toEqual(new Set(['jpeg']))
  expect(first.frames.at(-1)).toMatchObject({ width: 640, height: 480 })
  // Both have the same pictures, each of which was made once.
  const shared = first.frames.find(({ index }) => second.frames.some(one => one.index === index))
  const other = second.frames.find(({ index }) => index === shared?.index)
  expect(Buffer.compare(shared?.pixels ?? Buffer.alloc(0), other?.pixels ?? Buffer.alloc(1))).toBe(
    0,
  )
  const sent = new Set([...first.frames, ...second.frames].map(({ index }) => index)).size
  first.close()
  second.close()
  const { ordered } = await passFrames(recording, 20)
  expect(ordered).toBeGreaterThanOrEqual(sent)
  expect(ordered).toBeLessThan(sent + 20)
  // The viewers have gone: the counter stands still.
  expect(await passFrames(recording, 20)).toMatchObject({ ordered })
  const steps = first.frames.map(({ step }) => step)
  expect(steps).toEqual(steps.toSorted((a, b) => a - b))
})

test('V11 without node-av frames come as pixels, and viewers are told how to get it', async () => {
  const hide = fileURLToPath(new URL('../cli/without-node-av.cjs', import.meta.url))
  const trainer = fileURLToPath(new URL('programs/trainer.child.ts', import.meta.url))
  const task = { play: 'paced', seconds: 30, options: { live: { port: 0 } } }
  const args = ['--require', hide, trainer, tempDir(), JSON.stringify(task)]
  const program = runCommand('trainer', process.execPath, ...args)
  const { url } = await program.hears('url')
  const viewer = await connectViewer(String(url), { encoding: 'webp' })
  const told = await viewer.next('error')
  expect(told).toMatchObject({ request: null, code: 'UNAVAILABLE' })
  expect(told.message).toContain('`npm install node-av` puts it in place')
  await until('pixels', () => viewer.frames.length > 5)
  expect(new Set(viewer.frames.map(({ format }) => format))).toEqual(new Set(['rgb8']))
  expect(viewer.of('error')).toHaveLength(1)
})

test('the thread makes pictures in turn, says what it cannot make, and ends with what it has in hand', async () => {
  for (let round = 0; round < 3; round++) {
    const { make, told, close } = openPreviewLine()
    onTestFinished(close)
    const order = (as: 'jpeg' | 'webp', width: number): Promise<Uint8Array> => {
      const shape = { width, height: 4, format: 'rgb8' } as const
      return make({ ...shape, as, quality: 75, pixels: pixelsOf(shape) })
    }
    const answers = await Promise.allSettled([
      order('jpeg', 64),
      // WebP ends at 16383 pixels a side.
      order('webp', 20_000),
      ...Array.from({ length: 5 }, (_, i) => order('webp', 32 + i)),
    ])
    expect(answers.map(({ status }) => status)).toEqual(
      answers.map((_, i) => (i === 1 ? 'rejected' : 'fulfilled')),
    )
    expect((answers[1] as PromiseRejectedResult).reason.message).toContain('20000x4')
    expect(told).toEqual([true])
    const last = Array.from({ length: 5 }, () => order('jpeg', 2000))
    const ends = Promise.allSettled(last)
    await close()
    expect((await ends).map(({ status }) => status)).toEqual(last.map(() => 'rejected'))
  }
})

test('V11 the thread goes when no picture was wanted for long, and comes back with the next one', async () => {
  const clock = new SimulatedClock()
  const { make, told, close } = openPreviewLine(clock)
  onTestFinished(close)
  const shape = { width: 64, height: 4, format: 'rgb8' } as const
  const order = () => make({ ...shape, as: 'jpeg', quality: 75, pixels: pixelsOf(shape) })
  for (let life = 1; life <= 3; life++) {
    const [first, second] = await Promise.all([order(), order()])
    expect(first.byteLength).toBeGreaterThan(100)
    expect(second).toEqual(first)
    clock.advance(30_000)
    expect(told).toEqual(Array.from({ length: 2 * life }, (_, i) => i % 2 === 0))
  }
})

test('S13: where the system has no thread pictures wait, and are made when it has one', async () => {
  let isShort = true
  const heap = {
    // Read when a thread is made, which fails as it does where no thread can be had: it throws.
    get maxYoungGenerationSizeMb(): number {
      if (isShort) throw new Error('ERR_WORKER_INIT_FAILED: EAGAIN')
      return 6
    },
  }
  const clock = new SimulatedClock()
  const { make, told, close } = openPreviewLine(clock, heap)
  onTestFinished(close)
  const shape = { width: 64, height: 4, format: 'rgb8' } as const
  const order = () => make({ ...shape, as: 'jpeg', quality: 75, pixels: pixelsOf(shape) })
  const first = order()
  isShort = false
  clock.advance(1_000)
  expect((await order()).byteLength).toBeGreaterThan(100)
  expect((await first).byteLength).toBeGreaterThan(100)
  expect(told).toEqual([true, true])
})

const pixelsOf = (shape: { width: number; height: number; format: 'rgb8' }) =>
  new Uint8Array(picture(shape, 1))

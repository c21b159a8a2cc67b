// A run whose encoder is too slow by a known factor: `node record-outpaced.ts DIR SECONDS`. How fast the
// encoder is here and now is measured first; then the trainer hands in frames for SECONDS, so many
// times as fast. What it saw it prints as JSON.
import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '../src/base/assert.ts'
import { startRun } from '../src/index.ts'
import { loadMedia } from '../src/media/ffmpeg.ts'
import type { EncoderSetting } from '../src/media/profiles.ts'
import { openSegment } from '../src/media/segment.ts'
import type { Outpaced } from './outpaced.ts'
import { type ProcessMemory, readMemory } from './process-memory.ts'
import { SavedEpisodes } from './saved-episodes.ts'
import { SCENE, Scene } from './scene.ts'

/** As many times as the encoder can take. */
const FACTOR = 3
const EPISODE_SECONDS = 5
const SAMPLE_MILLIS = 250
const CATCH_UP_MILLIS_MAX = 900_000
/** H.264 that leaves nothing untried. */
const slow: EncoderSetting = {
  codec: 'libx264',
  pixelFormat: 'yuv420p',
  options: {
    ...{ crf: 18, preset: 'placebo', threads: 1, sc_threshold: 0, 'rc-lookahead': 0 },
    ...{ 'x264-params': 'me=tesa:merange=48:subme=11' },
  },
}
const FPS = 30
const TRIAL_FRAMES = 8
const GROUP_FRAMES = 2

const [, , dir = '', seconds = '0'] = process.argv
const scene = new Scene(24)

/**
 * Frames a second that the encoder takes at best: by the fastest of several groups, which other
 * programs disturbed least. Every second frame is a key frame, and cheaper.
 */
function measureEncoder(): number {
  const options = { ...SCENE, fps: FPS, choice: { ...slow, reason: 'asked for' } }
  const segment = openSegment(loadMedia(), `${dir}/trial/trial.mp4`, options)
  let best = Number.POSITIVE_INFINITY
  for (let number = 0; number < TRIAL_FRAMES; number += GROUP_FRAMES) {
    const startedAt = performance.now()
    for (let at = 0; at < GROUP_FRAMES; at++) segment.encode(scene.frame(number + at))
    best = Math.min(best, performance.now() - startedAt)
  }
  segment.discard()
  return (1000 * GROUP_FRAMES) / best
}

async function record(framesPerSecond: number): Promise<Outpaced> {
  const problems: string[] = []
  const run = await startRun({
    ...{ dir, dataset: true, handleSignals: false, closeMillisMax: 60_000 },
    video: { profile: slow, fps: FPS },
    onProblem: problem => problems.push(problem.message),
  })
  const recorder = run.recorder('agent')
  const samples: ProcessMemory[] = []
  const timer = setInterval(() => {
    const held = readMemory(process.pid)
    if (held) samples.push(held)
  }, SAMPLE_MILLIS)
  const startedAt = performance.now()
  const elapsed = (): number => (performance.now() - startedAt) / 1000
  const episodes = Math.ceil(Number(seconds) / EPISODE_SECONDS)
  const episodeFrames = Math.max(2, Math.ceil((framesPerSecond * Number(seconds)) / episodes))
  const frames = episodes * episodeFrames
  for (let number = 0; number < frames; number++) {
    await delay(Math.max(0, 1000 * (number / framesPerSecond - elapsed())))
    if (number % episodeFrames === 0) {
      if (number > 0) recorder.end()
      recorder.begin()
    }
    recorder.step({ reward: 1, observation: [number], action: number % 4 })
    recorder.frame({ ...SCENE, data: scene.frame(number) })
  }
  const taken = elapsed()
  recorder.end()
  clearInterval(timer)
  const saved = new SavedEpisodes(dir)
  await saved.wait(episodes, CATCH_UP_MILLIS_MAX)
  await saved.close()
  const catchUpSeconds = elapsed() - taken
  const restarts = run.status?.actors.find(({ name }) => name === 'encoder')?.restarts ?? 0
  await run.close()
  return { frames, seconds: taken, catchUpSeconds, samples, restarts, problems }
}

assert(Number(seconds) > 0, 'usage: record-outpaced.ts DIR SECONDS')
process.stdout.write(`${JSON.stringify(await record(FACTOR * measureEncoder()))}\n`)

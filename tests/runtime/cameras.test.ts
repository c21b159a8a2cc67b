// Whole runs of many cameras: who encodes or counts which, also when a run goes on with other options.
import { expect, test } from 'vitest'
import { type RunOptions, startRun } from '../../src/index.ts'
import { limits } from '../../src/protocol/limits.ts'
import { readEvents, tempDir } from './harness.ts'
import { only } from './nothing-missing.ts'

const FRAMES = 4
const pixels = new Uint8Array(64 * 64 * 3)

/** One life of the run in `dir`: an episode with these cameras. Returns the encoders that there were. */
async function live(dir: string, cameras: string, video: RunOptions['video']): Promise<string[]> {
  const run = await startRun({ dir, video: video ?? false, closeMillisMax: 60_000 })
  const recorder = run.recorder('a')
  recorder.begin()
  for (let step = 0; step < FRAMES; step++) {
    recorder.step({ reward: 1, terminated: step === FRAMES - 1 })
    for (const camera of cameras) recorder.frame({ camera, width: 64, height: 64, data: pixels })
  }
  recorder.end()
  await run.close()
  const names = run.status?.actors.map(({ name }) => name) ?? []
  return names.filter(name => name.startsWith('encoder'))
}

/** Of each episode: the cameras whose frames were counted, each of which were all there. */
async function counted(dir: string): Promise<string[]> {
  const cameras: string[] = []
  for (const { episode, camera, owed, intact } of only(await readEvents(dir), 'frames_counted')) {
    expect([owed, intact]).toEqual([FRAMES, FRAMES])
    cameras[episode - 1] = [...(cameras[episode - 1] ?? ''), camera].toSorted().join('')
  }
  return cameras
}

test('A4 the cameras of a run without video have one encoder together', async () => {
  const dir = tempDir()
  const all = 'abcdefghijklmnop'.slice(0, limits.encodersMax + 2)
  expect(await live(dir, all, undefined)).toEqual(['encoder'])
  expect(await counted(dir)).toEqual([all])
})

test('A4 V5 who has a camera is settled when it appears, whatever the run does later', async () => {
  const dir = tempDir()
  const video = { profile: 'fast' } as const
  expect(await live(dir, 'ab', undefined)).toEqual(['encoder'])
  expect(await live(dir, 'abcd', video)).toEqual(['encoder', 'encoder-2'])
  expect(await live(dir, 'abcde', undefined)).toEqual(['encoder', 'encoder-2'])
  expect(await live(dir, 'abcdef', video)).toEqual(['encoder', 'encoder-2', 'encoder-3'])
  expect(await counted(dir)).toEqual(['ab', 'abcd', 'abcde', 'abcdef'])
  const videos = only(await readEvents(dir), 'video_committed')
  const filmed = videos.map(({ episode, camera, frames }) => `${episode}${camera}${frames}`)
  const expected = [...'abcd'].map(camera => `2${camera}4`)
  expect(filmed.toSorted()).toEqual([...expected, ...[...'abcdef'].map(camera => `4${camera}4`)])
})

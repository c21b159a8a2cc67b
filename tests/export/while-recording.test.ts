// Whole runs that make a dataset while they are recorded, through the public API.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { RollcastError } from '../../src/base/errors.ts'
import { isInterrupted } from '../../src/export/lerobot/commit.ts'
import { exportLerobot } from '../../src/export/lerobot-export.ts'
import { startRun } from '../../src/index.ts'
import { decodeFrames } from '../../src/media/examine-video.ts'
import { findEpisode, listEpisodes } from '../../src/replay/history.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { tempDir, until } from '../runtime/harness.ts'
import { checked, options, play, refused, saved, sound } from './recorded-dataset.ts'
import { ffmpeg } from './written-run.ts'

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

describe('X6 a run that makes a dataset', () => {
  test('adds what is kept, says why an episode cannot be in it, and V7 has a frame for each row', async () => {
    const dir = tempDir()
    const told: string[] = []
    const onProblem = ({ code, message }: RollcastError) => void told.push(`${code} ${message}`)
    const run = await startRun(options(dir, { keep: 'terminated', onProblem }))
    play(run)
    play(run, { steps: 20, agent: 'b' })
    // Each camera has an encoder of its own, which starts when the camera appears.
    await until('both are saved', async () => (await saved(dir)).length === 2)
    play(run, { how: 'discard' })
    play(run, { cameras: ['eye'] })
    play(run, { dies: false })
    play(run, { steps: 1 })
    play(run)
    await run.close()
    expect(await saved(dir)).toEqual([
      [1, 0, 12],
      [2, 1, 20],
      [7, 2, 12],
    ])
    expect(await refused(dir)).toEqual([
      [4, 'observation.images.wrist: expected frames of its camera, found none'],
      [6, 'expected at least 2 steps, found 1'],
    ])
    // The program is told of the first.
    const wrist = 'observation.images.wrist: expected frames of its camera, found none'
    expect(told).toEqual([
      expect.stringContaining(`BAD_INPUT not in the dataset: episode 4 of agent a: ${wrist}`),
    ])
    expect(await checked(dir)).toEqual(sound(3, 44))
  })

  test('has all of a run that is closed before its encoders have started', async () => {
    const dir = tempDir()
    const run = await startRun(options(dir))
    play(run)
    play(run, { agent: 'b' })
    await run.close()
    expect(await checked(dir)).toEqual(sound(2, 24))
  })

  test('has an episode while the run goes on', async () => {
    const dir = tempDir()
    const run = await startRun(options(dir))
    play(run)
    await until('the episode is saved', async () => (await saved(dir)).length === 1)
    expect(await checked(dir)).toEqual(sound(1, 12))
    play(run)
    await run.close()
    expect(await checked(dir)).toEqual(sound(2, 24))
  })

  test('X2 V7 joins its videos when nothing has come for a while, and nobody waits for it', async () => {
    const dir = tempDir()
    const run = await startRun(options(dir))
    const files = (root: string): string[] =>
      readdirSync(join(dir, root), { recursive: true, encoding: 'utf8' })
        .filter(path => path.endsWith('.mp4'))
        .map(path => join(dir, root, path))
    for (const episodes of [1, 2]) {
      play(run, { cameras: ['eye'] })
      await until('it is saved', async () => (await saved(dir)).length === episodes)
    }
    const inodes = (root: string) => files(root).map(path => inodeOf(path))
    const [inRun, inDataset] = [inodes('video'), inodes('dataset/videos')]
    // On a busy machine they may have been joined by now.
    expect(inDataset.length === 1 || isDeepStrictEqual(inDataset.sort(), inRun.sort())).toBe(true)
    const isBusy = (): boolean => isInterrupted(join(dir, 'dataset'))
    await until('they are joined', () => files('dataset/videos').length === 1 && !isBusy())
    expect(await checked(dir)).toEqual(sound(2, 24))
    play(run, { cameras: ['eye'] })
    await run.close()
    expect(await checked(dir)).toEqual(sound(3, 36))
  })

  test('takes what `where` means, also of the episode before', async () => {
    const dir = tempDir()
    const dataset = { where: 'length changed', task: 'grow', fps: 10 }
    const run = await startRun(options(dir, { video: false, dataset }))
    for (const steps of [3, 3, 4, 4, 5]) play(run, { steps, cameras: [] })
    await run.close()
    expect(await saved(dir)).toEqual([
      [3, 0, 4],
      [5, 1, 5],
    ])
    expect(await refused(dir)).toEqual([])
    expect(await checked(dir)).toEqual(sound(2, 9))
  })

  test('without video refuses episodes with frames, once each, and lives through a handler that throws', async () => {
    const dir = tempDir()
    let told = 0
    const onProblem = (): never => {
      told++
      throw new Error('the program has a bug')
    }
    const run = await startRun(options(dir, { video: false, onProblem }))
    play(run)
    play(run, { cameras: [] })
    await run.close()
    expect(await refused(dir)).toEqual([
      [1, 'expected a video of its 24 frames, found a run without the option video'],
    ])
    expect(told).toBe(1)
    expect(await saved(dir)).toEqual([[2, 0, 12]])
  })

  test.each([
    { keepFrames: true, isSaved: true },
    { keepFrames: false, isSaved: false },
  ])('X1 V7 %j with a camera that stops in the middle of an episode', async given => {
    const dir = tempDir()
    const run = await startRun(options(dir, { video: { keepFrames: given.keepFrames } }))
    play(run)
    play(run, { stops: { wrist: 6 } })
    play(run)
    await run.close()
    const episodes = given.isSaved ? [1, 2, 3] : [1, 3]
    expect(await saved(dir)).toEqual(episodes.map((episode, at) => [episode, at, 12]))
    expect(await checked(dir)).toEqual(sound(episodes.length, 12 * episodes.length))
    if (given.isSaved) {
      // The last picture is shown again: one for each row.
      const path = join(dir, 'dataset/videos/observation.images.wrist/chunk-000/file-000.mp4')
      const shades = [...decodeFrames(ffmpeg(), path)].map(({ pixels }) => pixels[0]! / 10)
      const shown = Array.from({ length: 12 }, (_, row) => Math.min(row, 5))
      expect(shades.slice(12, 24).map(Math.round)).toEqual(shown)
    } else {
      expect(await refused(dir)).toEqual([[2, expect.stringContaining('keepFrames: true')]])
    }
  })

  test('goes on with its dataset when it is started again, and so does an export', async () => {
    const dir = tempDir()
    for (let life = 0; life < 3; life++) {
      const run = await startRun(options(dir))
      play(run)
      play(run, { steps: 1 })
      await run.close()
    }
    expect(await saved(dir)).toEqual([
      [1, 0, 12],
      [3, 1, 12],
      [5, 2, 12],
    ])
    expect((await refused(dir)).map(([episode]) => episode)).toEqual([2, 4, 6])
    expect(await checked(dir)).toEqual(sound(3, 36))
    const reader = openLogReader(dir, { check: false, readOnly: false })
    const report = await exportLerobot({
      ...{ reader, runDir: dir, root: join(dir, 'dataset'), clock: systemClock, profile: 'fast' },
      episodes: listEpisodes(reader, { limit: 10 })
        .rows.map(row => row.episode)
        .reverse(),
      rowOf: episode => findEpisode(reader, episode),
      onRefused: () => {},
    }).finally(() => reader.close())
    expect(report).toMatchObject({ added: 0, known: 3, refused: 3, episodes: 3 })
  })
})

describe('the option dataset', () => {
  test('L19 shows what is wrong with `where` at its place', () => {
    expect(() => checkOptions({ dir: 'x', dataset: { where: 'length >' } })).toThrow(
      /dataset.*\n?.*length >\n\s+\^/,
    )
    expect(() => checkOptions({ dir: 'x', dataset: { where: 'best(3)' } })).toThrow(
      'only a finished run knows',
    )
    expect(() => checkOptions({ dir: 'x', dataset: { fps: 0 } })).toThrow('dataset')
  })

  test('puts the dataset into the run directory unless told otherwise', () => {
    const { dataset } = checkOptions({ dir: '/runs/x', dataset: true })
    expect(dataset).toEqual({ dir: '/runs/x/dataset' })
    expect(checkOptions({ dir: '/runs/x' }).dataset).toBeUndefined()
  })
})

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { crc32 } from '../../src/base/checksum.ts'
import { systemClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { lockDataset } from '../../src/export/dataset-lock.ts'
import { checkDataset } from '../../src/export/lerobot/check.ts'
import {
  type ExportReport,
  exportLerobot,
  type LerobotExport,
} from '../../src/export/lerobot-export.ts'
import { videoTool } from '../../src/export/video-tool.ts'
import { decodeFrames } from '../../src/media/examine-video.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { videoPath } from '../../src/protocol/video-files.ts'
import { findEpisode } from '../../src/replay/history.ts'
import { failingEncoder } from '../media/failing-encoder.ts'
import { meaningOf } from './lerobot/datasets.ts'
import { ffmpeg, small, times, type WrittenRun, writeRun } from './written-run.ts'

type Refused = Record<number, string>

interface Exported extends ExportReport {
  readonly reasons: Refused
}

/** Exports episodes of `run` into `root`. */
async function exported(
  run: WrittenRun,
  root: string,
  rows: readonly EpisodeRow[],
  more: Partial<LerobotExport> = {},
): Promise<Exported> {
  const { reader, dir: runDir } = run
  const reasons: Refused = {}
  const report = await exportLerobot({
    ...{ reader, runDir, root, episodes: rows.map(row => row.episode), profile: 'fast' },
    ...{ clock: systemClock, load: ffmpeg, rowOf: episode => findEpisode(reader, episode) },
    onRefused: (episode, reason) => {
      reasons[episode] = reason
    },
    ...more,
  })
  return { ...report, reasons }
}

/** All that a dataset says, its pictures decoded. */
const meaning = (root: string) =>
  meaningOf(root, path => {
    return [...decodeFrames(ffmpeg(), path)].map(({ pixels }) => String(crc32(pixels)))
  })

const isSound = async (root: string): Promise<void> => {
  const { findings, unchecked } = await checkDataset(root, videoTool(ffmpeg()))
  expect({ findings, unchecked }).toEqual({ findings: [], unchecked: [] })
}

/** A run with episodes of every kind: copied, encoded, of one step, of another agent, cut off. */
async function variedRun(): Promise<{ run: WrittenRun; rows: EpisodeRow[] }> {
  const run = await writeRun()
  const copied = await run.episode(times(9, 's eye other'))
  for (const camera of ['eye', 'other']) await run.film(copied, camera, { partFrames: 4 })
  const sparse = await run.episode(`${times(4, 's eye other s eye')}`)
  await run.film(sparse, 'eye')
  const tiny = await run.episode('s eye other')
  const unseen = await run.episode(times(3, 's eye'))
  const stranger = await run.episode(times(3, 's eye other'), {
    agent: 'b',
    says: () => ({ observation: [1] }),
  })
  const last = await run.episode(times(5, 'eye s other'))
  return { run, rows: [copied, sparse, tiny, unseen, stranger, last] }
}

describe('a run as a dataset (X1)', () => {
  test('has every episode that can be in one, and says why others are not', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    const report = await exported(run, root, rows)
    expect(report).toEqual({
      ...{ added: 3, known: 0, refused: 3, episodes: 3, frames: 9 + 8 + 5 },
      reasons: {
        3: 'expected at least 2 steps, found 1',
        4: 'observation.images.other: expected frames of its camera, found none',
        5: 'observation.state: expected 2 numbers at step 0, found 1',
      },
    })
    await isSound(root)
    const { rows: stored } = await meaning(root)
    expect(stored.slice(0, 9).map(row => row['action'])).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
    expect(existsSync(join(root, '.rollcast/encoded'))).toBe(false)
  })

  test('holds what the first episode that can be in one holds', async () => {
    const run = await writeRun()
    const broken = await run.episode(times(3, 's eye'), {
      isLost: event => event.type === 'frame_captured' && event.index === 1,
    })
    const sound = await run.episode(times(3, 's eye'))
    const { reasons, added } = await exported(run, join(run.dir, 'dataset'), [broken, sound])
    expect(added).toBe(1)
    expect(reasons[broken.episode]).toContain('frames were lost')
  })

  test('X1 X3 is not ended by a video that was damaged or cannot be made', async () => {
    const run = await writeRun()
    // One frame more than steps: each video is cut.
    const rows: EpisodeRow[] = []
    for (let count = 0; count < 3; count++) {
      const row = await run.episode(`eye ${times(5, 's eye')}`)
      rows.push(row)
      await run.film(row, 'eye')
    }
    const damaged = join(run.dir, videoPath('a', 'eye', 2, 0))
    writeFileSync(damaged, readFileSync(damaged).fill(0, 8))
    rows.push(await run.episode(times(9, 's eye')), await run.episode(times(4, 's eye')))
    const load = () => failingEncoder(ffmpeg(), 'libx264', 6)
    const root = join(run.dir, 'dataset')
    const { added, reasons } = await exported(run, root, rows, { load })
    expect(reasons).toEqual({
      2: expect.stringContaining(damaged),
      4: expect.stringContaining('picture 6'),
    })
    expect(added).toBe(3)
    await isSound(root)
  })

  test('of which nothing can be in one is not begun', async () => {
    const run = await writeRun()
    const tiny = await run.episode('s')
    const root = join(run.dir, 'dataset')
    await expect(exported(run, root, [tiny])).rejects.toThrow(
      'expected a finished episode of at least 2 steps, found none among 1',
    )
    const odd = await run.episode(times(2, 's a/b a:b'))
    await expect(exported(run, root, [tiny, odd])).rejects.toThrow(
      'found none among 2; episode 2: cameras a/b and a:b would both be',
    )
    expect(readdirSync(root)).toEqual([])
  })

  test('has the rate of its video, or the one that is asked for', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's eye'))
    await run.film(row, 'eye', { fps: 12 })
    const { rows } = await meaningAfter(run, 'as recorded', [row], {})
    expect(rows[1]?.['timestamp']).toBe(Math.fround(1 / 12))
    const other = await meaningAfter(run, 'as asked', [row], { fps: 5 })
    expect(other.rows[1]?.['timestamp']).toBe(Math.fround(1 / 5))
  })

  test('without a camera needs no FFmpeg; with one it says how to get it', async () => {
    const run = await writeRun()
    const blind = await run.episode(times(3, 's'))
    const seen = await run.episode(times(3, 's eye'))
    const load = () => {
      throw new RollcastError('UNAVAILABLE', 'npm install node-av')
    }
    const root = join(run.dir, 'blind')
    expect(await exported(run, root, [blind], { load })).toMatchObject({ added: 1 })
    await expect(exported(run, join(run.dir, 'seen'), [seen], { load })).rejects.toThrow('node-av')
  })

  test('of frames below 64 pixels takes H.264 where AV1 cannot', async () => {
    const run = await writeRun()
    const shape = (camera: string) =>
      camera === 'eye' ? small : { ...small, width: 96, height: 64 }
    const row = await run.episode(times(4, 's eye wide'), { shape })
    const root = join(run.dir, 'dataset')
    expect(await exported(run, root, [row], { profile: 'lerobot' })).toMatchObject({ added: 1 })
    await isSound(root)
    const codecs = Object.fromEntries(
      ['eye', 'wide'].map(camera => {
        const file = `videos/observation.images.${camera}/chunk-000/file-000.mp4`
        return [camera, videoTool(ffmpeg()).examineVideo(join(root, file))]
      }),
    )
    expect(codecs).toMatchObject({ eye: { codec: 'h264' }, wide: { codec: 'av1' } })
  })
})

async function meaningAfter(
  run: WrittenRun,
  name: string,
  rows: readonly EpisodeRow[],
  more: Partial<LerobotExport>,
) {
  const root = join(run.dir, name)
  await exported(run, root, rows, more)
  await isSound(root)
  return meaning(root)
}

describe('an export (X3)', () => {
  test('can be repeated, and adds what is new', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    await exported(run, root, rows)
    const before = await meaning(root)
    expect(await exported(run, root, rows)).toMatchObject({ added: 0, known: 3, refused: 3 })
    expect(await meaning(root)).toEqual(before)
    const more = await run.episode(times(4, 's eye other'))
    const again = await exported(run, root, [...rows, more])
    expect(again).toMatchObject({ added: 1, known: 3, episodes: 4 })
    await isSound(root)
  })

  test('goes on where it was interrupted, wherever that was', async () => {
    const { run, rows } = await variedRun()
    const steps: string[] = []
    const beforeStep = (name: string): void => void steps.push(name)
    const whole = await meaningAfter(run, 'whole', rows, { beforeStep })
    expect(steps.length).toBeGreaterThan(20)
    // One in five: crash.test.ts dies before every single one.
    for (let cut = 0; cut < steps.length; cut += 5) {
      const root = join(run.dir, `cut-${cut}`)
      let left = cut
      const dies = exported(run, root, rows, {
        beforeStep: () => {
          if (left-- === 0) throw new Error('killed here')
        },
      })
      await expect(dies).rejects.toThrow('killed here')
      expect(await exported(run, root, rows)).toMatchObject({ episodes: 3, refused: 3 })
      await isSound(root)
      expect(await meaning(root)).toEqual(whole)
    }
  })

  test('that is asked to end keeps what is whole', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    const controller = new AbortController()
    const { signal } = controller
    const onProgress = (done: number): void => {
      if (done === 1) controller.abort()
    }
    expect(await exported(run, root, rows, { signal, onProgress })).toMatchObject({ added: 1 })
    await isSound(root)
    expect(await exported(run, root, rows)).toMatchObject({ added: 2, known: 1, episodes: 3 })
  })

  test('that an error ends keeps what was whole before it', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    const onPicture = () => {
      throw new Error('cut off')
    }
    await expect(exported(run, root, rows, { onPicture })).rejects.toThrow('cut off')
    await isSound(root)
    expect(await exported(run, root, rows)).toMatchObject({ known: 1, added: 2, refused: 3 })
  })

  test('clears away what a killed one had encoded', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    await exported(run, root, rows)
    mkdirSync(join(root, '.rollcast/encoded'))
    writeFileSync(join(root, '.rollcast/encoded/1-0.mp4.part'), 'half')
    await exported(run, root, rows)
    expect(existsSync(join(root, '.rollcast/encoded'))).toBe(false)
  })

  test('is alone with its dataset', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    mkdirSync(root)
    const lock = await lockDataset(root, 0)
    await expect(exported(run, root, rows)).rejects.toMatchObject({
      code: 'LOG_LOCKED',
      message: `${root}: the dataset is being written by this process, in another run or a thread that hangs`,
    })
    await lock.release()
    expect(await exported(run, root, rows)).toMatchObject({ added: 3 })
  })

  test('of two runs of one name adds the episodes of both', async () => {
    const first = await writeRun('walk')
    const second = await writeRun('walk')
    const one = await first.episode(times(3, 's'))
    const two = await second.episode(times(3, 's'), { row: { startTime: 5_000 } })
    const root = join(first.dir, 'dataset')
    await exported(first, root, [one])
    expect(await exported(second, root, [two])).toMatchObject({ added: 1, episodes: 2 })
  })

  test('keeps to the rate and the features of the dataset that is there', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    await exported(run, root, rows.slice(0, 1))
    const blind = await run.episode(times(3, 's'))
    const { reasons } = await exported(run, root, [blind])
    expect(reasons[blind.episode]).toContain('expected frames of its camera, found none')
    await expect(exported(run, root, rows, { fps: 7 })).rejects.toThrow('expected 7, found 30')
  })

  test('writes over nothing that it did not begin', async () => {
    const { run, rows } = await variedRun()
    const root = join(run.dir, 'dataset')
    await exported(run, root, rows)
    const foreign = join(run.dir, 'foreign')
    for (const part of ['meta', 'data', 'videos']) {
      cpSync(join(root, part), join(foreign, part), { recursive: true })
    }
    await expect(exported(run, foreign, rows)).rejects.toMatchObject({ code: 'CANNOT_CREATE' })
    const file = join(run.dir, 'file')
    writeFileSync(file, '')
    await expect(exported(run, file, rows)).rejects.toMatchObject({ code: 'CANNOT_CREATE' })
  })
})

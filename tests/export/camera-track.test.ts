import { describe, expect, test } from 'vitest'
import { readTracks } from '../../src/export/episode-tracks.ts'
import { small, writeRun } from './written-run.ts'

/** Which frame each row shows when the trainer does as `moments` say. */
async function shownBy(moments: string): Promise<number[]> {
  const run = await writeRun()
  const row = await run.episode(moments)
  const track = readTracks(run.reader, row).get('eye')!
  return [...track.framesOfRows(row.steps)]
}

describe('which frame a row shows (X1)', () => {
  test.for([
    ['a frame after each step', 's eye s eye s eye', [0, 1, 2]],
    ['a frame before each step', 'eye s eye s eye s', [0, 1, 2]],
    ['one after the reset and after each step', 'eye s eye s eye s eye', [0, 1, 2]],
    ['every other step', 's eye s s eye s', [0, 0, 1, 1]],
    ['every other step, looking ahead', 'eye s s eye s s', [0, 0, 1, 1]],
    ['a camera that stops', 's eye s eye s s', [0, 1, 1, 1]],
    ['several frames after a step: the last', 's eye eye eye s eye', [2, 3]],
    ['several frames before the first step: the last', 'eye eye s eye s', [1, 2]],
    ['a single step', 's eye', [0]],
    ['another camera in between', 's other eye s other s eye', [0, 0, 1]],
  ] as const)('%s', async ([, moments, shown]) => {
    expect(await shownBy(moments)).toEqual(shown)
  })

  test('there is none to show before the first one', async () => {
    await expect(shownBy('s s s eye')).rejects.toThrow(
      'camera eye: expected a frame of the first step, found the first at 2',
    )
  })
})

describe('the frames of an episode (X1)', () => {
  test('are of one shape', async () => {
    const run = await writeRun()
    const shape = (_: string, index: number) => ({ ...small, width: index < 2 ? 32 : 48 })
    const row = await run.episode('s eye s eye s eye', { shape })
    expect(() => readTracks(run.reader, row)).toThrow(
      'camera eye: frame 2: expected 32x24 rgb8, found 48x24 rgb8',
    )
  })

  test('are all there', async () => {
    const run = await writeRun()
    const isLost = (event: { type: string; index?: number }) =>
      event.type === 'frame_captured' && event.index === 1
    const row = await run.episode('s eye s eye s eye', { isLost })
    expect(() => readTracks(run.reader, row)).toThrow(
      'camera eye: expected frame 1, found frame 2: frames were lost',
    )
  })

  test('are those of its own agent', async () => {
    const run = await writeRun()
    const mine = await run.episode('s eye s eye')
    const other = await run.episode('s eye', { agent: 'b' })
    const both = { ...mine, lastSeq: other.lastSeq }
    expect(readTracks(run.reader, both).get('eye')?.length).toBe(2)
  })
})

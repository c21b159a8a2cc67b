// V3: an encoder that is three times too slow for what the trainer hands in, measured and not assumed.
// What it has not encoded waits on the disk: no frame is lost, and memory does not grow.
import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { framesLost, lookAtFrames } from '../../bench/filmed.ts'
import { backlogMib, recordOutpaced, tooSlowBy } from '../../bench/outpaced.ts'
import { memoryGrowth } from '../../bench/process-memory.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { tempDir } from '../runtime/harness.ts'

/** The bench `encode` has a whole minute. */
const SECONDS = runs(2, 20)
/** Far less than the pixels that wait then. */
const GROWTH_MIB_MAX = 100

test(`V3 an encoder that is too slow for ${SECONDS} s loses no frame and holds none in memory`, async () => {
  const dir = tempDir()
  const told = await recordOutpaced(dir, SECONDS)
  const { episodes, problems } = await lookAtFrames(loadMedia(), dir)
  rmSync(dir, { recursive: true })
  const lost = framesLost({ episodes })
  const grownMib = memoryGrowth(told.samples)
  figure('V3', {
    frames: told.frames,
    lost,
    episodes: episodes.length,
    tooSlowBy: tooSlowBy(told).toFixed(1),
    backlogMib: Math.round(backlogMib(told)),
    grownMib: Math.round(grownMib),
    encoderRestarts: told.restarts,
  })
  expect([...told.problems, ...problems]).toEqual([])
  expect(lost).toBe(0)
  expect(episodes.map(({ rows }) => rows)).toEqual(episodes.map(({ captured }) => captured))
  expect(episodes.reduce((sum, { captured }) => sum + captured, 0)).toBe(told.frames)
  expect(tooSlowBy(told)).toBeGreaterThan(2)
  expect(backlogMib(told)).toBeGreaterThan(runs(0, GROWTH_MIB_MAX))
  expect(grownMib).toBeLessThan(GROWTH_MIB_MAX)
}, 1_200_000)

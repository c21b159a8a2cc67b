import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { decodeFrames, examineVideo } from '../../src/media/examine-video.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { frameFormats } from '../../src/protocol/events.ts'
import { make, shapeOf } from './make-segment.ts'
import { picture, psnr } from './pictures.ts'

const ffmpeg = loadMedia()
const dir = mkdtempSync(join(tmpdir(), 'rollcast-segments-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const segments = (sideMin: number) =>
  fc.record({
    width: fc.integer({ min: sideMin, max: sideMin + 40 }),
    height: fc.integer({ min: sideMin, max: sideMin + 40 }),
    format: fc.constantFrom(...frameFormats),
    fps: fc.integer({ min: 1, max: 120 }),
    frames: fc.integer({ min: 1, max: 9 }),
  })

/** Steep slopes over few pixels and halved colour cost most; a larger picture is far better. */
const dbMin = (side: number): number => (side < 8 ? 17 : side < 64 ? 26 : 32)

// The sizes with the most edges first: one pixel, one row, one column.
const corners = [1, 2, 3].flatMap(width =>
  [1, 2].map(height => ({ width, height, format: 'rgb8' as const, fps: 1, frames: 3 })),
)

test.each([
  ['fast', 1, 60, corners],
  ['lerobot', 64, 25, []],
] as const)(
  'V5: profile %s: frames out are frames in, at their times, and look like them, for any size, format and rate',
  (profile, sideMin, numRuns, examples) => {
    fc.assert(
      fc.property(segments(sideMin), ({ frames, ...rest }) => {
        const given = { ...rest, profile }
        const { width, height, fps } = rest
        const path = join(dir, `${profile}.mp4`)
        expect(make(ffmpeg, path, frames, given)).toMatchObject({ frames, width, height, fps })
        const facts = examineVideo(ffmpeg, path)
        expect(facts).toMatchObject({ frames, framesPromised: frames, width, height, fps })
        const ticks = facts.timescale / fps
        expect(facts.timescale).toBeGreaterThanOrEqual(10_000)
        expect(facts.pts).toEqual(facts.pts.map((_, number) => number * ticks))
        expect(facts.dts).toEqual(facts.pts)
        expect(facts.durationTicks).toBe(frames * ticks)
        expect(facts.keyFrames).toEqual(
          facts.pts.flatMap((_, number) => (number % 2 ? [] : number)),
        )
        const decoded = [...decodeFrames(ffmpeg, path)]
        expect(decoded.map(frame => frame.index)).toEqual(facts.pts.map((_, number) => number))
        for (const frame of decoded) {
          expect(frame).toMatchObject({ width, height })
          const original = picture(shapeOf(given), frame.index)
          const found = psnr(frame, original, shapeOf(given))
          expect(found).toBeGreaterThan(dbMin(Math.min(width, height)))
          // It is this picture and no other one.
          const next = picture(shapeOf(given), frame.index + 1)
          expect(found).toBeGreaterThan(psnr(frame, next, shapeOf(given)))
        }
      }),
      { numRuns, examples: examples.map((example): [typeof example] => [example]) },
    )
  },
)

import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrames, examineVideo } from '../../src/media/examine-video.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import { concatenate, cut } from '../../src/media/remux.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { type ForeignVideo, makeForeignVideo } from './foreign-video.ts'
import { type Given, make } from './make-segment.ts'

const ffmpeg = loadMedia()
const inDirectory = (body: (at: (name: string) => string, dir: string) => void | Promise<void>) =>
  withRunDirectory(async dir => body(name => join(dir, name), dir))
const pixelsOf = (path: string, range = {}) =>
  [...decodeFrames(ffmpeg, path, range)].map(frame => Buffer.from(frame.pixels).toString('base64'))
const refusal = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) })
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number)

describe('joining by stream copy (V7)', () => {
  test.each(['lerobot', 'fast'] as const)(
    'V7: parts of profile %s are shown at another rate, every picture is what it was',
    profile =>
      inDirectory(async at => {
        const given = { width: 66, height: 64, fps: 30, profile }
        const parts = [at('0.mp4'), at('1.mp4')]
        for (const part of parts) make(ffmpeg, part, 5, given)
        await concatenate(ffmpeg, parts, at('as it was.mp4'))
        expect(await concatenate(ffmpeg, parts, at('slower.mp4'), { fps: 7 })).toBe(10)
        const facts = examineVideo(ffmpeg, at('slower.mp4'))
        const ticks = facts.timescale / 7
        expect(facts).toMatchObject({ frames: 10, fps: 7, durationTicks: 10 * ticks })
        expect(facts.pts).toEqual(upTo(10).map(number => number * ticks))
        expect(pixelsOf(at('slower.mp4'))).toEqual(pixelsOf(at('as it was.mp4')))
      })(),
  )

  test.each(['lerobot', 'fast'] as const)(
    'V7: parts of profile %s are joined at exact times, every picture is what it was, and each part begins with a key frame',
    profile => {
      const lengths = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 })
      const rates = fc.constantFrom(1, 7, 25, 30, 60, 120)
      return inDirectory(async at => {
        await fc.assert(
          fc.asyncProperty(lengths, rates, async (all, fps) => {
            const given = { width: 66, height: 64, fps, profile }
            const parts = all.map((frames, part) => {
              make(ffmpeg, at(`${part}.mp4`), frames, given)
              return at(`${part}.mp4`)
            })
            const frames = all.reduce((sum, each) => sum + each)
            expect(await concatenate(ffmpeg, parts, at('all.mp4'))).toBe(frames)
            const facts = examineVideo(ffmpeg, at('all.mp4'))
            const ticks = facts.timescale / fps
            expect(facts).toMatchObject({ frames, fps, durationTicks: frames * ticks })
            expect(facts.pts).toEqual(upTo(frames).map(number => number * ticks))
            expect(facts.dts).toEqual(facts.pts)
            const begins = all.map((_, part) => all.slice(0, part).reduce((a, b) => a + b, 0))
            expect(facts.keyFrames).toEqual(expect.arrayContaining(begins))
            expect(pixelsOf(at('all.mp4'))).toEqual(parts.flatMap(part => pixelsOf(part)))
          }),
          { numRuns: 12 },
        )
      })()
    },
  )

  test(
    'V7: appending one episode after the other is joining them at once',
    inDirectory(async at => {
      for (const part of [0, 1, 2, 3]) make(ffmpeg, at(`${part}.mp4`), 3 + part)
      const parts = [0, 1, 2, 3].map(part => at(`${part}.mp4`))
      await concatenate(ffmpeg, parts, at('once.mp4'))
      await concatenate(ffmpeg, [parts[0]!], at('grown.mp4'))
      for (const part of parts.slice(1)) {
        await concatenate(ffmpeg, [at('grown.mp4'), part], at('grown.mp4'))
      }
      expect(readFileSync(at('grown.mp4')).equals(readFileSync(at('once.mp4')))).toBe(true)
    }),
  )

  test.each<[string, Given, string]>([
    ['size', { width: 34 }, 'width 32, codec header'],
    ['rate', { fps: 25 }, 'fps 30'],
    ['codec', { profile: { codec: 'libvpx-vp9', options: {} } }, 'codec h264'],
    ['pixel format', { profile: { codec: 'libx264', pixelFormat: 'yuv444p', options: {} } }, 'yuv'],
    ['options', { profile: { codec: 'libx264', options: { preset: 'ultrafast' } } }, 'header'],
  ])('a part of another %s is refused with what differs, and nothing changes', (_, given, text) =>
    inDirectory(async (at, dir) => {
      make(ffmpeg, at('a.mp4'), 3)
      make(ffmpeg, at('b.mp4'), 3, given)
      const before = readFileSync(at('a.mp4'))
      const parts = [at('a.mp4'), at('b.mp4')]
      await expect(concatenate(ffmpeg, parts, at('a.mp4'))).rejects.toThrow(
        refusal('BAD_INPUT', text),
      )
      expect(readdirSync(dir)).toEqual(['a.mp4', 'b.mp4'])
      expect(readFileSync(at('a.mp4')).equals(before)).toBe(true)
    })(),
  )

  test(
    'a part that is missing, cut off or no video is refused, and nothing changes',
    inDirectory(async (at, dir) => {
      make(ffmpeg, at('a.mp4'), 3)
      make(ffmpeg, at('cut.mp4'), 9)
      truncateSync(at('cut.mp4'), readFileSync(at('cut.mp4')).length - 200)
      writeFileSync(at('text.mp4'), 'no video at all')
      const join = (name: string) => concatenate(ffmpeg, [at('a.mp4'), at(name)], at('a.mp4'))
      await expect(join('none.mp4')).rejects.toThrow(refusal('NOT_FOUND', 'none.mp4'))
      await expect(join('text.mp4')).rejects.toThrow(refusal('VIDEO_CORRUPT', 'text.mp4'))
      await expect(join('cut.mp4')).rejects.toThrow(refusal('VIDEO_CORRUPT', 'cut.mp4'))
      expect(readdirSync(dir).sort()).toEqual(['a.mp4', 'cut.mp4', 'text.mp4'])
      expect(examineVideo(ffmpeg, at('a.mp4')).frames).toBe(3)
    }),
  )

  test.each<[string, ForeignVideo]>([
    ['B-frames', { bFrames: 2 }],
    ['a rate that changes', { pts: number => number + (number > 5 ? 3 : 0) }],
  ])('a part with %s is refused, because what follows it would be shifted', (_, how) =>
    inDirectory(async (at, dir) => {
      makeForeignVideo(ffmpeg, at('b.mp4'), how)
      expect(examineVideo(ffmpeg, at('b.mp4')).frames).toBe(12)
      await expect(concatenate(ffmpeg, [at('b.mp4')], at('a.mp4'))).rejects.toThrow(
        refusal('VIDEO_CORRUPT', 'b.mp4: expected frame'),
      )
      expect(readdirSync(dir)).toEqual(['b.mp4'])
    })(),
  )
})

describe('cutting by stream copy', () => {
  test.each(['lerobot', 'fast'] as const)(
    'a range of profile %s begins at the key frame before it, and says so',
    profile =>
      inDirectory(async at => {
        const given = { width: 64, height: 64, profile }
        make(ffmpeg, at('a.mp4'), 5, given)
        make(ffmpeg, at('b.mp4'), 4, given)
        await concatenate(ffmpeg, [at('a.mp4'), at('b.mp4')], at('all.mp4'))
        const { keyFrames } = examineVideo(ffmpeg, at('all.mp4'))
        const whole = pixelsOf(at('all.mp4'))
        for (const fromFrame of upTo(9)) {
          for (const frames of upTo(9 - fromFrame).map(count => count + 1)) {
            const begun = keyFrames.filter(key => key <= fromFrame).at(-1)!
            const end = fromFrame + frames
            expect(await cut(ffmpeg, at('all.mp4'), { fromFrame, frames }, at('cut.mp4'))).toEqual({
              fromFrame: begun,
              frames: end - begun,
              exact: begun === fromFrame,
            })
            expect(pixelsOf(at('cut.mp4'))).toEqual(whole.slice(begun, end))
          }
        }
        // An episode of a dataset's file comes out as it went in.
        await cut(ffmpeg, at('all.mp4'), { fromFrame: 5, frames: 4 }, at('cut.mp4'))
        await concatenate(ffmpeg, [at('b.mp4')], at('b.mp4'))
        expect(readFileSync(at('cut.mp4')).equals(readFileSync(at('b.mp4')))).toBe(true)
      })(),
  )

  test(
    'a range that the file does not hold is refused',
    inDirectory(async (at, dir) => {
      make(ffmpeg, at('a.mp4'), 3)
      await expect(
        cut(ffmpeg, at('a.mp4'), { fromFrame: 2, frames: 2 }, at('b.mp4')),
      ).rejects.toThrow(refusal('BAD_INPUT', 'expected frames 2 to 3, found 3 frames'))
      expect(readdirSync(dir)).toEqual(['a.mp4'])
    }),
  )
})

describe('decoding', () => {
  test.each(['lerobot', 'fast'] as const)(
    'a range of profile %s holds the pictures of the whole',
    profile =>
      inDirectory(async at => {
        make(ffmpeg, at('a.mp4'), 9, { width: 64, height: 64, profile })
        const whole = pixelsOf(at('a.mp4'))
        expect(whole.length).toBe(9)
        for (const fromFrame of upTo(9)) {
          expect(pixelsOf(at('a.mp4'), { fromFrame })).toEqual(whole.slice(fromFrame))
          const pair = whole.slice(fromFrame, fromFrame + 1)
          expect(pixelsOf(at('a.mp4'), { fromFrame, frames: 1 })).toEqual(pair)
        }
      })(),
  )

  test(
    'frames that are missing or damaged are an error and no picture',
    inDirectory(async at => {
      make(ffmpeg, at('a.mp4'), 9)
      expect(() => pixelsOf(at('a.mp4'), { fromFrame: 7, frames: 3 })).toThrow(
        refusal('VIDEO_CORRUPT', 'found frame 9 damaged or missing'),
      )
      const bytes = readFileSync(at('a.mp4'))
      bytes.fill(0xff, bytes.length - 400, bytes.length - 100)
      writeFileSync(at('b.mp4'), bytes)
      expect(() => pixelsOf(at('b.mp4'))).toThrow(refusal('VIDEO_CORRUPT', 'b.mp4'))
      truncateSync(at('a.mp4'), bytes.length - 200)
      expect(() => pixelsOf(at('a.mp4'))).toThrow(refusal('VIDEO_CORRUPT', 'a.mp4'))
    }),
  )
})

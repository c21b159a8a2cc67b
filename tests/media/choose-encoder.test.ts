import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { chooseEncoder } from '../../src/media/choose-encoder.ts'
import { loadMedia } from '../../src/media/ffmpeg.ts'
import type { EncoderSetting, VideoProfile } from '../../src/media/profiles.ts'

const ffmpeg = loadMedia()
const small = { width: 64, height: 64, format: 'rgb8', fps: 30 } as const
const choose = (wanted: VideoProfile, more: object = {}) =>
  chooseEncoder(ffmpeg, wanted, { ...small, ...more })
const own =
  (codec: string, options: EncoderSetting['options'] = {}, pixelFormat?: string) =>
  () =>
    choose({ codec, options, ...(pixelFormat !== undefined && { pixelFormat }) })
const refusal = (text: string | RegExp) =>
  expect.objectContaining({
    code: 'USAGE',
    message: typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text),
  })

describe('choosing an encoder (V4)', () => {
  test('V4: profile lerobot is SVT-AV1 in 4:2:0 with CRF 30 and preset 12', () => {
    expect(choose('lerobot')).toMatchObject({
      codec: 'libsvtav1',
      pixelFormat: 'yuv420p',
      options: { crf: 30, preset: 12 },
      reason: 'profile lerobot',
    })
  })

  test.each([
    [63, 64],
    [64, 63],
    [2, 400],
  ])('V4: below 64x64 (%ix%i) H.264 is taken, and the choice says so', (width, height) => {
    const { codec, reason } = choose('lerobot', { width, height })
    expect(codec).toBe('libx264')
    expect(reason).toContain('SVT-AV1 takes no side below 64')
  })

  test('an odd size keeps its shape: AV1 can in 4:2:0, H.264 takes 4:4:4 and says so', () => {
    expect(choose('lerobot', { width: 65 }).pixelFormat).toBe('yuv420p')
    const { pixelFormat, reason } = choose('fast', { height: 65 })
    expect(pixelFormat).toBe('yuv444p')
    expect(reason).toContain('64x65 is odd')
    expect(choose('lerobot', { width: 21, height: 64 })).toMatchObject({
      codec: 'libx264',
      pixelFormat: 'yuv444p',
    })
  })

  test('V4: an unknown profile, codec, option, value or pixel format is refused with a list', () => {
    expect(() => choose('slow' as VideoProfile)).toThrow(refusal('lerobot, fast, auto'))
    expect(own('libx266')).toThrow(refusal(/"libx266"; there are .*libsvtav1.*libx264/))
    expect(own('aac')).toThrow(refusal('found "aac"'))
    expect(own('libx264', { crv: 3 })).toThrow(refusal(/found "crv"; its own are .*crf/))
    expect(own('libx264', { crf: 'good' })).toThrow(refusal('option crf takes, found "good"'))
    expect(own('libx264', { preset: 'good' })).toThrow(refusal('"preset":"good"'))
    expect(own('libx264', {}, 'rgb24')).toThrow(refusal(/yuv420p.*found rgb24/))
    expect(own('libx264', {}, 'rgb9')).toThrow(refusal('found "rgb9"'))
  })

  test('an encoder that MP4 cannot hold is refused at the start', () => {
    expect(own('gif')).toThrow(refusal('beginning an MP4 file of this codec'))
  })

  test('an encoder that reorders frames is refused at the start', () => {
    expect(own('libx264', { bf: 2, g: 12 })).toThrow(refusal('bf: 0'))
  })

  test('V4: any other encoder works with its own options', () => {
    expect(own('libvpx-vp9', { speed: 8, 'b:v': 0 })).toThrow(refusal('"b:v"'))
    expect(own('libvpx-vp9', { speed: 8 })()).toMatchObject({
      codec: 'libvpx-vp9',
      reason: 'asked for',
    })
  })

  test('V4: auto takes AV1 where it keeps up, and says what it measured', () => {
    const frozen = { ...systemClock, monotonic: () => 0 }
    expect(choose('auto', { clock: frozen })).toMatchObject({
      codec: 'libsvtav1',
      reason: 'auto; libsvtav1 12: 0.00 ms a frame, 16.67 allowed',
    })
  })

  test('V3 S4: an encoder that is slow is tried for a moment only', () => {
    let looks = 0
    const clock = { ...systemClock, monotonic: () => 150 * looks++ }
    expect(choose({ codec: 'libx264', options: {} }, { clock }).reason).toBe('asked for')
    // Once at the beginning, and after each picture.
    expect(looks).toBeLessThan(6)
  })

  test('V4: auto takes the next one where AV1 is too slow, and hardware only where it works', () => {
    // 17 ms for each look at the clock as long as AV1 is tried; nothing afterwards.
    let looks = 0
    const clock = { ...systemClock, monotonic: () => 17 * Math.min(40, looks++) }
    const { codec, reason } = choose('auto', { clock })
    expect(reason).toMatch(/libsvtav1 12: \d+\.\d+ ms a frame, 16.67 allowed/)
    expect(reason).toContain(codec)
    expect(codec).not.toBe('libsvtav1')
  })

  test('V4: auto takes the fastest where all are too slow, and says so', () => {
    let looks = 0
    const crawling = { ...systemClock, monotonic: () => 1000 * looks++ }
    expect(choose('auto', { clock: crawling }).reason).toMatch(/^auto, the fastest of what is too/)
  })
})

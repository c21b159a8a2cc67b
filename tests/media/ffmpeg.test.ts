import { describe, expect, test } from 'vitest'
import { encoders } from '../../src/media/encoders.ts'
import { check, loadMedia, pixelFormat } from '../../src/media/ffmpeg.ts'

describe('FFmpeg', () => {
  test('where it is missing, the error says how to get it', () => {
    const require = (name: string): never => {
      throw new Error(`Cannot find module '${name}'\nRequire stack:\n- somewhere`)
    }
    expect(() => loadMedia(require)).toThrow(
      expect.objectContaining({
        name: 'RollcastError',
        code: 'UNAVAILABLE',
        message: expect.stringMatching(
          /npm install node-av.*Found: Error: Cannot find module 'node-av\/lib'$/,
        ) as string,
      }),
    )
  })

  test('the encoders that the profiles need are there, with the codec that they write', () => {
    const found = new Map(encoders(loadMedia()).map(each => [each.name, each.codec]))
    expect(found.get('libsvtav1')).toBe('av1')
    expect(found.get('libx264')).toBe('h264')
    expect(found.get('png')).toBe('png')
    expect(found.has('aac')).toBe(false)
  })

  test('a full disk, a missing file and a refused directory have codes of their own', () => {
    const ffmpeg = loadMedia()
    const code = (result: number): unknown => {
      try {
        return check(ffmpeg, result, 'here')
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect([0, 7, -28, -27, -2, -13, -22].map(code)).toEqual([
      ...[0, 7],
      ...['DISK_FULL', 'DISK_FULL', 'NOT_FOUND', 'CANNOT_CREATE', 'VIDEO_FAILED'],
    ])
  })

  test('a pixel format that FFmpeg does not know is refused', () => {
    expect(() => pixelFormat(loadMedia(), 'rgb9')).toThrow('yuv420p, found "rgb9"')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RollcastError } from '../../src/base/errors.ts'
import { bytesPerPixel, frameFormats } from '../../src/protocol/events.ts'
import { hasPixels, pictureFormats } from '../../src/protocol/frame-encoding.ts'
import {
  decodeFrameMessage,
  encodeFrameMessage,
  type FrameMessage,
} from '../../src/protocol/frame-message.ts'
import { modes } from '../../src/protocol/viewer-protocol.ts'

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** The beginnings of files by which they are known. */
const files = {
  jpeg: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0),
  webp: new TextEncoder().encode('RIFF....WEBPVP8 '),
}

const frames: fc.Arbitrary<FrameMessage> = fc
  .record({
    agent: fc.string({ unit: 'grapheme', maxLength: 40 }),
    ...{ episode: u32, step: u32, index: u32, request: u32, requestFrames: u32 },
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 9 }),
    format: fc.constantFrom(...frameFormats, ...pictureFormats),
    mode: fc.constantFrom(...modes),
    captureTime: fc.double({ noNaN: true }),
    sendTime: fc.double({ noNaN: true }),
    seed: fc.nat(255),
  })
  .map(({ seed, format, ...frame }) => {
    if (format === 'jpeg' || format === 'webp') return { ...frame, format, pixels: files[format] }
    const pixels = new Uint8Array(frame.width * frame.height * bytesPerPixel[format])
    return { ...frame, format, pixels: pixels.fill(seed) }
  })

/** A message as it may lie in a larger buffer. */
function shifted(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.byteLength + 3)
  larger.set(bytes, 3)
  return larger.subarray(3)
}

describe('a frame message', () => {
  test('comes back as it was sent, wherever in a buffer it lies', () => {
    fc.assert(
      fc.property(frames, frame => {
        const bytes = encodeFrameMessage(frame)
        expect(decodeFrameMessage(bytes)).toStrictEqual(frame)
        expect(decodeFrameMessage(shifted(bytes))).toStrictEqual(frame)
      }),
    )
  })

  test('is refused as BAD_FRAME when it is cut, too long, or of another format', () => {
    fc.assert(
      fc.property(frames, fc.nat(), (frame, place) => {
        const bytes = encodeFrameMessage(frame)
        const cut = bytes.subarray(0, place % bytes.byteLength)
        const longer = Buffer.concat([bytes, new Uint8Array(1)])
        const unknownFormat = bytes.slice()
        unknownFormat[8] = frameFormats.length
        const unknownMode = bytes.slice()
        unknownMode[9] = modes.length
        const otherMagic = bytes.slice()
        otherMagic[0] = 0
        const unknownPicture = bytes.slice()
        unknownPicture[8] = 64 + pictureFormats.length
        const notItsFile = encodeFrameMessage({ ...frame, format: 'webp', pixels: files.jpeg })
        const bads = [cut, unknownFormat, unknownMode, unknownPicture, otherMagic, notItsFile]
        if (hasPixels(frame)) bads.push(longer)
        // How long a file is only its decoder knows; the beginning has to be there.
        else bads[0] = bytes.subarray(0, place % (bytes.byteLength - frame.pixels.byteLength))
        for (const bad of bads) {
          expect(() => decodeFrameMessage(bad)).toThrow(RollcastError)
        }
      }),
    )
  })

  test('says what it expected and found', () => {
    const whole = encodeFrameMessage({
      ...{ agent: 'a', episode: 1, step: 0, index: 0, width: 2, height: 2, format: 'rgba8' },
      ...{ mode: 'live', request: 0, requestFrames: 0, captureTime: 0, sendTime: 0 },
      pixels: new Uint8Array(16),
    })
    const cut = whole.subarray(0, whole.byteLength - 6)
    expect(() => decodeFrameMessage(cut)).toThrow('expected 16 B of rgba8 pixels, found 10 B')
    expect(() => decodeFrameMessage(new Uint8Array(5))).toThrow('found 5 B')
  })

  test('never makes random bytes into a frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        bytes[0] = 0x52
        bytes[1] = 0x43
        bytes[2] = 0x46
        bytes[3] = 0x31
        try {
          const frame = decodeFrameMessage(bytes)
          const { width, height, pixels } = frame
          if (!hasPixels(frame)) expect(pixels.byteLength).toBeGreaterThan(1)
          else expect(pixels.byteLength).toBe(width * height * bytesPerPixel[frame.format])
        } catch (error) {
          expect((error as RollcastError).code).toBe('BAD_FRAME')
        }
      }),
    )
  })
})

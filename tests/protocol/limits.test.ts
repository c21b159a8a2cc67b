import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import { encodeFrameMessage } from '../../src/protocol/frame-message.ts'
import { limits } from '../../src/protocol/limits.ts'
import { createRing, openRing } from '../../src/streams/ring/layout.ts'

describe('limits (invariant 4)', () => {
  test('are all positive and finite: nothing is without a bound', () => {
    for (const [name, value] of Object.entries(limits)) {
      expect(value > 0 && Number.isSafeInteger(value), name).toBe(true)
    }
  })

  test('L6: ten finished episodes wait for paced viewers', () => {
    expect(limits.liveEpisodes).toBe(10)
  })

  test('let the largest record into the default ring', () => {
    const ring = openRing(createRing({ capacityBytes: limits.ringBytes, ringId: 1 }))
    expect(ring.payloadBytesMax).toBeGreaterThanOrEqual(limits.recordBytesMax)
  })

  test('P2: warn before the ring is full', () => {
    expect(limits.undurableBytesMax).toBeLessThan(limits.ringBytes)
  })

  test('let the largest step into a record', () => {
    expect(limits.stepValuesMax * 8 + limits.infoBytesMax + 64).toBeLessThan(limits.recordBytesMax)
  })

  test('let a small frame into a viewer`s buffer many times over', () => {
    const frame = encodeFrameMessage({
      ...{ agent: 'a', episode: 1, step: 0, index: 0, width: 160, height: 210, format: 'rgb8' },
      ...{ mode: 'live', request: 0, requestFrames: 0, captureTime: 0, sendTime: 0 },
      pixels: new Uint8Array(160 * 210 * 3),
    })
    expect(frame.byteLength * 8).toBeLessThan(limits.viewerBufferBytesMax)
    expect(limits.viewerBufferBytesMax).toBe(MIB)
  })
})

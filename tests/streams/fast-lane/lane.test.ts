// One lane, both ends in this thread, against a model: what is taken is the newest whole frame of
// each layout, and every other one was counted.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RollcastError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/protocol/limits.ts'
import {
  createLane,
  HEADER_BYTES,
  type LaneFormat,
  type LaneFrame,
  openLane,
  openSlots,
  SLOT_NUMBER,
  SLOT_SEQUENCE,
  WORD_HEAD,
  WORD_HUD,
  WORD_TAIL,
} from '../../../src/streams/fast-lane/layout.ts'
import { LaneReader, type TakenFrame } from '../../../src/streams/fast-lane/reader.ts'
import { LaneGauge } from '../../../src/streams/fast-lane/status.ts'
import { LaneWriter } from '../../../src/streams/fast-lane/writer.ts'

/** A row of `width` grey pixels that all follow from `tag`. */
const frameOf = (tag: number, width = 40, over: Partial<LaneFrame> = {}): LaneFrame => ({
  ...{ layout: 1, width, height: 1, format: 'gray8', episode: 3, step: tag, index: tag },
  time: 1000 + tag,
  pixels: Uint8Array.from({ length: width }, (_, i) => tag + i),
  ...over,
})

function open(startAt = 0) {
  const buffer = createLane()
  const words = new Int32Array(buffer)
  words[WORD_HEAD] = startAt
  words[WORD_TAIL] = startAt
  const writer = new LaneWriter(buffer)
  const reader = new LaneReader(buffer)
  const gauge = new LaneGauge(buffer)
  return { buffer, writer, reader, gauge }
}

const stepsOf = (frames: readonly LaneFrame[]): number[] => frames.map(({ step }) => step)

/** The low words of a head before which nothing happens, and those before which one wraps. */
const starts = [0, 2 ** 31 - 5, -5]

describe.each(starts)('F1 F3 a lane whose frames are numbered from %i', startAt => {
  test('agrees with its model under any order of calls, deaths and restarts', () => {
    const publish = fc.record({
      do: fc.constant('publish' as const),
      layout: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 200 }),
    })
    const take = fc.record({ do: fc.constantFrom('take', 'restart', 'die') })
    const step = fc.oneof({ weight: 6, arbitrary: publish }, { weight: 1, arbitrary: take })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), script => {
        const { buffer, gauge, ...ends } = open(startAt)
        let { writer, reader } = ends
        let held: LaneFrame[] = []
        let published = 0
        let taken = 0
        let refused = 0
        let payloadBytesMax = 0
        for (const [tag, now] of script.entries()) {
          if (now.do === 'publish') {
            const { layout, width } = now as { layout: number; width: number }
            const frame = frameOf(tag & 255, width, { layout })
            payloadBytesMax ||= Math.ceil(width / 64) * 64
            if (width > payloadBytesMax) {
              expect(() => writer.publish(frame)).toThrow(RollcastError)
              refused++
            } else {
              writer.publish(frame)
              published++
              held.push(frame)
            }
          } else if (now.do === 'take') {
            const seen = held.slice(-64)
            const newest = seen.filter(
              (frame, i) => !seen.slice(i + 1).some(({ layout }) => layout === frame.layout),
            )
            expect(reader.take()).toEqual(newest)
            taken += newest.length
            held = []
          } else if (now.do === 'restart') reader = new LaneReader(buffer)
          else writer = new LaneWriter(buffer)
          const skipped = published - held.length - taken
          expect(gauge.status()).toMatchObject({ published, refused, taken, skipped, repaired: 0 })
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('F1 a lane', () => {
  test('brings over what a frame says of itself, in every format', () => {
    const { writer, reader } = open()
    const bytes: Readonly<Record<LaneFormat, number>> = { rgb8: 3, rgba8: 4, gray8: 1, overlay8: 1 }
    for (const [format, perPixel] of Object.entries(bytes) as [LaneFormat, number][]) {
      const frame: LaneFrame = {
        ...{ layout: limits.layoutsMax, width: 5, height: 3, format, episode: 2 ** 32 - 1 },
        ...{ step: 4_000_000_000, index: 2 ** 31, time: 1_700_000_000_000.125 },
        pixels: Uint8Array.from({ length: 15 * perPixel }, (_, i) => i * 7),
      }
      writer.publish(frame, 100)
      expect(reader.take()).toEqual([frame])
    }
    writer.publish({ ...frameOf(1), pixels: new Uint8ClampedArray(40).fill(9) })
    expect(reader.take()[0]?.pixels).toEqual(new Uint8Array(40).fill(9))
  })

  test('has no slots, and takes no memory for them, before its first frame', () => {
    const { buffer, reader } = open()
    expect(buffer.byteLength).toBe(HEADER_BYTES)
    expect(reader.take()).toEqual([])
  })

  test('F4 has 64 slots for frames of the first one`s size, fewer where that would be too much', () => {
    const slotsFor = (bytes: number): number | undefined => {
      const { buffer, writer } = open()
      writer.publish({ ...frameOf(0, 1), width: bytes, pixels: new Uint8Array(bytes) })
      return openSlots(openLane(buffer))?.slotCount
    }
    expect(slotsFor(84 * 84)).toBe(64)
    expect(slotsFor(640 * 480 * 3)).toBe(64)
    expect(slotsFor(1920 * 1080 * 3)).toBe(8)
    expect(slotsFor(limits.recordBytesMax)).toBe(4)
    expect(() => slotsFor(2 * limits.recordBytesMax)).toThrow(/expected at most 16777152 B a frame/)
  })

  test('F4 refuses a frame that does not fit, says so, counts it, and goes on', () => {
    const { writer, reader, gauge } = open()
    writer.publish(frameOf(1, 64))
    expect(() => writer.publish(frameOf(2, 65))).toThrow(
      'fast lane: expected at most 64 B, for which it was made, found 65 B',
    )
    expect(() => writer.publish({ ...frameOf(3), height: 2 })).toThrow(/expected 80 B of 40x2/)
    expect(stepsOf(reader.take())).toEqual([1])
    writer.publish(frameOf(4))
    expect(stepsOf(reader.take())).toEqual([4])
    expect(gauge.status()).toMatchObject({ published: 2, refused: 2 })
  })

  test('F4 can be made for larger frames than its first', () => {
    const { writer, reader } = open()
    writer.publish(frameOf(1), 1000)
    writer.publish(frameOf(2, 1000))
    expect(stepsOf(reader.take())).toEqual([2])
  })

  test('is refused when it is of another version or size, or none', () => {
    const { buffer, writer } = open()
    writer.publish(frameOf(1))
    const words = new Int32Array(buffer)
    for (const [word, wrong] of [
      [0, 1],
      [1, 2],
      [2, 64],
    ] as const) {
      const right = words[word]!
      words[word] = wrong
      expect(() => new LaneReader(buffer)).toThrow(/expected magic, version, header bytes/)
      words[word] = right
    }
    for (const [word, wrong] of [
      [3, 100],
      [4, 65],
      [4, 128],
    ] as const) {
      const right = words[word]!
      words[word] = wrong
      expect(() => new LaneReader(buffer).take()).toThrow(/do not agree with/)
      words[word] = right
    }
    expect(() => openLane(new SharedArrayBuffer(64))).toThrow(/no lane's size/)
    expect(() => openLane(new SharedArrayBuffer(HEADER_BYTES))).toThrow(RollcastError)
  })

  test('says whether its producer is there, pauses, or has closed', () => {
    const { writer, gauge } = open()
    expect(gauge.status()).toMatchObject({ running: true, paused: false })
    writer.paused = true
    expect(gauge.status()).toMatchObject({ running: true, paused: true })
    writer.paused = false
    expect(gauge.status()).toMatchObject({ running: true, paused: false })
    writer.close()
    expect(gauge.status()).toMatchObject({ running: false, paused: false })
  })
})

describe('F1 the HUD of a lane', () => {
  const hud = {
    ...{ layout: 2, episode: 3, step: 4_000_000_000, lastReward: -1.5, meanReward: 0.25 },
    ...{ stepsPerSecond: 1234.5, loss: Number.NaN, time: 1_700_000_000_000.5 },
  }

  test('is whole or not there', () => {
    const { buffer, writer, gauge } = open()
    expect(gauge.hud()).toBeUndefined()
    writer.publishHud(hud)
    expect(gauge.hud()).toEqual(hud)
    const words = new Int32Array(buffer)
    words[WORD_HUD] = words[WORD_HUD]! + 1
    expect(gauge.hud()).toBeUndefined()
  })

  test('F6 is cleared by the next producer when one has died writing it', () => {
    const { buffer, writer, gauge } = open()
    writer.publishHud(hud)
    const words = new Int32Array(buffer)
    words[WORD_HUD] = words[WORD_HUD]! + 1
    const next = new LaneWriter(buffer)
    expect(gauge.hud()).toMatchObject({ layout: 0, lastReward: Number.NaN })
    expect(gauge.status().repaired).toBe(1)
    next.publishHud(hud)
    expect(gauge.hud()).toEqual(hud)
  })
})

describe('F2 F6 a slot', () => {
  /** Word `word` of the slot that frame `number` (from 1) is in. */
  function poke(buffer: SharedArrayBuffer, number: number, word: number, change: number): void {
    const { slotBytes, slotCount, words } = openSlots(openLane(buffer))!
    const at = (HEADER_BYTES + ((number - 1) % slotCount) * slotBytes) / 4 + word
    words[at] = words[at]! + change
  }

  test('that is being written is passed over, and the newest whole frame before it is taken', () => {
    const { buffer, writer, reader, gauge } = open()
    for (let tag = 1; tag <= 3; tag++) writer.publish(frameOf(tag))
    poke(buffer, 3, SLOT_SEQUENCE, 1)
    expect(stepsOf(reader.take())).toEqual([2])
    expect(gauge.status()).toMatchObject({ taken: 1, skipped: 2 })
  })

  test('that holds another frame than its place says is passed over', () => {
    const { buffer, writer, reader } = open()
    for (let tag = 1; tag <= 3; tag++) writer.publish(frameOf(tag))
    poke(buffer, 3, SLOT_NUMBER, 64)
    expect(stepsOf(reader.take())).toEqual([2])
  })

  test('that was left odd is repaired by the next producer, and is no frame', () => {
    const { buffer, writer, reader, gauge } = open()
    for (let tag = 1; tag <= 3; tag++) writer.publish(frameOf(tag))
    poke(buffer, 3, SLOT_SEQUENCE, 1)
    const next = new LaneWriter(buffer)
    expect(gauge.status().repaired).toBe(1)
    expect(stepsOf(reader.take())).toEqual([2])
    next.publish(frameOf(4))
    expect(stepsOf(reader.take())).toEqual([4])
    for (let tag = 5; tag < 200; tag++) {
      next.publish(frameOf(tag))
      expect(stepsOf(reader.take())).toEqual([tag])
    }
  })
})

describe('F11 V11 the wishes for a lane', () => {
  test('are none until a reader has some, and end with it', () => {
    const { buffer, writer, reader, gauge } = open()
    const [first, second] = [writer.stream(1), writer.stream(2)]
    expect([first.isDue(0), second.isDue(0)]).toEqual([false, false])
    reader.wish(2, 30)
    expect([first.isDue(0), second.isDue(0)]).toEqual([false, true])
    expect(gauge.status().wantedFps).toBe(30)
    reader.wish(1, 60)
    expect(gauge.status().wantedFps).toBe(60)
    reader.wish(1, 0)
    expect(gauge.status().wantedFps).toBe(30)
    reader.wishByLog(2, true)
    expect([gauge.isWishedByLog(1), gauge.isWishedByLog(2)]).toEqual([false, true])
    new LaneReader(buffer)
    expect(second.isDue(1000)).toBe(false)
    expect(gauge.isWishedByLog(2)).toBe(false)
    expect(gauge.status().wantedFps).toBe(0)
  })

  test('give a producer never more turns than were wished for, and most of them', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 240, noNaN: true }),
        fc.array(fc.double({ min: 0.01, max: 40, noNaN: true }), {
          minLength: 200,
          maxLength: 400,
        }),
        (fps, gaps) => {
          const { writer, reader } = open()
          reader.wish(1, fps)
          const stream = writer.stream(1)
          let now = 1e12
          let turns = 0
          const startedAt = now
          for (const gap of gaps) {
            now += gap
            if (stream.isDue(now)) turns++
          }
          const wished = ((now - startedAt) * Math.round(1000 * fps)) / 1e6
          expect(turns).toBeLessThanOrEqual(wished + 2)
          // A frame that comes late by up to 40 ms is a turn that is taken late.
          if (fps <= 20) expect(turns).toBeGreaterThanOrEqual(Math.floor(0.5 * wished))
        },
      ),
    )
  })

  test('F15 lose no frame of a trainer of that pace, though it is no clock', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 15 }), { minLength: 60, maxLength: 60 }), late => {
        const { writer, reader } = open()
        reader.wish(1, 60)
        const stream = writer.stream(1)
        const turns = late.map((millis, frame) => stream.isDue(1e12 + (frame * 1000) / 60 + millis))
        expect(turns).not.toContain(false)
      }),
    )
  })

  test('stay within what the producer agrees to', () => {
    const buffer = createLane()
    const writer = new LaneWriter(buffer, { min: 2, max: 10 })
    const reader = new LaneReader(buffer)
    const gauge = new LaneGauge(buffer)
    reader.wish(1, 60)
    expect(gauge.status().wantedFps).toBe(10)
    reader.wish(1, 0.5)
    expect(gauge.status().wantedFps).toBe(2)
    // A reader that asks for more all the same gets no more.
    new LaneWriter(buffer, { min: 0.1, max: 240 })
    reader.wish(1, 100)
    const stream = writer.stream(1)
    let turns = 0
    for (let now = 0; now <= 1000; now++) if (stream.isDue(now)) turns++
    expect(turns).toBe(11)
  })

  test('that become more are followed at once', () => {
    const { writer, reader } = open()
    const stream = writer.stream(1)
    reader.wish(1, 0.1)
    expect(stream.isDue(0)).toBe(true)
    expect(stream.isDue(5_000)).toBe(false)
    reader.wish(1, 100)
    expect(stream.isDue(5_001)).toBe(false)
    expect(stream.isDue(5_012)).toBe(true)
  })
})

describe('F5 a reader that waits', () => {
  test('is woken by what is published, and does not wait for what is there', async () => {
    const { writer, reader } = open()
    const waiting = reader.wait(20_000)
    writer.publish(frameOf(1))
    await waiting
    await reader.wait(20_000)
    reader.waitSync(20_000)
    expect(stepsOf(reader.take())).toEqual([1])
    const again = reader.wait(20_000)
    reader.wake()
    await again
  })
})

describe('F17 the memory of a frame that was taken', () => {
  test('stays as it is until the frame is released, whatever is published and taken', () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('publish' as const), width: fc.constantFrom(7, 40) }),
      fc.record({ do: fc.constantFrom('take' as const, 'release' as const) }),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), acts => {
        const { writer, reader } = open()
        const held: TakenFrame[] = []
        for (const [tag, one] of acts.entries()) {
          if (one.do === 'publish') writer.publish(frameOf(tag, one.width), 40)
          else if (one.do === 'take') held.push(...reader.take())
          else for (const frame of held.splice(0, 1)) reader.release(frame)
          for (const { index, width, pixels } of held) {
            expect(pixels).toEqual(frameOf(index, width).pixels)
          }
        }
      }),
    )
  })

  test('is that of the next one when it is released, and none that another has before', () => {
    const { writer, reader } = open()
    const next = (tag: number): TakenFrame => {
      writer.publish(frameOf(tag))
      return reader.take()[0]!
    }
    const [first, second] = [next(1), next(2)]
    expect(second.pixels.buffer).not.toBe(first.pixels.buffer)
    reader.release(first)
    const third = next(3)
    expect(third.pixels.buffer).toBe(first.pixels.buffer)
    expect([second.pixels[0], third.pixels[0]]).toEqual([2, 3])
  })
})

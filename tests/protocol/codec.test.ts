import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RollcastError } from '../../src/base/errors.ts'
import {
  decodeRecord,
  encodeEvent,
  Layouts,
  packValue,
  readRecord,
  recordTag,
  tagKind,
  tagOf,
  tagVersion,
  typeOfKind,
  unpackValue,
} from '../../src/protocol/codec.ts'
import { type Event, eventKinds, type FrameLayout } from '../../src/protocol/events.ts'
import { frameLayout, recordsOf, step, stepLayout } from '../store/records.ts'
import {
  frameEvents,
  generalEvents,
  information,
  layoutOf,
  stepEvents,
  times,
  treacherousNames,
} from './arbitraries.ts'

/** What a reader makes of the record that starts `bytes`. */
const decode = (bytes: Uint8Array, layouts = new Layouts()) =>
  decodeRecord(bytes, readRecord(bytes, 0), layouts)

/** A record of any kind and version with this body. */
function recordOf(kind: number, version: number, body: Uint8Array): Uint8Array {
  return encodeEvent({ type: 'unknown', kind, version, body }, 0)
}

/** The body of a general event: a time and a value. */
const bodyOf = (value: unknown): Uint8Array => Buffer.concat([new Uint8Array(8), packValue(value)])

/** Passes when `act` returns, or throws LOG_CORRUPT; nothing else may come out. */
function onlyCorrupt(act: () => unknown): void {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(RollcastError)
    expect((error as RollcastError).code).toBe('LOG_CORRUPT')
  }
}

// Vitest's toStrictEqual takes a key `constructor` for a type; Node's does not.
describe('a record comes back as it was written', () => {
  for (const [kind, events] of Object.entries(generalEvents)) {
    test(`when it is ${kind}`, () => {
      fc.assert(
        fc.property(events as fc.Arbitrary<Event>, times, (event, time) => {
          const bytes = encodeEvent(event, time)
          const decoded = decode(bytes)
          deepStrictEqual(decoded.event, event)
          // A kind of the future keeps its time in its body.
          if (event.type !== 'unknown') expect(decoded.time).toBe(time)
          expect(bytes.byteLength % 8).toBe(0)
          expect(readRecord(bytes, 0).end).toBe(bytes.byteLength)
        }),
      )
    })
  }

  test('when it is step_taken, -0 and NaN included', () => {
    fc.assert(
      fc.property(stepEvents, times, (event, time) => {
        const layouts = new Layouts([layoutOf(event, 7)])
        const decoded = decode(encodeEvent(event, time, layouts), layouts)
        deepStrictEqual(decoded, { time, event })
      }),
    )
  })

  test('when it is frame_captured', () => {
    fc.assert(
      fc.property(frameEvents, times, (event, time) => {
        const { agent, camera, width, height, format } = event
        const layout: FrameLayout = {
          ...{ kind: 'frame', layout: 3 },
          ...{ agent, camera, width, height, format },
        }
        const layouts = new Layouts([layout])
        const decoded = decode(encodeEvent(event, time, layouts), layouts)
        deepStrictEqual(decoded, { time, event })
      }),
    )
  })

  test('when an agent has several layouts: each step finds the one that it fits', () => {
    const short = step(1, 0) as Extract<Event, { type: 'step_taken' }>
    const { qValues: _, meters: __, ...shorter } = short
    const layouts = new Layouts([stepLayout, layoutOf(shorter, 9)])
    for (const event of [short, shorter]) {
      expect(decode(encodeEvent(event, 5, layouts), layouts).event).toStrictEqual(event)
    }
  })

  test('for any information: nested, binary, dates, big integers, empty lists, undefined', () => {
    fc.assert(
      fc.property(information, value => {
        deepStrictEqual(unpackValue(packValue(value)), value)
      }),
    )
  })

  test('and does not change when the bytes that it was read from do', () => {
    const bytes = packValue({ list: new Uint8Array([1, 2]), buffer: Buffer.from([3, 4]) }).slice()
    const value = unpackValue(bytes) as { list: Uint8Array; buffer: Uint8Array }
    bytes.fill(0)
    expect([...value.list, ...value.buffer]).toEqual([1, 2, 3, 4])
  })

  test('but for -0 in information, which is 0, and keys `__proto__`, which are `__proto_`', () => {
    expect(unpackValue(packValue([-0]))).toStrictEqual([0])
    const hostile: unknown = JSON.parse('{"__proto__": {"polluted": true}}')
    expect(unpackValue(packValue(hostile))).toStrictEqual({ __proto_: { polluted: true } })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('also after a value that cannot be encoded', () => {
    const cycle: Record<string, unknown> = {}
    cycle['itself'] = cycle
    const before = packValue({ a: 1 })
    for (const bad of [cycle, Symbol('x'), { deep: [Symbol('y')] }]) {
      expect(() => packValue(bad)).toThrow()
      expect(unpackValue(packValue({ b: [2] }))).toStrictEqual({ b: [2] })
    }
    expect(unpackValue(before)).toStrictEqual({ a: 1 })
  })
})

describe('names that are also properties of every object', () => {
  test('are agents, metrics and meters like all others', () => {
    for (const name of treacherousNames) {
      const begin: Event = { type: 'episode_began', agent: name, episode: 1 }
      expect(decode(encodeEvent(begin, 0)).event).toStrictEqual(begin)
      const taken: Event = {
        ...(step(1, 0) as Extract<Event, { type: 'step_taken' }>),
        agent: name,
        meters: Object.fromEntries([[name, 0.5]]),
      }
      const layouts = new Layouts([layoutOf(taken, 1)])
      const { event } = decode(encodeEvent(taken, 0, layouts), layouts)
      deepStrictEqual(event, taken)
      const values = Object.fromEntries([[name, 3]])
      const sampled = decode(encodeEvent({ type: 'metrics_sampled', globalStep: 1, values }, 0))
      const seen = sampled.event.type === 'metrics_sampled' ? sampled.event.values : {}
      expect(Object.values(seen)).toEqual([3])
      expect(Object.getPrototypeOf(seen)).toBe(Object.prototype)
    }
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

describe('what the future wrote (B4)', () => {
  const bodies = fc.uint8Array({ minLength: 8, maxLength: 40 })
  const versions = fc.integer({ min: 2, max: 255 })

  test('comes back as unknown with its bytes, and is written as the same bytes', () => {
    const unknownKinds = fc.record({
      kind: fc.integer({ min: 1 + Math.max(...Object.values(eventKinds)), max: 65_535 }),
      version: fc.nat(255),
    })
    const knownKinds = fc.record({
      kind: fc.constantFrom(...Object.values(eventKinds)),
      version: versions,
    })
    fc.assert(
      fc.property(fc.oneof(unknownKinds, knownKinds), bodies, ({ kind, version }, body) => {
        const bytes = recordOf(kind, version, body)
        const { event } = decode(bytes)
        expect(event).toStrictEqual({ type: 'unknown', kind, version, body })
        expect(encodeEvent(event, 0)).toStrictEqual(bytes)
      }),
    )
  })

  test('does not change when the bytes that it was read from do', () => {
    const bytes = recordOf(999, 1, new Uint8Array(16).fill(7))
    const { event } = decode(bytes)
    bytes.fill(0)
    expect(event).toMatchObject({ body: new Uint8Array(16).fill(7) })
  })

  test('keeps the fields that this version does not know, and writes them again', () => {
    const fields = { agent: 'a', episode: 3, mood: { kind: 'new', since: [1, 2] } }
    const bytes = recordOf(eventKinds.episode_began, 1, bodyOf(fields))
    const { event, time } = decode(bytes)
    expect(event).toStrictEqual({ type: 'episode_began', ...fields })
    expect(encodeEvent(event, time)).toStrictEqual(bytes)
  })
})

describe('damage is LOG_CORRUPT and nothing else', () => {
  const tags = fc.record({ kind: fc.nat(20), version: fc.nat(3) })

  test('for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(90), (bytes, offset) => {
        const layouts = new Layouts([stepLayout, frameLayout])
        onlyCorrupt(() => decodeRecord(bytes, readRecord(bytes, offset), layouts))
      }),
      { numRuns: 500 },
    )
  })

  test('for any body under any header', () => {
    fc.assert(
      fc.property(tags, fc.uint8Array({ minLength: 8, maxLength: 120 }), (tag, body) => {
        const layouts = new Layouts([stepLayout, frameLayout])
        onlyCorrupt(() => decode(recordOf(tag.kind, tag.version, body), layouts))
      }),
      { numRuns: 2000 },
    )
  })

  test('for any value where an event was expected, also in what it declares', () => {
    const layout = fc.record(
      {
        kind: fc.constantFrom('step', 'frame', 'other'),
        layout: fc.constant(0),
        position: fc.oneof(fc.integer(), fc.anything()),
        action: fc.oneof(fc.integer(), fc.anything()),
        qValues: fc.oneof(fc.integer(), fc.anything()),
        meters: fc.anything(),
      },
      { requiredKeys: ['kind', 'layout'] },
    )
    fc.assert(
      fc.property(layout, fc.uint8Array({ minLength: 64, maxLength: 128 }), (declared, body) => {
        const layouts = new Layouts()
        body.fill(0, 8, 10)
        onlyCorrupt(() =>
          decode(recordOf(eventKinds.layout_declared, 1, bodyOf(declared)), layouts),
        )
        onlyCorrupt(() => decode(recordOf(eventKinds.step_taken, 1, body), layouts))
        onlyCorrupt(() => decode(recordOf(eventKinds.frame_captured, 1, body), layouts))
      }),
      { numRuns: 1000 },
    )
    for (const value of [null, undefined, 5, 'text']) {
      const bytes = recordOf(eventKinds.run_ended, 1, bodyOf(value))
      expect(() => decode(bytes)).toThrow(RollcastError)
    }
  })

  test('for a record with one flipped byte, or cut anywhere', () => {
    const whole = recordsOf([step(1, 0)])
    const layouts = (): Layouts => new Layouts([stepLayout, frameLayout])
    for (let at = 0; at < whole.byteLength; at++) {
      expect(() => readRecord(whole.subarray(0, at), 0)).toThrow(RollcastError)
      for (const bit of [1, 0x80]) {
        const bytes = whole.slice()
        bytes[at] = bytes[at]! ^ bit
        onlyCorrupt(() => decode(bytes, layouts()))
      }
    }
  })

  test('for a length that 32 bits hold and the bytes do not', () => {
    const bytes = new Uint8Array(64)
    const view = new DataView(bytes.buffer)
    const lengths = [0, 7, 57, 0x7fff_ffff, 0x8000_0000, 0x8000_0008, 0xffff_fff9, 0xffff_ffff]
    for (const length of lengths) {
      view.setUint32(0, length, true)
      expect(() => readRecord(bytes, 0), `${length}`).toThrow('claims a body')
    }
    view.setUint32(0, 56, true)
    expect(readRecord(bytes, 0)).toMatchObject({ bodyOffset: 8, bodyLength: 56, end: 64 })
  })

  test('for information that goes on beyond the end of its step, into the next record', () => {
    const informed = { ...(step(1, 0) as Extract<Event, { type: 'step_taken' }>), info: [1] }
    const bytes = recordsOf([informed, step(1, 1)])
    const layouts = new Layouts([stepLayout])
    expect(decode(bytes, layouts).event).toStrictEqual(informed)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    view.setUint32(8 + 20, view.getUint32(8 + 20, true) + 8, true)
    expect(() => decode(bytes, layouts)).toThrow('is too short for its step_taken event')
  })

  test('for a step or frame that names a layout which nothing declared, or the other sort', () => {
    const taken = recordsOf([step(1, 0)])
    expect(() => decode(taken)).toThrow('a step names layout 1, which nothing declared')
    const confused = new Layouts([{ ...frameLayout, layout: 1 }])
    expect(() => decode(taken, confused)).toThrow('a step names layout 1')
  })
})

describe('the header of a record', () => {
  test('holds kind and version of every event, each kind with a number of its own', () => {
    const kinds = Object.entries(eventKinds)
    expect(new Set(Object.values(eventKinds)).size).toBe(kinds.length)
    for (const [type, kind] of kinds) {
      const tag = tagOf(type as keyof typeof eventKinds)
      expect([tagKind(tag), tagVersion(tag), typeOfKind(kind)]).toEqual([kind, 1, type])
    }
    expect(typeOfKind(1 + Math.max(...kinds.map(([, kind]) => kind)))).toBeUndefined()
    const largest = recordTag(0xffff, 255)
    expect([tagKind(largest), tagVersion(largest)]).toEqual([0xffff, 255])
  })

  test('keeps the numbers that the format gave to the kinds', () => {
    expect(eventKinds).toEqual({
      run_started: 1,
      recovered: 2,
      run_ended: 3,
      layout_declared: 4,
      episode_began: 5,
      step_taken: 6,
      frame_captured: 7,
      metrics_sampled: 8,
      insight_given: 9,
      episode_ended: 10,
      milestone_reached: 11,
      frames_counted: 12,
      actor_changed: 13,
      gap_found: 14,
      input_refused: 15,
      trainer_cost_measured: 16,
      event_quarantined: 17,
      salvaged: 18,
      video_committed: 19,
      video_failed: 20,
      episode_released: 21,
      episode_saved: 22,
      episode_refused: 23,
    })
  })

  test('is followed by a body, little-endian and padded with zeros to 8 bytes', () => {
    const bytes = encodeEvent({ type: 'run_ended', reason: 'exit' }, 1)
    expect(Buffer.from(bytes).toString('hex')).toBe(
      // length 21, kind 3, version 1; time 1.0; {reason: 'exit'}
      '15000000' + '03000100' + '000000000000f03f' + '81a6726561736f6ea465786974' + '000000',
    )
  })
})

describe('layouts', () => {
  test('are learnt from their declarations, on the way of decoding', () => {
    const layouts = new Layouts()
    const declared = encodeEvent({ type: 'layout_declared', ...stepLayout }, 0)
    decode(declared, layouts)
    expect(layouts.get(stepLayout.layout)).toMatchObject(stepLayout)
    const event = step(4, 2)
    expect(decode(recordsOf([event]), layouts).event).toStrictEqual(event)
  })

  test('must be there to encode a step or a frame: else it is a programmer`s mistake', () => {
    expect(() => encodeEvent(step(1, 0), 0)).toThrow('no step layout was declared')
    const other = new Layouts([{ ...stepLayout, qValues: 9 }])
    expect(() => encodeEvent(step(1, 0), 0, other)).toThrow('no step layout was declared')
  })
})

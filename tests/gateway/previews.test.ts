// V11 at the hub: frames as pictures, made elsewhere. The maker of pictures is the test.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { Hub } from '../../src/gateway/hub.ts'
import type { StillOrder } from '../../src/protocol/thread-messages.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import * as staged from './stage.ts'

const SMALL = 30_000
const LARGE = 300_000

const frameOf = (step: number, bytes: number, agent?: string) => ({
  ...staged.frameOf(step, bytes, agent),
  width: 100,
  height: bytes / 300,
})

interface Order extends Omit<StillOrder, 'id' | 'kind'> {
  /** Makes the picture; its bytes end with the step of the frame. */
  make(): Promise<void>
  fail(error: Error): Promise<void>
}

let clock: SimulatedClock
let orders: Order[]
let hub: Hub

beforeEach(() => openHub())

function openHub(): void {
  clock = new SimulatedClock()
  orders = []
  const makeStill = (order: Omit<StillOrder, 'id' | 'kind'>): Promise<Uint8Array> => {
    const made = Promise.withResolvers<Uint8Array>()
    orders.push({
      ...order,
      make: () => {
        const beginning = order.as === 'jpeg' ? [0xff, 0xd8] : Buffer.from('RIFF....WEBP')
        made.resolve(Uint8Array.of(...beginning, order.pixels[0]!))
        return settle()
      },
      fail: error => {
        made.reject(error)
        return settle()
      },
    })
    return made.promise
  }
  hub = new Hub({ clock, stage: new staged.TestStage(), history: staged.noHistory, makeStill })
}

function connect(hello: Record<string, unknown> = {}): FakeViewerSocket {
  const socket = new FakeViewerSocket()
  hub.attach(socket)
  socket.say({ type: 'hello', v: 1, max_fps: 240, ...hello })
  return socket
}

/** Shows a frame, late enough that no viewer's rate holds it back. */
async function show(step: number, bytes = LARGE): Promise<void> {
  clock.advance(10)
  hub.showFrame(frameOf(step, bytes))
  await settle()
}

const shownTo = (viewer: FakeViewerSocket): [format: string, step: number][] =>
  viewer.frames.map(({ format, step }) => [format, step])

describe('V11 the encoding of frames', () => {
  test('is chosen by size, or by the viewer, who may choose anew', async () => {
    const viewer = connect()
    await show(1, SMALL)
    expect(orders).toHaveLength(0)
    await show(2)
    expect(orders[0]).toMatchObject({
      as: 'jpeg',
      quality: 75,
      width: 100,
      height: 1000,
      format: 'rgb8',
    })
    await orders[0]?.make()
    viewer.say({ type: 'set', encoding: 'raw' })
    await show(3)
    viewer.say({ type: 'set', encoding: 'jpeg', quality: 30 })
    await show(4, SMALL)
    await orders[1]?.make()
    expect(shownTo(viewer)).toEqual([
      ['rgb8', 1],
      ['jpeg', 2],
      ['rgb8', 3],
      ['jpeg', 4],
    ])
    expect(orders[1]).toMatchObject({ quality: 50 })
    expect(viewer.frames[3]?.pixels.at(-1)).toBe(4)
    expect(viewer.frames[3]).toMatchObject({ captureTime: 1004, width: 100, height: 100 })
  })

  test('is made once for each kind and quality, however many want it', async () => {
    const viewers = [
      ...Array.from({ length: 10 }, () => connect({ encoding: 'jpeg', quality: 70 })),
      ...Array.from({ length: 10 }, () => connect({ encoding: 'jpeg', quality: 75 })),
      ...Array.from({ length: 5 }, () => connect({ encoding: 'jpeg', quality: 20 })),
      connect({ encoding: 'raw' }),
    ]
    await show(1)
    expect(orders.map(({ as, quality }) => [as, quality])).toEqual([
      ['jpeg', 75],
      ['jpeg', 25],
    ])
    for (const order of orders) await order.make()
    expect(viewers.map(({ frames }) => frames.length)).toEqual(viewers.map(() => 1))
    expect(hub.previews.counters).toMatchObject({ encoded: 2, encodedBytes: 6 })
  })
})

describe('V11 without a viewer that wants it', () => {
  test('nothing is encoded: none, one that has left, and one that wants pixels', async () => {
    await show(1)
    connect({ encoding: 'raw' })
    connect({ delivery: 'whole' })
    const left = connect()
    left.terminate()
    await show(2)
    expect(orders).toHaveLength(0)
    expect(hub.previews.counters).toEqual({ encoded: 0, encodedBytes: 0, replaced: 0, failed: 0 })
  })

  test('F17 a frame is let go of at once, unless somebody else waits for it', async () => {
    let released = 0
    const showAnother = async (): Promise<void> => {
      clock.advance(10)
      hub.showFrame(frameOf(1, LARGE), () => released++)
      await settle()
    }
    await showAnother()
    connect({ encoding: 'raw' })
    await showAnother()
    expect(released).toBe(2)
    connect()
    await showAnother()
    expect(released).toBe(2)
    await orders[0]?.make()
    expect(released).toBe(3)
  })

  test('a frame that waits is not made once nobody waits for it any more', async () => {
    const [first, second] = [connect(), connect()]
    await show(1)
    second.terminate()
    first.terminate()
    await show(2)
    await orders[0]?.make()
    expect(orders).toHaveLength(1)
  })
})

describe('V11 newest first', () => {
  test('a frame that waits for the encoder gives way to the next, and is counted', async () => {
    const early = connect()
    await show(1)
    const late = connect()
    await show(2)
    await show(3)
    expect(orders).toHaveLength(1)
    const { dropped } = hub.counters
    await show(4)
    expect(hub.counters.dropped).toBeGreaterThan(dropped)
    await orders[0]?.make()
    await orders[1]?.make()
    expect(shownTo(early)).toEqual([
      ['jpeg', 1],
      ['jpeg', 4],
    ])
    // Whoever waited for the second frame got a newer one in its place.
    expect(shownTo(late).at(-1)).toEqual(['jpeg', 4])
  })

  test('while a viewer reads nothing no picture is made for it, and then the newest', async () => {
    const viewer = connect({ encoding: 'raw' })
    viewer.reading = false
    await show(1)
    viewer.say({ type: 'set', encoding: 'jpeg' })
    for (let step = 2; step < 20; step++) await show(step)
    expect(orders).toHaveLength(0)
    viewer.reading = true
    viewer.drain()
    await settle()
    expect(orders).toHaveLength(1)
    await orders[0]?.make()
    expect(shownTo(viewer)).toEqual([
      ['rgb8', 1],
      ['jpeg', 19],
    ])
  })

  test('a picture that comes after the viewer went over to another agent is not sent', async () => {
    const viewer = connect({ agent: 'agent-0' })
    await show(1)
    viewer.say({ type: 'set', agent: 'agent-1' })
    await orders[0]?.make()
    expect(viewer.frames).toHaveLength(0)
    hub.showFrame(frameOf(2, LARGE, 'agent-1'))
    await settle()
    await orders[1]?.make()
    expect(shownTo(viewer)).toEqual([['jpeg', 2]])
  })
})

describe('V11 where no picture can be made', () => {
  const missing = new RollcastError('UNAVAILABLE', 'video needs FFmpeg')

  test('frames come as pixels, the viewer is told why, once, and later it is tried again', async () => {
    const viewer = connect()
    await show(1)
    await orders[0]?.fail(missing)
    for (let step = 2; step < 10; step++) await show(step)
    expect(orders).toHaveLength(1)
    expect(shownTo(viewer)).toEqual(Array.from({ length: 9 }, (_, i) => ['rgb8', i + 1]))
    expect(viewer.of('error')).toMatchObject([
      { request: null, code: 'UNAVAILABLE', message: expect.stringContaining('needs FFmpeg') },
    ])
    for (let second = 0; second < 60; second++) {
      clock.advance(1000)
      viewer.emit('pong')
    }
    await show(10)
    await orders[1]?.make()
    expect(shownTo(viewer).at(-1)).toEqual(['jpeg', 10])
    expect(hub.previews.counters).toMatchObject({ encoded: 1, failed: 1 })
  })

  test('a viewer of a server that makes none is told so if it asked for them', async () => {
    hub = new Hub({ clock, stage: new staged.TestStage(), history: staged.noHistory })
    const [asks, leaves] = [connect({ encoding: 'webp' }), connect()]
    await show(1)
    expect([shownTo(asks), shownTo(leaves)]).toEqual([[['rgb8', 1]], [['rgb8', 1]]])
    expect([asks.of('error').length, leaves.of('error').length]).toEqual([1, 0])
  })
})

test('V11 F17 whatever happens, frames go forward, the newest arrives, and each as it was', async () => {
  const viewer = fc.nat(2)
  const encoding = fc.constantFrom('auto', 'raw', 'jpeg', 'webp')
  const act = fc.oneof(
    fc.record({ kind: fc.constant('show' as const), bytes: fc.constantFrom(SMALL, LARGE) }),
    fc.record({ kind: fc.constant('wait' as const), millis: fc.nat(40) }),
    fc.record({ kind: fc.constant('make' as const), isLate: fc.boolean(), fails: fc.nat(9) }),
    fc.record({ kind: fc.constant('read' as const), viewer, reading: fc.boolean() }),
    fc.record({ kind: fc.constant('set' as const), viewer, encoding, quality: fc.nat(3) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 80 }), async acts => {
      openHub()
      const viewers = [connect({ max_fps: 30 }), connect({ max_fps: 100 }), connect()]
      let shown = 0
      let released = 0
      const showNext = (bytes: number): void => {
        const frame = frameOf(++shown, bytes)
        hub.showFrame(frame, () => {
          released++
          frame.pixels.fill(255)
        })
      }
      const done = new Set<Order>()
      const makeOne = async (isLate: boolean, fails: boolean): Promise<boolean> => {
        const open = orders.filter(order => !done.has(order))
        const order = isLate ? open.at(-1) : open[0]
        if (order === undefined) return false
        done.add(order)
        await (fails ? order.fail(new Error('planted')) : order.make())
        return true
      }
      const read = async (socket: FakeViewerSocket, reading: boolean): Promise<void> => {
        socket.reading = reading
        if (reading) socket.drain()
        await settle()
      }
      for (const one of acts) {
        if (one.kind === 'show') showNext(one.bytes)
        else if (one.kind === 'wait') clock.advance(one.millis)
        else if (one.kind === 'make') await makeOne(one.isLate, one.fails === 0)
        else if (one.kind === 'read') await read(viewers[one.viewer]!, one.reading)
        else {
          const quality = 1 + one.quality * 33
          viewers[one.viewer]!.say({ type: 'set', encoding: one.encoding, quality })
        }
        await settle()
      }
      for (const socket of viewers) await read(socket, true)
      showNext(LARGE)
      for (let turn = 0; turn < 20; turn++) {
        clock.advance(20)
        await settle()
        while (await makeOne(false, false)) {}
      }
      for (const { frames } of viewers) {
        const steps = frames.map(({ step }) => step)
        expect(steps).toEqual([...new Set(steps)].toSorted((a, b) => a - b))
        expect(steps.at(-1)).toBe(shown)
        // A picture of these tests ends with what its pixels begin with.
        for (const { step, pixels } of frames) expect(pixels.at(-1)).toBe(step)
      }
      expect(released).toBe(shown)
    }),
    { numRuns: 150 },
  )
})

test('a source of the viewer`s own pace is not held back by it, though it is no clock', async () => {
  const viewer = connect({ max_fps: 60, encoding: 'raw' })
  let at = 0
  for (let step = 0; step < 120; step++) {
    // Up to 3 ms early or late, and never waiting for a timer.
    const due = (step * 1000) / 60 + ((step * 7919) % 7) - 3
    clock.advance(Math.max(0, due - at))
    at = Math.max(at, due)
    hub.showFrame(frameOf(step, 300))
    await settle()
    expect(viewer.frames.at(-1)?.step).toBe(step)
  }
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { FrameMessage } from '../../src/protocol/frame-message.ts'
import { FrameDrawer } from '../../web/frame-drawer.ts'
import { frame } from './messages.ts'

let drawn: number[]
let failed: number[]
let decoding: { step: number; end(): void; fail(): void }[]
let tick: () => void
let drawer: FrameDrawer<number, FrameMessage>

const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

beforeEach(() => {
  drawn = []
  failed = []
  decoding = []
  tick = () => {}
  drawer = new FrameDrawer<number, FrameMessage>({
    decode({ step }) {
      const picture = Promise.withResolvers<number>()
      const fail = (): void => picture.reject(new Error('no picture'))
      decoding.push({ step, end: () => picture.resolve(step), fail })
      return picture.promise
    },
    draw({ step }, picture) {
      if (picture !== null) expect(picture).toBe(step)
      drawn.push(step)
    },
    nextTick: () =>
      new Promise(resolve => {
        tick = () => resolve(undefined)
      }),
    onDrawn: () => {},
    onFailed: ({ step }) => failed.push(step),
  })
})

async function show(step: number, format: FrameMessage['format'] = 'gray8'): Promise<void> {
  drawer.show(frame({ step, format }))
  await settle()
}

async function display(): Promise<void> {
  tick()
  await settle()
}

describe('frames are drawn', () => {
  test('F14 at once, and after two of them at the tick of the display, the newest', async () => {
    for (const step of [1, 2]) await show(step)
    expect(drawn).toEqual([1, 2])
    for (const step of [3, 4, 5]) await show(step)
    expect(drawn).toEqual([1, 2])
    await display()
    expect(drawn).toEqual([1, 2, 5])
    await display()
    expect(drawn).toEqual([1, 2, 5])
    await show(6)
    expect(drawn).toEqual([1, 2, 5, 6])
  })

  test('F15 one that is late keeps no later one waiting', async () => {
    await show(1)
    await display()
    await display()
    // Two come between the same two ticks, and from then on one just before each tick.
    for (const step of [2, 3]) await show(step)
    for (const step of [4, 5, 6]) {
      await display()
      await show(step)
      expect(drawn.at(-1)).toBe(step)
    }
  })

  test('V11 when they are decoded; what comes meanwhile gives way to the newest', async () => {
    await show(1, 'jpeg')
    for (const step of [2, 3]) await show(step, 'webp')
    expect(decoding.map(({ step }) => step)).toEqual([1])
    decoding[0]?.end()
    await settle()
    expect(drawn).toEqual([1])
    expect(decoding.map(({ step }) => step)).toEqual([1, 3])
    decoding[1]?.end()
    await settle()
    expect(drawn).toEqual([1, 3])
    await show(4, 'jpeg')
    decoding[2]?.end()
    await settle()
    expect(drawn).toEqual([1, 3])
    await display()
    expect(drawn).toEqual([1, 3, 4])
  })

  test('but for those that cannot be, and the next one is', async () => {
    await show(1, 'jpeg')
    await show(2)
    decoding[0]?.fail()
    await settle()
    expect([drawn, failed]).toEqual([[2], [1]])
  })

  test('in their order when pixels and pictures follow each other', async () => {
    await show(1)
    await show(2)
    await show(3, 'jpeg')
    await display()
    decoding[0]?.end()
    await settle()
    await display()
    expect(drawn).toEqual([1, 2, 3])
  })
})

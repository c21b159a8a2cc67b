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
  test('F14 at once, and after that one a tick of the display, the newest', async () => {
    await show(1)
    expect(drawn).toEqual([1])
    for (const step of [2, 3, 4]) await show(step)
    expect(drawn).toEqual([1])
    await display()
    expect(drawn).toEqual([1, 4])
    await display()
    expect(drawn).toEqual([1, 4])
    await show(5)
    expect(drawn).toEqual([1, 4, 5])
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
    expect(drawn).toEqual([1])
    await display()
    expect(drawn).toEqual([1, 3])
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

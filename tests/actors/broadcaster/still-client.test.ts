// Orders for pictures, as they leave the broadcaster's thread.
import { expect, test } from 'vitest'
import { StillClient } from '../../../src/actors/broadcaster/still-client.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { StillOrder } from '../../../src/protocol/thread-messages.ts'

const shape = { width: 2, height: 1, format: 'gray8', as: 'jpeg', quality: 75 } as const

function open() {
  const clock = new SimulatedClock()
  const orders: StillOrder[] = []
  const told: string[] = []
  const client = new StillClient({
    clock,
    send(order) {
      orders.push(order)
      return true
    },
    tellWanted: wanted => told.push(wanted ? 'wanted' : 'unwanted'),
    letGo: () => told.push('let go'),
  })
  const make = (): Promise<unknown> =>
    client.make({ ...shape, pixels: new Uint8Array(2) }).catch(error => error)
  const answer = (): void => {
    for (const { id } of orders.splice(0))
      client.take({ id, kind: 'still', bytes: new Uint8Array() })
  }
  return { clock, client, orders, told, make, answer }
}

test('F17 pixels that threads share go as they are, others as a copy that can be moved', async () => {
  const { client, orders } = open()
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7)
  const own = new Uint8Array([8, 8])
  const made = [shared, own].map(pixels => client.make({ ...shape, pixels }))
  expect(orders[0]?.pixels.buffer).toBe(shared.buffer)
  expect(orders[1]?.pixels.buffer).not.toBe(own.buffer)
  expect(orders.map(({ pixels }) => [...pixels])).toEqual([
    [7, 7],
    [8, 8],
  ])
  for (const { id } of orders) client.take({ id, kind: 'still', bytes: new Uint8Array([id]) })
  expect(await Promise.all(made)).toEqual([new Uint8Array([1]), new Uint8Array([2])])
})

test('V11 the thread is wanted with the first order, and let go of 30 s after the last', async () => {
  const { clock, told, make, answer } = open()
  for (let order = 0; order < 20; order++) {
    void make()
    answer()
    clock.advance(999)
  }
  expect(told).toEqual(['wanted'])
  clock.advance(29_000)
  expect(told).toEqual(['wanted'])
  clock.advance(1)
  expect(told).toEqual(['wanted', 'let go', 'unwanted'])
  clock.advance(60_000)
  void make()
  expect(told).toEqual(['wanted', 'let go', 'unwanted', 'wanted'])
})

test('V11 while no picture comes the thread is asked for again, once a second', async () => {
  const { clock, told, make, answer } = open()
  const problem = make()
  for (let order = 0; order < 5; order++) {
    clock.advance(600)
    void make()
  }
  expect(told).toEqual(['wanted', 'wanted', 'wanted'])
  clock.advance(2_000)
  expect(await problem).toMatchObject({ code: 'TIMEOUT' })
  void make()
  answer()
  void make()
  expect(told).toEqual(['wanted', 'wanted', 'wanted', 'wanted'])
})

// Orders for pictures, as they leave the broadcaster's thread.
import { expect, test } from 'vitest'
import { StillClient } from '../../../src/actors/broadcaster/still-client.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import type { StillOrder } from '../../../src/protocol/thread-messages.ts'

const shape = { width: 2, height: 1, format: 'gray8', as: 'jpeg', quality: 75 } as const

function open() {
  const orders: StillOrder[] = []
  const client = new StillClient(new SimulatedClock(), order => {
    orders.push(order)
    return true
  })
  return { client, orders }
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

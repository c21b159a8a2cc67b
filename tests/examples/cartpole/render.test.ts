// The picture: every pixel is written, it holds whatever a cart-pole can be, and what changes is seen.
import { describe, expect, test } from 'vitest'
import { angleLimit, CartPole, maxSteps } from '../../../examples/cartpole/cart-pole.ts'
import {
  frameBytes,
  frameHeight,
  frameWidth,
  renderFrame,
} from '../../../examples/cartpole/render.ts'
import { crc32 } from '../../../src/base/checksum.ts'
import { seededRandom } from '../../../src/base/random.ts'

function cartAt(position: number, angle: number): CartPole {
  const cart = new CartPole()
  cart.reset(seededRandom(1))
  cart.state.set([position, 0, angle, 0])
  return cart
}

function frameOf(cart: CartPole): Uint8Array {
  const out = new Uint8Array(frameBytes)
  renderFrame(cart, out)
  return out
}

const checksum = (cart: CartPole): number => crc32(frameOf(cart))

describe('the renderer', () => {
  test('writes every byte, whatever was there', () => {
    expect(frameBytes).toBe(frameWidth * frameHeight * 3)
    const dirty = new Uint8Array(frameBytes).fill(171)
    renderFrame(cartAt(1, 0.1), dirty)
    expect(dirty).toEqual(frameOf(cartAt(1, 0.1)))
  })

  test('stays inside the frame at both ends of the track, at every angle', () => {
    const sky = frameOf(cartAt(0, 0))
    for (const angle of [-0.25, -angleLimit, 0, angleLimit, 0.25]) {
      for (const side of [-1, 1]) {
        const frame = frameOf(cartAt(side * 2.5, angle))
        expect(frame).toEqual(frameOf(cartAt(side * 99, angle)))
        // What left the picture at one edge would come back at the other.
        const across = side === 1 ? 0 : frameWidth - 20
        for (let y = 0; y < 40; y++) {
          const from = (y * frameWidth + across) * 3
          expect(frame.subarray(from, from + 60)).toEqual(sky.subarray(from, from + 60))
        }
      }
    }
  })

  test('shows the position, the angle, the push and the time', () => {
    const frames = new Set<number>()
    for (const position of [-1, 0, 1]) {
      for (const angle of [-0.1, 0, 0.1]) frames.add(checksum(cartAt(position, angle)))
    }
    for (const action of [0, 1]) {
      const pushed = cartAt(0, 0)
      pushed.lastAction = action
      frames.add(checksum(pushed))
    }
    for (const steps of [50, maxSteps]) {
      const older = cartAt(0, 0)
      older.steps = steps
      frames.add(checksum(older))
    }
    expect(frames.size).toBe(9 + 2 + 2)
  })

  test('refuses a buffer of another size', () => {
    expect(() => renderFrame(cartAt(0, 0), new Uint8Array(10))).toThrow('24576 bytes')
  })

  test('draws the picture that it always drew', () => {
    const cart = cartAt(0.7, -0.12)
    cart.lastAction = 1
    cart.steps = 123
    expect(checksum(cart)).toMatchInlineSnapshot(`1834346764`)
  })
})

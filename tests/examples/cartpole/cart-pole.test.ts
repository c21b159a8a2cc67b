// The physics against transitions worked out by hand and by an independent evaluation of the equations
// in Gymnasium's cartpole.py, and the rules of CartPole-v1.
import { describe, expect, test } from 'vitest'
import {
  angleLimit,
  CartPole,
  maxSteps,
  positionLimit,
} from '../../../examples/cartpole/cart-pole.ts'
import { seededRandom } from '../../../src/base/random.ts'

type State = readonly [position: number, velocity: number, angle: number, angularVelocity: number]

function cartIn(state: State): CartPole {
  const cart = new CartPole()
  cart.reset(seededRandom(1))
  cart.state.set(state)
  return cart
}

function expectState(cart: CartPole, expected: State): void {
  expected.forEach((value, i) => {
    expect(cart.state[i]).toBeCloseTo(value, 13)
  })
}

describe('CartPole-v1', () => {
  test('moves from rest as worked out by hand', () => {
    // Upright and at rest the push alone counts. With F/M = 10/1.1 = 100/11:
    // angular acceleration -(100/11) / (0.5 * (4/3 - 1/11)) = -600/41 rad/s^2,
    // acceleration 100/11 + 0.05 * (600/41) / 1.1 = 400/41 m/s^2, both for 0.02 s.
    const right = cartIn([0, 0, 0, 0])
    expect(right.step(1)).toEqual({ reward: 1, terminated: false, truncated: false })
    expectState(right, [0, 8 / 41, 0, -12 / 41])
    const left = cartIn([0, 0, 0, 0])
    left.step(0)
    expectState(left, [0, -8 / 41, 0, 12 / 41])
  })

  test('moves a leaning, turning pole as the equations say', () => {
    const first = cartIn([1.2, -0.7, 0.15, 0.9])
    first.step(0)
    expectState(first, [1.186, -0.8968013752371168, 0.168, 1.2358220728459874])
    const second = cartIn([-2.3, -1.5, -0.2, 2])
    second.step(1)
    expectState(second, [-2.33, -1.3034286298327125, -0.16, 1.652611671654126])
  })

  test('integrates step after step', () => {
    const cart = cartIn([0.01, -0.02, 0.03, -0.04])
    for (let step = 0; step < 10; step++) cart.step(step % 3 === 0 ? 0 : 1)
    expectState(
      cart,
      [0.040750507185484945, 0.3671320663948744, -0.022496992683420168, -0.5567838830080368],
    )
    expect(cart.steps).toBe(10)
  })

  test('terminates beyond 12 degrees and beyond 2.4 m, with the reward of any other step', () => {
    expect(angleLimit).toBeCloseTo(0.20943951023931953, 15)
    expect(positionLimit).toBe(2.4)
    const ended = { reward: 1, terminated: true, truncated: false }
    for (const side of [-1, 1]) {
      // With this velocity the next position or angle is just within the limit, or just beyond.
      const fallen = cartIn([0, 0, side * (angleLimit - 0.001), side * 0.0501])
      expect(fallen.step(0)).toEqual(ended)
      expect(fallen.failure).toBe('pole fell')
      const leaning = cartIn([0, 0, side * (angleLimit - 0.001), side * 0.0499])
      expect(leaning.step(0)).toMatchObject({ terminated: false })
      const gone = cartIn([side * 2.399, side * 0.0501, 0, 0])
      expect(gone.step(1)).toEqual(ended)
      expect(gone.failure).toBe('left the track')
      const near = cartIn([side * 2.399, side * 0.0499, 0, 0])
      expect(near.step(1)).toMatchObject({ terminated: false })
      expect(near.failure).toBeUndefined()
    }
  })

  test('truncates after 500 steps, which is no failure', () => {
    const cart = cartIn([0, 0, 0, 0])
    expect(maxSteps).toBe(500)
    for (let step = 1; step <= maxSteps; step++) {
      const result = cart.step(step % 2)
      cart.state.fill(0)
      expect(result).toEqual({ reward: 1, terminated: false, truncated: step === maxSteps })
    }
    expect(cart.failure).toBeUndefined()
    expect(() => cart.step(0)).toThrow('reset the cart')
  })

  test('a failure in the last step is both', () => {
    const cart = cartIn([0, 0, 0, 0])
    cart.steps = maxSteps - 1
    cart.state[2] = 1
    expect(cart.step(0)).toEqual({ reward: 1, terminated: true, truncated: true })
  })

  test('begins near the middle, by the seed alone', () => {
    const lowest = [0, 0, 0, 0]
    const highest = [0, 0, 0, 0]
    const cart = new CartPole()
    for (let seed = 0; seed < 500; seed++) {
      cart.reset(seededRandom(seed))
      cart.state.forEach((value, i) => {
        lowest[i] = Math.min(lowest[i]!, value)
        highest[i] = Math.max(highest[i]!, value)
      })
    }
    for (const i of [0, 1, 2, 3]) {
      expect(lowest[i]).toBeGreaterThanOrEqual(-0.05)
      expect(lowest[i]).toBeLessThan(-0.048)
      expect(highest[i]).toBeLessThanOrEqual(0.05)
      expect(highest[i]).toBeGreaterThan(0.048)
    }
    const other = new CartPole()
    other.reset(seededRandom(499))
    expect(other.state).toEqual(cart.state)
    expect(cart).toMatchObject({ steps: 0, lastAction: undefined })
  })

  test('refuses other actions, and a step before the first reset', () => {
    expect(() => cartIn([0, 0, 0, 0]).step(2)).toThrow('action must be 0 or 1, got 2')
    expect(() => new CartPole().step(0)).toThrow('reset the cart')
  })
})

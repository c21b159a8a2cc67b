// The picture: every pixel is written, and what changes in the world changes in the picture.
import { describe, expect, test } from 'vitest'
import {
  frameBytes,
  frameHeight,
  frameWidth,
  renderFrame,
} from '../../../examples/gridworld/render.ts'
import { actions, World } from '../../../examples/gridworld/world.ts'
import { crc32 } from '../../../src/base/checksum.ts'
import { seededRandom } from '../../../src/base/random.ts'

function worldIn(stage: number): World {
  const world = new World()
  world.reset(seededRandom(11), stage)
  world.meters.fill(0.8, 0, world.activeMeters)
  world.position[0] = 4
  world.position[1] = 5
  return world
}

function frameOf(world: World): Uint8Array {
  const out = new Uint8Array(frameBytes)
  renderFrame(world, out)
  return out
}

const checksum = (world: World): number => crc32(frameOf(world))

describe('the renderer', () => {
  test('writes every byte, whatever was there', () => {
    expect(frameBytes).toBe(frameWidth * frameHeight * 3)
    for (let stage = 1; stage <= 5; stage++) {
      const world = worldIn(stage)
      const dirty = new Uint8Array(frameBytes).fill(171)
      renderFrame(world, dirty)
      expect(dirty).toEqual(frameOf(world))
    }
  })

  test('stays inside the frame at every cell, in every mood', () => {
    const world = worldIn(4)
    const out = new Uint8Array(frameBytes)
    const seen = new Set<number>()
    for (const level of [0.9, 0.4, 0.1]) {
      world.meters[6] = level
      for (let cell = 0; cell < 64; cell++) {
        world.position[0] = cell % 8
        world.position[1] = cell >> 3
        renderFrame(world, out)
        seen.add(crc32(out))
      }
    }
    expect(seen.size).toBe(3 * 64)
  })

  test('shows the stage, each meter, a use and a death', () => {
    const frames = new Set<number>()
    for (let stage = 1; stage <= 5; stage++) frames.add(checksum(worldIn(stage)))
    for (let meter = 0; meter < 8; meter++) {
      const world = worldIn(5)
      world.meters[meter] = 0.6
      frames.add(checksum(world))
    }
    const user = worldIn(5)
    user.usedPlace = 'cafe'
    frames.add(checksum(user))
    const dead = worldIn(5)
    dead.meters[3] = 0
    dead.step(actions.wait)
    frames.add(checksum(dead))
    expect(frames.size).toBe(5 + 8 + 1 + 1)
  })

  test('refuses a buffer of another size', () => {
    expect(() => renderFrame(worldIn(1), new Uint8Array(10))).toThrow('27648 bytes')
  })

  test('draws the picture that it always drew', () => {
    const world = worldIn(3)
    world.meters.set([0.9, 0.7, 0.4, 0.8, 0.15, 0.5])
    expect(checksum(world)).toMatchInlineSnapshot(`2575122127`)
  })
})

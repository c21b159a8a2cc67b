// What a camera sees while it moves: a paved floor that passes by, balls that roll over it, and the
// grain of a sensor; nothing that an encoder finds easier or harder than a real picture. Each frame
// carries its number in blocks that survive encoding, so that it is known again in any video.
import { assert } from '../src/base/assert.ts'
import { seededRandom } from '../src/base/random.ts'
import type { PictureShape } from '../src/media/picture.ts'

export const SCENE = { width: 640, height: 480, format: 'rgb8' } as const satisfies PictureShape
export const SCENE_BYTES = SCENE.width * SCENE.height * 3

const SEED = 7
/** Pixels by which the floor moves from one picture to the next. */
const PAN = [3, 1] as const
const STONE = 40
const BALLS = 5
/** The sensor adds up to half of this, and takes away as much. */
const GRAIN = 8
const NUMBER_BITS = 16
const BLOCK = 16
/** The blocks stand in the lower left corner. */
const BLOCK_TOP = SCENE.height - BLOCK

/** Pictures of the scene, played forth and back for ever. */
export class Scene {
  readonly #reel: readonly Uint8Array[]

  /** Draws `pictures` of them, at least 2; each takes 0.9 MB. */
  constructor(pictures: number) {
    assert(pictures >= 2, 'a scene that moves has two pictures')
    const stones = seededRandom(SEED)
    const colours = Uint8Array.from({ length: 3 * 1024 }, () => 60 + stones.below(130))
    const random = seededRandom(SEED + 1)
    const grain = Uint8Array.from({ length: SCENE_BYTES + 4096 }, () => random.below(GRAIN))
    this.#reel = Array.from({ length: pictures }, (_, time) => {
      const pixels = new Uint8Array(SCENE_BYTES)
      drawFloor(pixels, colours, time)
      for (let ball = 0; ball < BALLS; ball++) drawBall(pixels, ball, time)
      const offset = random.below(4096)
      for (let at = 0; at < SCENE_BYTES; at++) {
        pixels[at] = pixels[at]! + grain[at + offset]! - GRAIN / 2
      }
      return pixels
    })
  }

  /** Frame `number` (0 to 65535), in memory that is used again: valid until the reel comes round. */
  frame(number: number): Uint8Array {
    const last = this.#reel.length - 1
    const at = number % (2 * last)
    const pixels = this.#reel[at <= last ? at : 2 * last - at]!
    stamp(pixels, number)
    return pixels
  }
}

function drawFloor(pixels: Uint8Array, colours: Uint8Array, time: number): void {
  for (let y = 0, at = 0; y < SCENE.height; y++) {
    const worldY = y + PAN[1] * time
    const row = Math.floor(worldY / STONE)
    const shade = 0.6 + (0.4 * y) / SCENE.height
    for (let x = 0; x < SCENE.width; x++, at += 3) {
      const worldX = x + PAN[0] * time + (row % 2) * (STONE / 2)
      const stone = 3 * ((Math.floor(worldX / STONE) * 31 + row * 17) & 1023)
      const isJoint = worldX % STONE < 2 || worldY % STONE < 2
      const texture = 10 * Math.sin(worldX / 5) * Math.sin(worldY / 7)
      for (let channel = 0; channel < 3; channel++) {
        const colour = isJoint ? 40 : colours[stone + channel]! + texture
        pixels[at + channel] = shade * colour + GRAIN
      }
    }
  }
}

function drawBall(pixels: Uint8Array, ball: number, time: number): void {
  const radius = 30 + 8 * ball
  const centreX = SCENE.width * (0.5 + 0.4 * Math.sin(time / (15 + 4 * ball) + ball))
  const centreY = SCENE.height * (0.45 + 0.3 * Math.cos(time / (11 + 3 * ball) + 2 * ball))
  for (let y = Math.ceil(centreY - radius); y < centreY + radius; y++) {
    if (y < 0 || y >= BLOCK_TOP) continue
    const half = Math.sqrt(Math.max(0, radius ** 2 - (y - centreY) ** 2))
    const end = Math.min(SCENE.width, centreX + half)
    for (let x = Math.max(0, Math.ceil(centreX - half)); x < end; x++) {
      const light =
        1 - Math.hypot(x - centreX + radius / 3, y - centreY + radius / 3) / (2 * radius)
      const at = 3 * (y * SCENE.width + x)
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = 20 + 200 * light * ((ball + channel) % 3 === 0 ? 1 : 0.5)
      }
    }
  }
}

function stamp(pixels: Uint8Array, number: number): void {
  for (let bit = 0; bit < NUMBER_BITS; bit++) {
    const shade = (number >> bit) & 1 ? 235 : 20
    for (let y = BLOCK_TOP; y < SCENE.height; y++) {
      const from = 3 * (y * SCENE.width + bit * BLOCK)
      pixels.fill(shade, from, from + 3 * BLOCK)
    }
  }
}

/** The number of a frame, also of one that was encoded and decoded as rgb8. */
export function numberOf(pixels: Uint8Array): number {
  let number = 0
  const middle = (BLOCK_TOP + BLOCK / 2) * SCENE.width + BLOCK / 2
  for (let bit = 0; bit < NUMBER_BITS; bit++) {
    if (pixels[3 * (middle + bit * BLOCK) + 1]! > 127) number |= 1 << bit
  }
  return number
}

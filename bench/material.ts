// What the benches record: steps whose body is 200 bytes (the reward and 20 more numbers) or more, in
// episodes, and frames of 160x210 pixels. The same seed gives the same bytes.
import { assert } from '../src/base/assert.ts'
import { MIB } from '../src/base/bytes.ts'
import { crc32 } from '../src/base/checksum.ts'
import { type Random, seededRandom } from '../src/base/random.ts'
import { encodeEvent, Layouts, RECORD_HEADER_BYTES } from '../src/protocol/codec.ts'
import type { Event, FrameCaptured, FrameLayout, StepLayout } from '../src/protocol/events.ts'
import { STEP_HEADER_BYTES, type StepInput } from '../src/protocol/step-layout.ts'
import type { Contribution } from '../src/store/event-log.ts'
import { type Entries, entriesBetween, groupsOf } from './entries.ts'

export const EPISODE_STEPS = 500
/** What one contribution has at most: events, and bytes (the recorder's intake). */
const CONTRIBUTION_EVENTS = 1024
const CONTRIBUTION_BYTES = MIB
/** Bytes of a step's record: its body and 8 bytes of header. */
export const STEP_RECORD_BYTES = 208
export const FRAME = { width: 160, height: 210 } as const
export const FRAME_BYTES = FRAME.width * FRAME.height * 3
const AGENT = 'agent'
const START_TIME = 1_700_000_000_000

const meterNames = ['energy', 'food', 'hygiene', 'money', 'mood', 'social', 'fitness', 'health']

const stepLayout: StepLayout = {
  kind: 'step',
  layout: 1,
  agent: AGENT,
  position: 2,
  action: 1,
  actionScalar: true,
  qValues: 6,
  logits: 0,
  observation: 3,
  meters: meterNames,
}

const frameLayout: FrameLayout = {
  kind: 'frame',
  layout: 2,
  agent: AGENT,
  camera: 'main',
  ...FRAME,
  format: 'rgb8',
}

const layouts = new Layouts([stepLayout, frameLayout])
/** Numbers of a step besides its observation's, and the bytes of its record around them. */
const OTHER_VALUES = 2 + 1 + 6 + meterNames.length
const RECORD_BYTES = RECORD_HEADER_BYTES + STEP_HEADER_BYTES

/** A step of the benches' shape; its lists may be written to and handed in again. */
export interface BenchStep extends StepInput {
  position: Float64Array
  action: number
  qValues: Float64Array
  meters: Record<string, number>
  observation: Float64Array
}

export function newStep(): BenchStep {
  return {
    reward: 0,
    position: new Float64Array(2),
    action: 0,
    qValues: new Float64Array(6),
    meters: Object.fromEntries(meterNames.map(name => [name, 0.5])),
    observation: new Float64Array(3),
  }
}

/** Changes some of the step's numbers, cheaply. */
export function varyStep(step: BenchStep, index: number): void {
  step.reward = index % 7
  step.action = index % 6
  step.position[0] = index
  step.qValues[index % 6] = index / 3
  step.meters['energy'] = (index % 100) / 100
}

export interface Material extends Entries {
  readonly steps: number
  readonly episodes: number
  readonly rewardSum: number
}

/** Event time of the event `seq` of a material. */
export const timeOf = (seq: number): number => START_TIME + seq - 1

/**
 * The records of `episodes` whole episodes, with their beginnings and ends. A step's record has
 * `recordBytes`, a multiple of 8; the observation makes up for what is more than 208.
 */
export function stepMaterial(
  episodes: number,
  seed: number,
  recordBytes = STEP_RECORD_BYTES,
): Material {
  const observation = (recordBytes - RECORD_BYTES) / 8 - OTHER_VALUES
  assert(Number.isInteger(observation) && observation >= 0, `steps of ${recordBytes} B`)
  const layout = { ...stepLayout, observation }
  const layouts = new Layouts([layout])
  const random = seededRandom(seed)
  const parts: Uint8Array[] = []
  let time = START_TIME
  let rewardSum = 0
  const add = (event: Event): void => {
    parts.push(encodeEvent(event, time++, layouts))
  }
  add({ type: 'layout_declared', ...layout })
  for (let episode = 1; episode <= episodes; episode++) {
    const startTime = time
    add({ type: 'episode_began', agent: AGENT, episode })
    let sum = 0
    for (let step = 0; step < EPISODE_STEPS; step++) {
      const reward = random.below(100) / 4
      sum += reward
      add(stepEvent(episode, step, reward, observation, random))
    }
    rewardSum += sum
    add(endEvent(episode, sum, startTime))
  }
  const records = new Uint8Array(Buffer.concat(parts))
  let end = 0
  const ends = Float64Array.from(parts, part => {
    end += part.byteLength
    return end
  })
  const count = parts.length
  const steps = episodes * EPISODE_STEPS
  const group = Math.min(CONTRIBUTION_EVENTS, Math.floor(CONTRIBUTION_BYTES / recordBytes))
  return { records, ends, count, crc: crc32(records), group, steps, episodes, rewardSum }
}

/** The material as a producer hands it in. */
export function* contributionsOf(material: Material, producer = 'bench'): Generator<Contribution> {
  for (const [from, to] of groupsOf(material)) {
    const records = entriesBetween(material, from, to)
    yield { producer, position: material.ends[to - 1]!, records, count: to - from }
  }
}

function stepEvent(
  episode: number,
  step: number,
  reward: number,
  observation: number,
  random: Random,
): Event {
  const draw = (count: number): number[] => Array.from({ length: count }, () => random.next())
  return {
    type: 'step_taken',
    agent: AGENT,
    episode,
    step,
    reward,
    intrinsicReward: 0,
    terminated: step === EPISODE_STEPS - 1,
    truncated: false,
    position: draw(2),
    action: random.below(6),
    qValues: draw(6),
    meters: Object.fromEntries(meterNames.map(name => [name, random.next()])),
    observation: draw(observation),
  }
}

function endEvent(episode: number, totalReward: number, startTime: number): Event {
  return {
    type: 'episode_ended',
    agent: AGENT,
    episode,
    steps: EPISODE_STEPS,
    frames: 0,
    totalReward,
    extrinsicReward: totalReward,
    intrinsicReward: 0,
    terminated: true,
    truncated: false,
    reason: 'terminated',
    startTime,
  }
}

/** Pixels that differ from frame to frame. */
export function newPixels(seed: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: FRAME_BYTES }, () => random.below(256))
}

/** The declaration that goes before the first frame. */
export const frameDeclaration = (): Uint8Array =>
  encodeEvent({ type: 'layout_declared', ...frameLayout }, START_TIME)

/** The record of a frame with these pixels, without them. */
export function frameRecord(index: number, pixels: Uint8Array): Uint8Array {
  const event: FrameCaptured = {
    type: 'frame_captured',
    agent: AGENT,
    camera: frameLayout.camera,
    episode: 1,
    step: index,
    index,
    ...FRAME,
    format: 'rgb8',
    byteLength: pixels.byteLength,
    crc: crc32(pixels),
  }
  return encodeEvent(event, START_TIME + index, layouts)
}

/** The size of an RGB picture. */
export interface Shape {
  readonly width: number
  readonly height: number
}

/** A picture as cameras and simulators give them: slopes, edges, and a little noise on all of it. */
export function newScene({ width, height }: Shape): Uint8Array {
  const random = seededRandom(width)
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isTile = ((x >> 5) + (y >> 5)) % 2 === 0
      const noise = random.below(9)
      pixels[at++] = (isTile ? 60 : 150) + (x * 80) / width + noise
      pixels[at++] = 40 + (y * 160) / height + noise
      pixels[at++] = (isTile ? 180 : 70) + noise
    }
  }
  return pixels
}

// The trainer: it learns, it is reproducible, and its hooks tell one consistent story.
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createTrainer,
  type TrainerHooks,
  type TrainerMetrics,
} from '../../../examples/gridworld/trainer.ts'
import { actionNames } from '../../../examples/gridworld/world.ts'
import { crc32 } from '../../../src/base/checksum.ts'

/** The weights' checksum after `ticks` ticks. */
function train(seed: number, ticks: number, hooks?: TrainerHooks): number {
  const trainer = createTrainer({ seed })
  for (let tick = 0; tick < ticks; tick++) trainer.tick(hooks)
  const { buffer, byteOffset, byteLength } = trainer.parameters
  return crc32(new Uint8Array(buffer, byteOffset, byteLength))
}

describe('the trainer', () => {
  test('gives the same weights for the same seed and others for another', () => {
    const first = train(1, 450)
    expect(train(1, 450)).toBe(first)
    expect(train(2, 450)).not.toBe(first)
  })

  test('is not changed by who listens', () => {
    const silent: TrainerHooks = { onBegin() {}, onStep() {}, onEnd() {}, onMetrics() {} }
    expect(train(3, 400, silent)).toBe(train(3, 400))
  })

  test('tells each episode from its beginning to its end', () => {
    const trainer = createTrainer({ seed: 4, environments: 3, cameraEvery: 4 })
    const open = new Map<number, { steps: number; reward: number; over: boolean }>()
    const ends: string[] = []
    const hooks: TrainerHooks = {
      onBegin(environment, { stage, epsilon, seed }) {
        expect(open.has(environment)).toBe(false)
        expect(stage).toBe(1)
        expect(epsilon).toBeGreaterThan(0.9)
        expect(Number.isInteger(seed)).toBe(true)
        open.set(environment, { steps: 0, reward: 0, over: false })
      },
      onStep(environment, step) {
        const episode = open.get(environment)!
        expect(episode.over).toBe(false)
        episode.steps++
        episode.reward += step.reward
        episode.over = step.terminated || step.truncated
        expect(actionNames[step.action]).toBeDefined()
        expect(step.qValues).toHaveLength(actionNames.length)
        expect(step.qValues.every(Number.isFinite)).toBe(true)
        expect([...step.position]).toEqual(trainer.worlds[environment]!.position)
        expect(step.meters).toBe(trainer.worlds[environment]!.meters)
      },
      onEnd(environment, end) {
        const episode = open.get(environment)!
        expect(episode.over).toBe(true)
        expect(end.steps).toBe(episode.steps)
        expect(end.return).toBeCloseTo(episode.reward, 9)
        ends.push(end.reason)
        open.delete(environment)
      },
    }
    for (let tick = 0; tick < 400; tick++) trainer.tick(hooks)
    expect(ends.length).toBeGreaterThan(6)
    for (const reason of ends) expect(reason).toMatch(/^(died: (energy|satiation)|time limit)$/)
    expect(open.size).toBeGreaterThan(0)
  })

  test('steps the environment on camera only every so many ticks', () => {
    const counts = [0, 0, 0, 0]
    const trainer = createTrainer({ seed: 5, environments: 4, cameraEvery: 10 })
    const hooks: TrainerHooks = {
      onStep(environment) {
        counts[environment] = counts[environment]! + 1
      },
    }
    for (let tick = 0; tick < 100; tick++) trainer.tick(hooks)
    expect(counts).toEqual([10, 100, 100, 100])
    expect(trainer.globalStep).toBe(310)
  })

  test('refuses options that make no sense', () => {
    expect(() => createTrainer({ seed: 1, environments: 1 })).toThrow('environments')
    expect(() => createTrainer({ seed: 1, cameraEvery: 0 })).toThrow('cameraEvery')
    expect(() => createTrainer({ seed: 1, metricsEvery: 0 })).toThrow('metricsEvery')
  })
})

describe('training for 4500 ticks', () => {
  const samples: TrainerMetrics[] = []
  const steps: number[] = []
  let stage = 0

  beforeAll(() => {
    const trainer = createTrainer({ seed: 1, metricsEvery: 20 })
    const hooks: TrainerHooks = {
      onMetrics(metrics, globalStep) {
        samples.push(metrics)
        steps.push(globalStep)
      },
    }
    for (let tick = 0; tick < 4500; tick++) trainer.tick(hooks)
    stage = trainer.stage
  }, 60_000)

  test('survives three times as long as by chance, and passes the first stage', () => {
    const survival = samples.map(sample => sample['rollout/ep_len_mean'])
    const early = survival[5]!
    expect(early).toBeGreaterThan(40)
    expect(early).toBeLessThan(90)
    expect(Math.max(...survival)).toBeGreaterThan(3 * early)
    expect(stage).toBeGreaterThanOrEqual(2)
  })

  test('reports finite metrics at growing steps', () => {
    for (const sample of samples) expect(Object.values(sample).every(Number.isFinite)).toBe(true)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    expect(samples.map(sample => sample['time/total_timesteps'])).toEqual(steps)
    expect(samples[0]!['rollout/exploration_rate']).toBeGreaterThan(0.9)
    expect(samples[0]!['train/n_updates']).toBe(20)
  })
})

// The trainer: it learns to balance, it is reproducible, and its hooks tell one consistent story.
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { maxSteps } from '../../../examples/cartpole/cart-pole.ts'
import { logNormalizer } from '../../../examples/cartpole/categorical.ts'
import { Ppo, type UpdateRates } from '../../../examples/cartpole/ppo.ts'
import type { Rollout } from '../../../examples/cartpole/rollout.ts'
import { createTrainer } from '../../../examples/cartpole/trainer.ts'
import type { TrainerHooks, TrainerMetrics } from '../../../examples/cartpole/trainer-hooks.ts'
import { crc32 } from '../../../src/base/checksum.ts'
import { canonicalMetrics } from '../../../src/protocol/metric-names.ts'

/** The weights' checksum after `ticks` ticks. */
function train(seed: number, ticks: number, hooks?: TrainerHooks): number {
  const trainer = createTrainer({ seed })
  for (let tick = 0; tick < ticks; tick++) trainer.tick(hooks)
  const { buffer, byteOffset, byteLength } = trainer.parameters
  return crc32(new Uint8Array(buffer, byteOffset, byteLength))
}

describe('the trainer', () => {
  test('gives the same weights for the same seed and others for another', () => {
    const first = train(1, 200)
    expect(train(1, 200)).toBe(first)
    expect(train(2, 200)).not.toBe(first)
  })

  test('is not changed by who listens', () => {
    const silent: TrainerHooks = { onBegin() {}, onStep() {}, onEnd() {}, onMetrics() {} }
    expect(train(3, 200, silent)).toBe(train(3, 200))
  })

  test('tells each episode from its beginning to its end', () => {
    const trainer = createTrainer({ seed: 4, environments: 4 })
    const open = new Map<number, { steps: number; seen: number[]; over: boolean }>()
    const seeds = new Set<number>()
    let ended = 0
    const hooks: TrainerHooks = {
      onBegin(environment, { seed }) {
        expect(open.has(environment)).toBe(false)
        seeds.add(seed)
        const seen = [...trainer.carts[environment]!.state].map(Math.fround)
        open.set(environment, { steps: 0, seen, over: false })
      },
      onStep(environment, step) {
        const episode = open.get(environment)!
        const { state, steps, lastAction } = trainer.carts[environment]!
        expect(episode.over).toBe(false)
        episode.steps++
        expect(episode.steps).toBe(steps)
        episode.over = step.terminated || step.truncated
        expect(step.reward).toBe(1)
        expect(step.action).toBe(lastAction)
        expect([...step.observation]).toEqual(episode.seen)
        episode.seen = [...state].map(Math.fround)
        expect(step.position).toEqual([state[0]])
        const right = Math.exp(step.logits[1]! - logNormalizer(step.logits, 0, 2))
        expect(step.meters.push_right).toBeCloseTo(right, 6)
        expect(step.meters.balance === 0 || step.meters.room === 0).toBe(step.terminated)
        expect(Number.isFinite(step.meters.expected)).toBe(true)
      },
      onEnd(environment, end) {
        const episode = open.get(environment)!
        expect(episode.over).toBe(true)
        expect(end).toMatchObject({ steps: episode.steps, return: episode.steps })
        expect(end.reason).toMatch(/^(pole fell|left the track)$/)
        open.delete(environment)
        ended++
      },
    }
    for (let tick = 0; tick < 300; tick++) trainer.tick(hooks)
    expect(trainer.globalStep).toBe(1200)
    expect(ended).toBeGreaterThan(10)
    expect(seeds.size).toBe(ended + open.size)
  })

  test('refuses a number of environments that gives no whole minibatches', () => {
    for (const environments of [0, 3, 66]) {
      expect(() => createTrainer({ seed: 1, environments })).toThrow(
        `environments must be an even number from 2 to 64, got ${environments}`,
      )
    }
  })

  test('takes a step that only the clock ended for worth what the critic expects of its last state', () => {
    const { update } = Ppo.prototype
    const updated = vi.spyOn(Ppo.prototype, 'update').mockImplementation(check)
    onTestFinished(() => updated.mockRestore())
    const trainer = createTrainer({ seed: 5, environments: 2 })
    const ends = new Map<number, { reason: string; state: Float32Array }>()
    let tick = 0
    const hooks: TrainerHooks = {
      onEnd(environment, { reason }) {
        const state = Float32Array.from(trainer.carts[environment]!.state)
        ends.set(2 * tick + environment, { reason, state })
      },
    }
    for (; updated.mock.calls.length === 0; tick++) {
      if (tick === 3) trainer.carts[1]!.steps = maxSteps - 1
      trainer.tick(hooks)
    }
    expect(ends.get(7)?.reason).toBe('time limit')
    expect([...ends.values()].map(({ reason }) => reason)).toContain('pole fell')

    /** Before it is learnt from, the rollout is told by the critic that it was made with. */
    function check(this: Ppo, rollout: Rollout, rates: UpdateRates) {
      for (let row = 0; row < rollout.size - 2; row++) {
        const end = ends.get(row)
        const expected =
          end === undefined
            ? rollout.values[row + 2]
            : end.reason === 'time limit'
              ? this.values(end.state, 1)[0]
              : 0
        expect([row, rollout.nextValues[row]]).toEqual([row, expected])
      }
      return update.call(this, rollout, rates)
    }
  })
})

describe('training until the pole stands', () => {
  const stepsMax = 100_000
  const samples: TrainerMetrics[] = []
  const remarks: string[] = []
  let steps = 0
  let balanced = 0

  beforeAll(() => {
    const trainer = createTrainer({ seed: 1 })
    const hooks: TrainerHooks = {
      onMetrics: metrics => void samples.push(metrics),
      onRemark: ({ kind }) => void remarks.push(kind),
      onEnd(_, { reason }) {
        if (reason === 'time limit') balanced++
      },
    }
    while (trainer.globalStep < stepsMax && !remarks.includes('solved')) trainer.tick(hooks)
    steps = trainer.globalStep
  }, 60_000)

  test('solves CartPole-v1: a mean return of 475 over 100 episodes', () => {
    expect(steps).toBeLessThan(stepsMax)
    expect(samples[2]!['rollout/ep_rew_mean']).toBeLessThan(40)
    expect(samples.at(-1)!['rollout/ep_rew_mean']).toBeGreaterThan(450)
    expect(samples.at(-1)!['rollout/ep_len_mean']).toBeLessThanOrEqual(maxSteps)
    expect(balanced).toBeGreaterThan(50)
  })

  test('measures each update, under names that the canon leaves as they are', () => {
    expect(samples.map(sample => sample['time/total_timesteps'])).toEqual(
      samples.map((_, update) => 256 * (update + 1)),
    )
    const sample = samples[20]!
    expect(canonicalMetrics(sample)).toEqual({ ...sample })
    for (const one of samples) {
      expect(Object.values(one).every(Number.isFinite)).toBe(true)
      expect(one['train/approx_kl']).toBeGreaterThan(-1e-6)
      expect(one['train/approx_kl']).toBeLessThan(0.5)
      expect(one['train/clip_fraction']).toBeGreaterThanOrEqual(0)
      expect(one['train/clip_fraction']).toBeLessThanOrEqual(1)
      expect(one['train/entropy']).toBeGreaterThan(0)
      expect(one['train/entropy']).toBeLessThanOrEqual(Math.log(2))
    }
    // At first every action is about equally likely; later the policy has made up its mind.
    expect(samples[0]!['train/entropy']).toBeGreaterThan(0.68)
    expect(samples.at(-1)!['train/entropy']).toBeLessThan(0.6)
  })

  test('remarks on how far updates go, and that it is solved', () => {
    expect(remarks[0]).toBe('policy_updates')
    expect(remarks.at(-1)).toBe('solved')
  })
})

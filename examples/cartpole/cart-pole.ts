// CartPole-v1 as Gymnasium defines it (Barto, Sutton and Anderson 1983): a pole on a cart that is
// pushed left or right. Pure: chance comes in at reset, and a step is deterministic, so an episode
// is given by its seed and its actions. All numbers are those of gymnasium/envs/classic_control/
// cartpole.py; the time limit and the mean return that counts as solved are those of
// gymnasium/envs/__init__.py.
import { assert } from '../../src/base/assert.ts'
import type { Random } from '../../src/base/random.ts'

export const actionNames = ['push left', 'push right'] as const
/** Cart position (m), its velocity (m/s), pole angle (rad, to the right), its velocity (rad/s). */
export const observationSize = 4

/** The episode is terminated beyond these: 12 degrees, and the end of the track. */
export const angleLimit = (12 * 2 * Math.PI) / 360
export const positionLimit = 2.4
/** An episode is truncated after this many steps: `max_episode_steps` of CartPole-v1. */
export const maxSteps = 500
/** `reward_threshold` of CartPole-v1: solved at this mean return over 100 episodes. */
export const solvedReturn = 475

const gravity = 9.8
const cartMass = 1
const poleMass = 0.1
/** Half the pole: from the joint to its centre of mass, m. */
const poleLength = 0.5
const force = 10
/** Seconds between two states; the integrator is explicit Euler. */
export const tau = 0.02
/** Every number of the first state is drawn from -0.05..0.05. */
const startRange = 0.05

const totalMass = cartMass + poleMass
const poleMassLength = poleMass * poleLength

/** What a step brought; the same object is returned by every step of an environment. */
type StepResult = {
  /** 1 for every step, the one that ends the episode included. */
  reward: number
  terminated: boolean
  truncated: boolean
}

/** One cart with its pole. Reset it before the first step and after every end. */
export class CartPole {
  /** As `observationSize` says. The array is reused. */
  readonly state = new Float64Array(observationSize)
  /** Steps taken in this episode. */
  steps = 0
  /** The newest action; undefined before the first. */
  lastAction: number | undefined = undefined
  readonly #result: StepResult = { reward: 1, terminated: false, truncated: false }
  #over = true

  /** Why the episode was terminated; undefined when it was not. */
  get failure(): 'pole fell' | 'left the track' | undefined {
    if (Math.abs(this.state[2]!) > angleLimit) return 'pole fell'
    return Math.abs(this.state[0]!) > positionLimit ? 'left the track' : undefined
  }

  /** Begins an episode. */
  reset(random: Random): void {
    for (let i = 0; i < observationSize; i++) this.state[i] = (2 * random.next() - 1) * startRange
    this.steps = 0
    this.lastAction = undefined
    this.#over = false
  }

  /** Pushes to the left (0) or to the right (1) for `tau` seconds. Asserts that no end came before. */
  step(action: number): StepResult {
    assert(!this.#over, 'the episode is over: reset the cart first')
    assert(action === 0 || action === 1, `action must be 0 or 1, got ${action}`)
    advance(this.state, action === 1 ? force : -force)
    this.steps++
    this.lastAction = action
    const result = this.#result
    result.terminated = this.failure !== undefined
    result.truncated = this.steps >= maxSteps
    this.#over = result.terminated || result.truncated
    return result
  }
}

/** Moves `state` on by `tau` seconds of `push` newtons. The equations are those of Florian, Correct
 * equations for the dynamics of the cart-pole system (2005), without friction. */
function advance(state: Float64Array, push: number): void {
  const position = state[0]!
  const velocity = state[1]!
  const angle = state[2]!
  const angularVelocity = state[3]!
  const cosine = Math.cos(angle)
  const sine = Math.sin(angle)
  const thrust = (push + poleMassLength * angularVelocity * angularVelocity * sine) / totalMass
  const inertia = poleLength * (4 / 3 - (poleMass * cosine * cosine) / totalMass)
  const angularAcceleration = (gravity * sine - cosine * thrust) / inertia
  const acceleration = thrust - (poleMassLength * angularAcceleration * cosine) / totalMass
  state[0] = position + tau * velocity
  state[1] = velocity + tau * acceleration
  state[2] = angle + tau * angularVelocity
  state[3] = angularVelocity + tau * angularAcceleration
}

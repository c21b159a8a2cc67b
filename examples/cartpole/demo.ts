// CartPole as the demo shows it: all environments are on camera, in real time.
import { FilmBudget } from '../demo/film-budget.ts'
import type { DemoTraining } from '../demo/training.ts'
import { tau } from './cart-pole.ts'
import { frameBytes, frameHeight, frameWidth, renderFrame } from './render.ts'
import { createTrainer } from './trainer.ts'
import type { TrainerHooks } from './trainer-hooks.ts'

const environments = 8
const stepsPerSecond = 1 / tau
/** A quarter more than real time asks for. */
const framesPerSecondMax = 1.25 * environments * stepsPerSecond

export const cartpole: DemoTraining = {
  title: 'CartPole',
  algorithm: 'PPO',
  environments,
  ticksPerSecond: stepsPerSecond,
  videoFps: stepsPerSecond,
  dataset: { task: 'balance the pole', where: 'frames > 0' },
  start(seed, hooks) {
    const trainer = createTrainer({ seed, environments })
    // What is handed on is copied, so the same pixels serve every time.
    const frame = { width: frameWidth, height: frameHeight, data: new Uint8Array(frameBytes) }
    const budget = new FilmBudget(framesPerSecondMax)
    const filmed = trainer.carts.map(() => false)
    const film = (environment: number): void => {
      if (!filmed[environment]) return
      renderFrame(trainer.carts[environment]!, frame.data)
      hooks.onFrame(environment, frame)
      budget.spend()
    }
    const trainerHooks: TrainerHooks = {
      ...hooks,
      onBegin(environment, begin) {
        hooks.onBegin(environment, begin)
        filmed[environment] = budget.allows
        // What the first action is chosen by.
        film(environment)
      },
      onStep(environment, step) {
        hooks.onStep(environment, step)
        film(environment)
      },
      onRemark: ({ kind, text }) => hooks.onInsight(kind, text),
    }
    return () => trainer.tick(trainerHooks)
  },
}

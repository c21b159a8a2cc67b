// The survival gridworld as the demo shows it: environment 0 is on camera.
import type { DemoTraining } from '../demo/training.ts'
import { frameBytes, frameHeight, frameWidth, renderFrame } from './render.ts'
import { createTrainer, type TrainerHooks } from './trainer.ts'
import { meterNames } from './world.ts'

const environments = 8

export const gridworld: DemoTraining = {
  title: 'Survival gridworld',
  algorithm: 'Double DQN',
  environments,
  // At this pace the environment on camera takes 35 steps a second.
  ticksPerSecond: 560,
  videoFps: 30,
  // Only what the camera shows.
  dataset: { task: 'survive', where: 'agent = env-0' },
  start(seed, hooks) {
    const trainer = createTrainer({ seed, environments })
    // What is handed on is copied, so the same pixels and numbers serve every time.
    const frame = { width: frameWidth, height: frameHeight, data: new Uint8Array(frameBytes) }
    const meters: Record<string, number> = {}
    const trainerHooks: TrainerHooks = {
      ...hooks,
      onStep(environment, step) {
        for (const [i, name] of meterNames.entries()) meters[name] = step.meters[i]!
        hooks.onStep(environment, { ...step, meters })
        if (environment !== 0) return
        renderFrame(trainer.worlds[0]!, frame.data)
        hooks.onFrame(0, frame)
      },
    }
    return () => trainer.tick(trainerHooks)
  },
}

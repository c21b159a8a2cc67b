// A run that a browser test can look at: agents that walk, with pictures, meters and Q-values, each
// episode over after so many steps.
import { onTestFinished } from 'vitest'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { tempDir } from '../runtime/harness.ts'

export interface Training {
  readonly run: Run
  readonly url: string
  /** Steps that each agent has taken so far. */
  steps(): number
  /** Records nothing more, and does not end the run. */
  pause(): void
  stop(): Promise<void>
}

interface TrainingOptions {
  readonly port?: number
  readonly dir?: string
  readonly agents?: readonly string[]
  readonly stepMillis?: number
  readonly episodeSteps?: number
  /** What each step of the run earns. Default 0.5. */
  readonly reward?: (step: number) => number
  /** What the policy chose by, besides Q-values. */
  readonly logits?: readonly number[]
  /** Rewards and nothing else. */
  readonly bare?: boolean
  /** The fast lane takes no frame while this says so. */
  readonly isLaneStuck?: () => boolean
}

const SIZE = 16

/** Records until the test has finished. */
export async function startTraining(options: TrainingOptions = {}): Promise<Training> {
  const { port = 0, dir = tempDir(), agents = ['walker'] } = options
  const { stepMillis = 10, episodeSteps = 60, bare = false, isLaneStuck, logits } = options
  const { reward = () => 0.5 } = options
  const run = await start(checkOptions({ dir, live: { port }, handleSignals: false }), {
    faults: true,
    ...(isLaneStuck && { isLaneStuck }),
  })
  const recorders = agents.map(agent => run.recorder(agent))
  const pixels = new Uint8Array(SIZE * SIZE * 3)
  let step = 0
  const timer = setInterval(() => {
    const terminated = step % episodeSteps === episodeSteps - 1
    for (const [index, recorder] of recorders.entries()) {
      if (recorder.episode === 0) recorder.begin({ stage: 2, epsilon: 0.25 })
      if (bare) recorder.step({ reward: reward(step), terminated })
      else {
        recorder.step({
          reward: reward(step),
          action: step % 3,
          position: [step % 8, index],
          qValues: [0.1, 0.2, 0.9],
          ...(logits && { logits }),
          meters: { energy: 0.75 },
          terminated,
        })
        const data = pixels.fill((step * 5 + index * 40) & 255)
        recorder.frame({ width: SIZE, height: SIZE, data })
      }
      if (!terminated) continue
      if (!bare) recorder.metrics({ 'train/loss': 1 / (1 + step) }, step)
      recorder.end()
    }
    step++
  }, stepMillis)
  const pause = (): void => clearInterval(timer)
  const stop = async (): Promise<void> => {
    pause()
    await run.close()
  }
  onTestFinished(stop)
  return { run, url: run.url ?? '', steps: () => step, pause, stop }
}

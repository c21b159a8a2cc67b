// The load of the campaigns: 2,000 steps and 60 frames a second, in episodes of 200 steps. Each step
// carries its number, so that a step which is missing or doubled shows.
import type { Run } from '../../../src/runtime/run.ts'

const STEPS_PER_MILLI = 2
const FRAMES_PER_MILLI = 60 / 1000
const EPISODE_STEPS = 200
const TICK_MILLIS = 4
/** A tick that comes late catches up with at most so many steps. */
const STEPS_PER_TICK_MAX = 400
const SIDE = 64

export interface Load {
  /** Steps and frames that the run has accepted. */
  readonly steps: number
  readonly frames: number
  /** Steps of which `flush` has said that they are durable. */
  readonly acknowledged: number
  stop(): void
}

/** Records until it is stopped; asks for acknowledgements all the time. */
export function startLoad(run: Run, onAcknowledged: (steps: number) => void = () => {}): Load {
  const recorder = run.recorder('agent')
  const pixels = new Uint8Array(SIDE * SIDE * 3)
  const startedAt = performance.now()
  const load = { steps: 0, frames: 0, acknowledged: 0, stop }
  let running = true

  function step(): void {
    if (recorder.episode === 0) recorder.begin({ seed: load.steps })
    const terminated = load.steps % EPISODE_STEPS === EPISODE_STEPS - 1
    recorder.step({ reward: 1, position: [load.steps], terminated })
    load.steps++
    if (terminated) recorder.end()
  }

  function tick(): void {
    const millis = performance.now() - startedAt
    const due = Math.min(millis * STEPS_PER_MILLI, load.steps + STEPS_PER_TICK_MAX)
    while (load.steps < due) step()
    if (load.frames >= millis * FRAMES_PER_MILLI) return
    load.frames++
    recorder.frame({ width: SIDE, height: SIDE, data: pixels.fill(load.frames & 255) })
  }

  async function acknowledge(): Promise<void> {
    while (running) {
      const { steps } = load
      if (await run.flush(1_000)) {
        load.acknowledged = steps
        onAcknowledged(steps)
      }
      await new Promise(resolve => setTimeout(resolve, TICK_MILLIS))
    }
  }

  function stop(): void {
    running = false
    clearInterval(timer)
  }

  const timer = setInterval(tick, TICK_MILLIS)
  void acknowledge()
  return load
}

// What calls of `recorder.step` cost by themselves, in bursts, nothing computed between them.
import { setTimeout as delay } from 'node:timers/promises'
import { newStep, varyStep } from './material.ts'
import { withRun } from './recorded-training.ts'

/** Calls without a pause. */
export const BURST_CALLS = 1000
const BURSTS_A_SAMPLE = 50

/** Mean nanoseconds of `recorder.step`, a sample for every 50 bursts; each burst is one agent's. */
export function measureCalls(calls: number, agents = 1): Promise<number[]> {
  return withRun(async run => {
    const recorders = Array.from({ length: agents }, (_, i) => run.recorder(`agent-${i}`))
    const step = newStep()
    const samples: number[] = []
    let rewardSum = 0
    for (const recorder of recorders) recorder.begin()
    for (let done = 0; done < calls; ) {
      let millis = 0
      const from = done
      for (let burst = 0; burst < BURSTS_A_SAMPLE && done < calls; burst++) {
        const recorder = recorders[burst % agents]!
        varyStep(step, burst)
        rewardSum += step.reward * BURST_CALLS
        const startedAt = performance.now()
        for (let i = 0; i < BURST_CALLS; i++) recorder.step(step)
        millis += performance.now() - startedAt
        done += BURST_CALLS
        do await delay(1)
        while (run.wouldBlock)
      }
      samples.push((1e6 * millis) / (done - from))
    }
    for (const recorder of recorders) recorder.end()
    const recorded = { steps: calls, frames: 0, episodes: agents, rewardSum }
    return { result: samples, recorded }
  })
}

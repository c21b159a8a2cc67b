// An episode of the script, as a program plays it.
import type { EpisodeRecorder } from '../../../src/runtime/episode-recorder.ts'
import { CAMERAS, cameras, observationOf, shadeOf, stepsOf } from './script.ts'

/** Plays the next episode with a pause after each step; its end is the caller's. Returns its number. */
export async function playEpisode(recorder: EpisodeRecorder, stepMillis: number): Promise<number> {
  recorder.begin()
  const { episode } = recorder
  const steps = stepsOf(episode)
  for (let step = 0; step < steps; step++) {
    const observation = observationOf(episode, step)
    recorder.step({ observation, action: step % 3, reward: 1, terminated: step === steps - 1 })
    for (const camera of cameras) {
      const { width, height } = CAMERAS[camera]
      const data = new Uint8Array(width * height * 3).fill(shadeOf(camera, episode, step))
      recorder.frame({ camera, width, height, data })
    }
    await new Promise(resolve => setTimeout(resolve, stepMillis))
  }
  return episode
}

// What the log of a finished run holds, for comparing with what was handed in.
import { assert } from '../src/base/assert.ts'
import { openLogReader } from '../src/store/open-log.ts'

export interface Recorded {
  readonly steps: number
  readonly frames: number
  readonly episodes: number
  readonly rewardSum: number
}

/** Asserts that the run directory's log holds exactly `expected`, and no gap or refusal. */
export async function checkRecorded(dir: string, expected: Recorded): Promise<void> {
  const reader = openLogReader(dir)
  const found = { steps: 0, frames: 0, episodes: 0, rewardSum: 0 }
  for (const { event, seq } of reader.events({ fromSeq: 1 })) {
    if (event.type === 'step_taken') {
      found.steps++
      found.rewardSum += event.reward
    } else if (event.type === 'frame_captured') {
      assert(reader.hasFrame(seq), `frame ${seq} has its pixels`)
      found.frames++
    } else if (event.type === 'episode_ended') found.episodes++
    assert(event.type !== 'gap_found' && event.type !== 'input_refused', `event ${seq} is a loss`)
  }
  await reader.close()
  for (const key of ['steps', 'frames', 'episodes', 'rewardSum'] as const) {
    assert(found[key] === expected[key], `${key}: handed in ${expected[key]}, found ${found[key]}`)
  }
}

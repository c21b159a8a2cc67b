// What a predicate may speak of: the columns of an episode's row, under the names that people type.
import type { EpisodeRow } from '../projection.ts'

export type Value = number | string | boolean | null

export interface Field {
  readonly type: 'number' | 'text' | 'boolean'
  readonly of: (row: EpisodeRow) => Value
  /** For help texts. */
  readonly meaning: string
}

const MILLIS_A_SECOND = 1000

const number = (meaning: string, of: (row: EpisodeRow) => number | null): Field => ({
  type: 'number',
  of,
  meaning,
})

/** Every field by its name. Lower case; names in a predicate are taken without regard to case. */
export const fields: Readonly<Record<string, Field>> = {
  episode: number('its number in the run', row => row.episode),
  agent: { type: 'text', of: row => row.agent, meaning: 'the environment or agent' },
  length: number('steps', row => row.steps),
  return: number('sum of all rewards', row => row.totalReward),
  extrinsic: number('sum of extrinsic rewards', row => row.extrinsicReward),
  intrinsic: number('sum of intrinsic rewards', row => row.intrinsicReward),
  frames: number('frames captured', row => row.frames),
  duration: number('seconds', row => (row.endTime - row.startTime) / MILLIS_A_SECOND),
  stage: number('stage of the curriculum', row => row.stage),
  epsilon: number('exploration rate', row => row.epsilon),
  seed: number('seed', row => row.seed),
  terminated: { type: 'boolean', of: row => row.terminated, meaning: 'ended by the environment' },
  truncated: { type: 'boolean', of: row => row.truncated, meaning: 'cut off by a limit' },
  reason: { type: 'text', of: row => row.reason, meaning: 'why it ended' },
}

// What a writer knows of the dataset that it writes: all of it can be read back from the files.
import type { Features } from './features.ts'
import type { DatasetLimits } from './layout.ts'
import type { Part } from './rollover.ts'
import type { FeatureStatistics } from './statistics.ts'

export interface DatasetState {
  readonly fps: number
  readonly robotType: string | null
  readonly features: Features
  readonly limits: DatasetLimits
  /** Texts by task_index. */
  readonly tasks: readonly string[]
  /** `index` of the first row of each episode, and behind them that of the next one. */
  readonly starts: readonly number[]
  /** Files with rows. */
  readonly data: readonly Part[]
  /** Files with video, by key. */
  readonly videos: Readonly<Record<string, readonly Part[]>>
  /** Files with episodes. */
  readonly table: readonly Part[]
  /** Statistics over all episodes, by feature. */
  readonly totals: Readonly<Record<string, FeatureStatistics>>
}

export const episodeCount = (state: DatasetState): number => state.starts.length - 1
export const frameCount = (state: DatasetState): number => state.starts.at(-1)!

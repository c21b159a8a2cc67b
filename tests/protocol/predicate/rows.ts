// Episodes to try predicates on.

import type { Subject } from '../../../src/protocol/predicate/evaluate.ts'
import type { EpisodeRow } from '../../../src/protocol/projection.ts'

export const row = (changes: Partial<EpisodeRow> = {}): EpisodeRow => ({
  episode: 12,
  agent: 'env-3',
  startTime: 1_000,
  endTime: 3_500,
  steps: 200,
  frames: 100,
  totalReward: -4.5,
  extrinsicReward: -5,
  intrinsicReward: 0.5,
  stage: 2,
  epsilon: null,
  seed: 7,
  terminated: true,
  truncated: false,
  reason: 'fell off',
  firstSeq: 1,
  lastSeq: 400,
  ...changes,
})

export const subject = (changes: Partial<Subject> = {}): Subject => ({
  row: row(),
  previous: row({ episode: 8, stage: 1 }),
  better: 2,
  worse: 9,
  ...changes,
})

// Rollcast's public face: start a run, record into it, close it.
export { RollcastError } from './base/errors.ts'
export type { FrameFormat, StepTaken } from './protocol/events.ts'
export type { Numbers, StepInput } from './protocol/step-layout.ts'
export type { SystemNotice } from './protocol/thread-messages.ts'
export type { CostFigures } from './runtime/cost-guard.ts'
export type {
  EpisodeOutcome,
  EpisodeRecorder,
  EpisodeStart,
  FrameInput,
} from './runtime/episode-recorder.ts'
export type { RecordedEpisode } from './runtime/episode-tape.ts'
export type { LiveOptions, RunOptions } from './runtime/options.ts'
export { type Run, startRun } from './runtime/run.ts'

// Messages as a server would send them, with what a test does not care about filled in.
import type { FrameMessage } from '../../src/protocol/frame-message.ts'
import type {
  ServerMessageOf,
  ViewerEpisodeRow,
  ViewerSeries,
} from '../../src/protocol/server-messages.ts'

const live = { v: 1, mode: 'live' } as const

export const established = (
  fields: Partial<ServerMessageOf<'connection_established'>> = {},
): ServerMessageOf<'connection_established'> => ({
  ...live,
  type: 'connection_established',
  client_id: 'viewer-1',
  server_time: 0,
  run: 'run-1',
  name: 'cartpole',
  agents: ['env-0'],
  continuation: 'fresh',
  position: { epoch: 1, seq: 10 },
  ...fields,
})

export const update = (
  fields: Partial<ServerMessageOf<'state_update'>> = {},
): ServerMessageOf<'state_update'> => ({
  ...live,
  type: 'state_update',
  agent: 'env-0',
  episode: 1,
  timestamp: 0,
  position_in_log: { epoch: 1, seq: 20 },
  step: 0,
  cumulative_reward: 0,
  position: [0, 0],
  meters: null,
  action: 1,
  q_values: null,
  reward: 0,
  done: false,
  ...fields,
})

export const row = (episode: number): ViewerEpisodeRow => ({
  episode,
  agent: 'env-0',
  start_time: 0,
  end_time: 1000,
  steps: 10,
  frames: 0,
  total_reward: episode,
  extrinsic_reward: episode,
  intrinsic_reward: 0,
  curriculum_stage: null,
  epsilon: null,
  seed: null,
  terminated: true,
  truncated: false,
  reason: 'terminated',
})

export const rows = (from: number, to: number): ViewerEpisodeRow[] =>
  Array.from({ length: from - to + 1 }, (_, index) => row(from - index))

export const page = (
  listed: ViewerEpisodeRow[],
  more = false,
  request: number | null = null,
): ServerMessageOf<'episodes'> => ({ ...live, type: 'episodes', request, rows: listed, more })

/** The answer to a question for rows. */
export const answerOf = (
  request: number,
  listed: ViewerEpisodeRow[],
  next: number | null,
): ServerMessageOf<'episodes'> => ({ ...page(listed, next !== null, request), next })

export const episode = (
  number: number,
  request: number,
  steps = 4,
): ServerMessageOf<'episode'> => ({
  ...live,
  type: 'episode',
  request,
  row: row(number),
  thinned_by: 1,
  steps: Array.from({ length: steps }, (_, step) => ({
    offset_millis: step * 100,
    step,
    cumulative_reward: step,
    position: null,
    meters: null,
    action: null,
    q_values: null,
    reward: 1,
    done: step === steps - 1,
  })),
  frames_following: 0,
})

export const series = (name: string, points?: [number, number][]): ViewerSeries => ({
  name,
  count: 1,
  last: 1,
  mean: 1,
  moving_average: 1,
  min: 1,
  max: 1,
  slope: 0,
  trend: 'flat',
  ...(points === undefined ? {} : { points }),
})

export const metrics = (list: ViewerSeries[]): ServerMessageOf<'metrics'> => ({
  ...live,
  type: 'metrics',
  time: 0,
  totals: { episodes: 0, steps: 0, frames: 0, events: 0, lost_events: 0, refused_inputs: 0 },
  series: list,
})

export const milestone = (episodeNumber: number, time: number): ServerMessageOf<'milestone'> => ({
  ...live,
  type: 'milestone',
  milestone: 'best_return',
  agent: 'env-0',
  episode: episodeNumber,
  value: 1,
  previous: null,
  time,
})

export const serverError = (request: number | null, message: string): ServerMessageOf<'error'> => ({
  ...live,
  type: 'error',
  request,
  code: 'NOT_FOUND',
  message,
})

export const frame = (fields: Partial<FrameMessage> = {}): FrameMessage => ({
  agent: 'env-0',
  episode: 1,
  step: 0,
  index: 0,
  width: 2,
  height: 1,
  format: 'gray8',
  mode: 'live',
  request: 0,
  requestFrames: 0,
  captureTime: 0,
  sendTime: 0,
  pixels: Uint8Array.of(1, 2),
  ...fields,
})

// A stage that tests set up by hand, and material to put on it.
import type {
  BeganPublication,
  FinishedEpisode,
  History,
  InsightPublication,
  Stage,
} from '../../src/gateway/publication.ts'
import type { LaneStatus } from '../../src/protocol/lane.ts'
import type { Position } from '../../src/protocol/position.ts'
import type { Subject } from '../../src/protocol/predicate/evaluate.ts'
import type {
  EpisodeRow,
  MetricSeries,
  Milestone,
  Projection,
} from '../../src/protocol/projection.ts'
import type {
  EpisodeMaterial,
  HistoryStep,
  LiveFrame,
  SystemNotice,
} from '../../src/protocol/thread-messages.ts'
import type { Mode } from '../../src/protocol/viewer-protocol.ts'

export class TestStage implements Stage {
  mode: Mode = 'live'
  position: Position = { epoch: 1, seq: 1 }
  run: string | null = 'run-1'
  name: string | null = 'a run'
  agents: string[] = ['agent-0']
  defaultAgent: string | null = 'agent-0'
  episodesQueued = 0
  episodesDropped = 0
  readonly openEpisodes = new Map<string, BeganPublication>()
  readonly finished: FinishedEpisode[] = []

  readonly newestFrames = new Map<string, number>()

  newestFrame(agent: string): number | undefined {
    return this.newestFrames.get(agent)
  }

  open(agent: string): BeganPublication | undefined {
    return this.openEpisodes.get(agent)
  }

  newestFinished(isMeant: (finished: FinishedEpisode) => boolean): FinishedEpisode | undefined {
    return this.finished.findLast(isMeant)
  }

  /** Finishes an episode: it can be played, and is returned as what the hub is told. */
  finish(episode: number, steps: number, agent = 'agent-0', over: Partial<Subject> = {}) {
    const material = materialOf(episode, steps, agent)
    const subject: Subject = {
      ...{ row: material.row, previous: undefined, better: 0, worse: 0 },
      ...over,
    }
    const finished = { subject, material, position: this.position }
    this.finished.push(finished)
    return { kind: 'ended', subject, finished } as const
  }
}

export const noHistory: History = {
  episodes: () => Promise.reject(new Error('no history')),
  episode: () => Promise.reject(new Error('no history')),
  frames: () => Promise.reject(new Error('no history')),
  frame: () => Promise.reject(new Error('no history')),
}

export const rowOf = (episode: number, over: Partial<EpisodeRow> = {}): EpisodeRow => ({
  episode,
  agent: 'agent-0',
  startTime: 1000,
  endTime: 2000,
  steps: 3,
  frames: 0,
  totalReward: 1.5,
  extrinsicReward: 1,
  intrinsicReward: 0.5,
  stage: null,
  epsilon: 0.1,
  seed: 7,
  terminated: true,
  truncated: false,
  reason: 'terminated',
  firstSeq: episode * 10,
  lastSeq: episode * 10 + 9,
  ...over,
})

export const stepOf = (step: number, over: Partial<HistoryStep> = {}): HistoryStep => ({
  offsetMillis: step * 20,
  step,
  cumulativeReward: step,
  position: [1, 2],
  meters: { energy: 0.5 },
  action: 3,
  qValues: [0.1, Number.NEGATIVE_INFINITY, Number.NaN],
  reward: 1,
  done: false,
  ...over,
})

export const materialOf = (episode: number, steps: number, agent = 'agent-0'): EpisodeMaterial => ({
  row: rowOf(episode, { steps, agent }),
  thinnedBy: 1,
  steps: Array.from({ length: steps }, (_, i) => stepOf(i, { done: i === steps - 1 })),
  frames: 0,
})

export const steppedOf = (episode: number, step: number, seq: number, agent = 'agent-0') =>
  ({
    kind: 'stepped',
    agent,
    episode,
    time: 1000 + step,
    position: { epoch: 1, seq },
    step: stepOf(step),
  }) as const

export const beganOf = (episode: number, agent = 'agent-0'): BeganPublication => ({
  kind: 'began',
  agent,
  episode,
  stage: 2,
  epsilon: null,
  time: 1000,
})

export const frameOf = (step: number, bytes = 12, agent = 'agent-0'): LiveFrame => ({
  agent,
  camera: 'main',
  episode: 1,
  step,
  index: step,
  width: bytes / 3,
  height: 1,
  format: 'rgb8',
  time: 1000 + step,
  mode: 'live',
  pixels: new Uint8Array(bytes).fill(step),
})

export const insightOf = (data: unknown, over: Partial<InsightPublication> = {}) =>
  ({ kind: 'insight', insight: 'plan', agent: null, time: 1, data, bytes: 64, ...over }) as const

export const milestoneOf = (episode: number, seq: number): Milestone => ({
  milestone: 'best_return',
  agent: 'agent-0',
  episode,
  value: episode,
  previous: null,
  time: 5,
  seq,
})

export const seriesOf = (name: string): MetricSeries => ({
  name,
  count: 2,
  last: Number.NaN,
  mean: 1,
  movingAverage: 1,
  min: 0,
  max: Number.POSITIVE_INFINITY,
  slope: 0,
  trend: 'flat',
  points: [
    [0, 1],
    [1, Number.NaN],
  ],
})

export const projectionOf = (seq: number, over: Partial<Projection> = {}): Projection => ({
  epoch: 1,
  seq,
  time: 100 + seq,
  run: 'run-1',
  name: 'a run',
  totals: { episodes: 0, steps: 0, frames: 0, events: seq, lostEvents: 0, refusedInputs: 0 },
  episodes: [],
  metrics: [],
  milestones: [],
  ...over,
})

export const laneOf = (over: Partial<LaneStatus> = {}): LaneStatus => ({
  ...{ running: true, paused: false, source: 'lane', wantedFps: 30, published: 7, refused: 1 },
  ...{ repaired: 0, taken: 4, skipped: 3, shown: 5 },
  hud: {
    ...{ layout: 1, episode: 1, step: 2, lastReward: 1, meanReward: 0.5, stepsPerSecond: 90 },
    ...{ loss: Number.NaN, time: 5 },
  },
  ...over,
})

export const systemOf = (over: Partial<SystemNotice> = {}): SystemNotice => ({
  time: 1,
  healthy: true,
  problem: null,
  trainerAttached: true,
  trainerCostPercent: 0.2,
  lane: null,
  durable: { epoch: 1, seq: 1 },
  newest: { epoch: 1, seq: 1 },
  commits: null,
  actors: [
    {
      name: 'recorder',
      placement: 'thread',
      machine: 'recorder',
      state: 'running',
      reason: null,
      restarts: 0,
      awayMillis: null,
      quarantined: [],
      lag: null,
      channels: [
        {
          name: 'recorder.live',
          policy: 'drop-oldest',
          countMax: 1024,
          bytesMax: 4096,
          offered: 1,
          taken: 1,
          dropped: 0,
          spilled: 0,
          blockedMillis: 0,
          depth: 0,
          depthBytes: 0,
          highWater: 1,
        },
      ],
    },
  ],
  ...over,
})

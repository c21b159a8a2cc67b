// Histories of runs: events as a log numbers them, one millisecond apart.
import fc from 'fast-check'
import { releaseFact } from '../../../src/actors/aggregator/keep.ts'
import {
  type AggregatorState,
  type Changes,
  decide,
  emptyState,
  evolve,
  noChanges,
} from '../../../src/actors/aggregator/logic.ts'
import type {
  Envelope,
  EpisodeReleased,
  Event,
  EventOf,
  MilestoneReached,
} from '../../../src/protocol/events.ts'

export const START_TIME = 1_000

export function numbered(events: readonly Event[], epoch = 1): Envelope[] {
  return events.map((event, i) => ({ seq: i + 1, epoch, time: START_TIME + i, event }))
}

export function fold(
  envelopes: Iterable<Envelope>,
  state: AggregatorState = emptyState(),
): { state: AggregatorState; changes: Changes } {
  const changes = noChanges()
  for (const envelope of envelopes) evolve(state, envelope, changes)
  return { state, changes }
}

/** The log as it comes to be while it is followed: each fact is appended behind its cause. */
export function record(events: readonly Event[]): {
  log: Envelope[]
  facts: MilestoneReached[]
  releases: EpisodeReleased[]
} {
  const state = emptyState()
  const log: Envelope[] = []
  const facts: MilestoneReached[] = []
  const releases: EpisodeReleased[] = []
  const append = (event: Event): void => {
    const seq = log.length + 1
    const envelope = { seq, epoch: 1, time: START_TIME + seq, event }
    const changes = noChanges()
    const decided = decide(state, envelope)
    log.push(envelope)
    evolve(state, envelope, changes)
    facts.push(...decided)
    const given = changes.givenUp.map(releaseFact)
    releases.push(...given)
    for (const fact of [...decided, ...given]) append(fact)
  }
  for (const event of events) append(event)
  return { log, facts, releases }
}

export const began = (
  episode: number,
  start: Partial<EventOf<'episode_began'>> = {},
): EventOf<'episode_began'> => ({ type: 'episode_began', agent: 'a', episode, ...start })

export const step = (
  episode: number,
  index: number,
  fields: Partial<EventOf<'step_taken'>> = {},
): EventOf<'step_taken'> => ({
  ...{ type: 'step_taken', agent: 'a', episode, step: index, reward: 1, intrinsicReward: 0.5 },
  ...{ terminated: false, truncated: false },
  ...fields,
})

export const frame = (
  episode: number,
  index: number,
  fields: Partial<EventOf<'frame_captured'>> = {},
): EventOf<'frame_captured'> => ({
  ...{ type: 'frame_captured', agent: 'a', camera: 'main', episode, step: index, index },
  ...{ width: 2, height: 1, format: 'gray8', byteLength: 2, crc: 1 },
  ...fields,
})

export const ended = (
  episode: number,
  fields: Partial<EventOf<'episode_ended'>> = {},
): EventOf<'episode_ended'> => ({
  ...{ type: 'episode_ended', agent: 'a', episode, steps: 2, frames: 1, startTime: START_TIME },
  ...{ totalReward: 3, extrinsicReward: 2, intrinsicReward: 1, terminated: true },
  ...{ truncated: false, reason: 'terminated' },
  ...fields,
})

export const sampled = (
  globalStep: number,
  values: Record<string, number>,
): EventOf<'metrics_sampled'> => ({ type: 'metrics_sampled', globalStep, values })

const agents = fc.constantFrom('a', 'b', 'constructor', 'hasOwnProperty')
const metricNames = fc.constantFrom('loss', 'constructor', 'toString', '__proto_', 'train/entropy')
const values = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity),
)
const episodes = fc.integer({ min: 1, max: 6 })
const rule = 'best(2) or worst(1) or stage changed'

/** Any event at any time: beginnings and ends are lost, episodes change without a word. */
export const anyHistory: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    fc
      .tuple(agents, episodes, fc.option(fc.nat(3)))
      .map(([agent, episode, stage]) =>
        began(episode, stage === null ? { agent } : { agent, stage, seed: episode, epsilon: 0.5 }),
      ),
    {
      weight: 4,
      arbitrary: fc
        .tuple(agents, episodes, values, fc.boolean())
        .map(([agent, episode, reward, terminated]) =>
          step(episode, 0, { agent, reward, terminated }),
        ),
    },
    fc.tuple(agents, episodes).map(([agent, episode]) => frame(episode, 0, { agent })),
    fc
      .tuple(
        agents,
        episodes,
        values,
        fc.nat(50),
        fc.constantFrom('terminated', 'interrupted', 'x'),
      )
      .map(([agent, episode, totalReward, steps, reason]) =>
        ended(episode, { agent, totalReward, steps, reason }),
      ),
    fc
      .tuple(agents, episodes)
      .map(([agent, episode]) => ended(episode, { agent, reason: 'discarded', discarded: true })),
    fc
      .tuple(fc.nat(1000), fc.uniqueArray(fc.tuple(metricNames, values), { selector: ([n]) => n }))
      .map(([globalStep, pairs]) => sampled(globalStep, Object.fromEntries(pairs))),
    fc.constantFrom<Event>(
      { type: 'gap_found', cause: 'ring_full', events: 3, bytes: 100 },
      { type: 'input_refused', agent: 'a', code: 'BAD_STEP', message: 'm', count: 2 },
      { type: 'run_started', run: 'r2', name: 'again', pid: 1, software: 's' },
      { type: 'run_started', run: 'r3', name: 'kept', pid: 1, software: 's', keep: rule },
      { type: 'unknown', kind: 999, version: 1, body: new Uint8Array(8) },
    ),
  ),
  { maxLength: 120, size: 'max' },
)

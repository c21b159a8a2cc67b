// What Prometheus is told at /metrics: the state of the run as of its last half second, and of the
// process. Names begin with `rollcast_` and end in their base unit; labels are names out of the
// topology, so that there are as many series as actors and channels, however long a run lasts.
import { collectDefaultMetrics, Registry } from 'prom-client'
import { isRunning } from '../machines/state-name.ts'
import type { LaneStatus } from '../protocol/lane.ts'
import type { RunTotals } from '../protocol/projection.ts'
import type { ActorStatus, SystemNotice } from '../protocol/thread-messages.ts'
import type { HubCounters } from './hub.ts'
import { type MetricFamily, ofRefusals, register, type Sample } from './metric-family.ts'

export interface MetricsSource {
  /** Null before the first notice. */
  readonly system: SystemNotice | null
  readonly counters: HubCounters
  /** Sums over the run; undefined before the first projection. */
  readonly totals: RunTotals | undefined
}

type Family = MetricFamily<MetricsSource>

/** Answers `/metrics` of one gateway. */
export class Metrics {
  readonly #registry = new Registry()

  /** `refused`: how often something was refused at the door, by what it was refused with. */
  constructor(source: MetricsSource, refused: ReadonlyMap<string, number> = new Map()) {
    collectDefaultMetrics({ register: this.#registry, prefix: 'rollcast_' })
    for (const family of families) register(this.#registry, family, source)
    register(this.#registry, ofRefusals('rollcast_refused_requests_total', refused), source)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The text of everything, as of now. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

const ofRun = (
  name: string,
  help: string,
  read: (system: SystemNotice) => number | boolean | null,
): Family => ({
  name: `rollcast_${name}`,
  help,
  samples: ({ system }) => (system === null ? [] : sampleOf(read(system))),
})

const sampleOf = (value: number | boolean | null): Sample[] =>
  value === null ? [] : [[Number(value)]]

/** Frames on their way to viewers; none where no trainer shows any. */
const ofLane = (
  name: string,
  help: string,
  read: (lane: LaneStatus) => number | boolean | null,
): Family => ofRun(`lane_${name}`, help, ({ lane }) => lane && read(lane))

const ofTotals = (name: string, help: string, key: keyof RunTotals): Family => ({
  name: `rollcast_${name}_total`,
  help,
  samples: ({ totals }) => (totals === undefined ? [] : [[totals[key]]]),
})

const ofViewers = (name: string, help: string, key: keyof HubCounters): Family => ({
  name: `rollcast_${name}`,
  help,
  samples: ({ counters }) => [[counters[key]]],
})

const ofActors = (
  name: string,
  help: string,
  read: (actor: ActorStatus) => number | boolean | null,
): Family => ({
  name: `rollcast_actor_${name}`,
  help,
  labels: ['actor'],
  samples: ({ system }) =>
    (system?.actors ?? []).flatMap(actor =>
      sampleOf(read(actor)).map(([value]): Sample => [value, { actor: actor.name }]),
    ),
})

const ofChannels = (
  name: string,
  help: string,
  read: (channel: ActorStatus['channels'][number]) => number,
): Family => ({
  name: `rollcast_channel_${name}`,
  help,
  labels: ['channel'],
  samples: ({ system }) =>
    (system?.actors ?? []).flatMap(({ channels }) =>
      channels.map((channel): Sample => [read(channel), { channel: channel.name }]),
    ),
})

const families: readonly Family[] = [
  ofRun('healthy', '1 while everything is recorded.', system => system.healthy),
  ofRun('trainer_attached', '1 while a trainer is attached.', system => system.trainerAttached),
  ofRun('trainer_cost_ratio', 'Share of its time that recording costs the trainer.', system =>
    system.trainerCostPercent === null ? null : system.trainerCostPercent / 100,
  ),
  ofRun('log_durable_events', 'Events that are safe on disk.', system => system.durable.seq),
  ofRun('log_newest_events', 'Events that were taken in.', system => system.newest.seq),
  ofRun('log_epoch', 'How often the log was opened for writing.', system => system.durable.epoch),
  ofTotals('episodes', 'Episodes that have ended.', 'episodes'),
  ofTotals('steps', 'Steps that were recorded.', 'steps'),
  ofTotals('frames', 'Frames that were recorded.', 'frames'),
  ofTotals('lost_events', 'Events that were lost before the log and counted.', 'lostEvents'),
  ofTotals('refused_inputs', 'Inputs of the trainer that were refused.', 'refusedInputs'),
  ofLane('wanted_frames_per_second', 'The most that any viewer wants.', lane => lane.wantedFps),
  ofLane('stuck', '1 while frames come by the log instead.', lane => lane.source === 'log'),
  ofLane('published_frames_total', 'Frames that the trainer published.', lane => lane.published),
  ofLane('refused_frames_total', 'Frames that did not fit.', lane => lane.refused),
  ofLane('skipped_frames_total', 'Frames passed over for newer ones.', lane => lane.skipped),
  ofLane('shown_frames_total', 'Frames handed to viewers, by any way.', lane => lane.shown),
  ofLane('steps_per_second', 'Of the trainer, at its newest frame.', ({ hud }) =>
    hud === null ? null : hud.stepsPerSecond,
  ),
  ofActors('running', '1 while the actor runs.', ({ state }) => isRunning(state)),
  ofActors('hindered', '1 while it cannot do all that it should.', actor => actor.reason !== null),
  ofActors('restarts_total', 'Restarts since the run began.', actor => actor.restarts),
  ofActors('lag_events', 'Events behind the durable end of the log.', actor => actor.lag),
  ofActors('quarantined_events', 'Events passed over.', actor => actor.quarantined.length),
  ofChannels('offered_total', 'Items offered.', channel => channel.offered),
  ofChannels('taken_total', 'Items taken by the consumer.', channel => channel.taken),
  ofChannels('dropped_total', 'Items dropped by policy.', channel => channel.dropped),
  ofChannels('spilled_total', 'Items that went to the heap.', channel => channel.spilled),
  ofChannels(
    'blocked_seconds_total',
    'Time that the producer waited for room.',
    channel => channel.blockedMillis / 1000,
  ),
  ofChannels('depth_items', 'Items waiting.', channel => channel.depth),
  ofChannels('depth_bytes', 'Bytes waiting.', channel => channel.depthBytes),
  ofChannels('high_water_items', 'The most items that ever waited.', channel => channel.highWater),
  ofViewers('viewers', 'Viewers connected now.', 'viewers'),
  ofViewers('viewer_messages_built_total', 'Distinct messages made for viewers.', 'built'),
  ofViewers('viewer_messages_sent_total', 'Messages handed to sockets.', 'sent'),
  ofViewers('viewer_messages_dropped_total', 'Messages given up for slow viewers.', 'dropped'),
  ofViewers('viewer_queued_bytes', 'Memory that waits for viewers, all together.', 'queuedBytes'),
  ofViewers('viewers_crowded_out_total', 'Viewers cut for want of that memory.', 'crowdedOut'),
  ofViewers('viewer_answers_refused_total', 'Answers refused for want of it.', 'answersRefused'),
]

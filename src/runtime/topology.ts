// Who runs where, and what flows between them under which policy: data, so that it can be read,
// drawn and tested without running anything. A channel reads as a sentence: from, to, how.
import { KIB, MIB } from '../base/bytes.ts'
import { type EncoderName, encoderNames } from '../protocol/encoder-names.ts'
import { limits } from '../protocol/limits.ts'
import type { ChannelSpec, Policy } from '../protocol/policies.ts'
import type { Placement } from '../protocol/thread-messages.ts'

export type ActorKind = 'recorder' | 'encoder' | 'aggregator' | 'broadcaster' | 'player' | 'dataset'
/** Of a kind of which there may be several, all but the first have a number: `encoder-2`. */
export type ActorName = ActorKind | EncoderName

export const kindOf = (name: ActorName): ActorKind => name.replace(/-\d+$/, '') as ActorKind

export interface ActorSpec {
  readonly name: ActorName
  readonly placement: Placement
  /**
   * Whether its thread may be ended from outside when it is stuck: only one that does not write
   * to LMDB and is not inside FFmpeg; ending those takes the whole process down.
   */
  readonly mayTerminate: boolean
  /**
   * Whether another may take its place while it hangs and cannot be ended: not one that holds what
   * only one can hold, such as the page's port.
   */
  readonly replaceable: boolean
}

/** An actor, the host, or the thread that makes pictures for viewers. */
export type ChannelEnd = ActorName | 'host' | 'previews'

export interface ChannelRoute {
  readonly spec: ChannelSpec
  readonly from: ChannelEnd
  readonly to: ChannelEnd
}

export interface Topology {
  /** In the order of starting; stopping goes the other way round. */
  readonly actors: readonly ActorSpec[]
  /** Those that are started when there is work for them: an encoder for each further camera. */
  readonly onDemand: readonly ActorSpec[]
  readonly channels: readonly ChannelRoute[]
}

/** The kinds that may be started in a thread, each once. */
export const kindsInThreads = ({ actors, onDemand }: Topology): readonly ActorKind[] => [
  ...new Set(
    [...actors, ...onDemand]
      .filter(({ placement }) => placement === 'thread')
      .map(({ name }) => kindOf(name)),
  ),
]

/** What `end` sends on and receives from. */
export const endsOf = ({ channels }: Pick<Topology, 'channels'>, end: ChannelEnd) => ({
  sends: channels.filter(({ from }) => from === end).map(({ spec }) => spec),
  receives: channels.filter(({ to }) => to === end).map(({ spec }) => spec),
})

const channel = (
  name: string,
  from: ChannelRoute['from'],
  to: ChannelRoute['to'],
  kind: Exclude<Policy['kind'], 'sample' | 'spill'>,
  countMax: number,
  bytesMax: number,
): ChannelRoute => ({ spec: { name, policy: { kind }, countMax, bytesMax }, from, to })

/** From a source of material (the recorder, or the player) to those who show it. */
const feed = (source: 'recorder' | 'player'): ChannelRoute[] => [
  channel(`${source}.live`, source, 'broadcaster', 'drop-oldest', 1024, 16 * MIB),
  channel(`${source}.frames`, source, 'broadcaster', 'latest', 64, 64 * MIB),
  channel('aggregator.durable', source, 'aggregator', 'latest', 1, KIB),
]

const saving: readonly ChannelRoute[] = [
  channel('dataset.durable', 'recorder', 'dataset', 'latest', 1, KIB),
  channel('dataset.facts', 'dataset', 'recorder', 'block', 256, 16 * MIB),
]

const viewing: readonly ChannelRoute[] = [
  channel('aggregator.projection', 'aggregator', 'broadcaster', 'latest', 1, 4 * MIB),
  channel('broadcaster.queries', 'broadcaster', 'host', 'drop-newest', 64, MIB),
  channel('host.answers', 'host', 'broadcaster', 'block', 64, 64 * MIB),
  channel('broadcaster.stills', 'broadcaster', 'previews', 'drop-newest', 8, 64 * MIB),
  channel('previews.stills', 'previews', 'broadcaster', 'block', 8, 64 * MIB),
  channel('host.system', 'host', 'broadcaster', 'latest', 1, MIB),
]

/** Readers of the log, which may be ended and replaced. */
const reader = (name: ActorName, placement: Placement = 'thread'): ActorSpec => {
  return { name, placement, mayTerminate: true, replaceable: true }
}
const aggregator = reader('aggregator')
/** All that there may be. */
const encoders = encoderNames(limits.encodersMax)
const broadcaster: ActorSpec = { ...reader('broadcaster'), replaceable: false }
/**
 * What it still does when it wakes up is refused: the epoch of its successor fences it. Where
 * another process writes the log, that ends with its thread.
 */
const recorder = (logPlacement: Placement): ActorSpec => {
  return { ...reader('recorder'), mayTerminate: logPlacement === 'process' }
}

const concernsViewers = ({ from, to }: ChannelRoute): boolean =>
  from === 'broadcaster' || to === 'broadcaster'

/** A run that is being recorded; `live` adds those who show it. */
export function recordingTopology(options: {
  readonly live: boolean
  readonly encoderPlacement: Placement
  readonly logPlacement: Placement
  /** Whether encoders encode. */
  readonly video?: boolean
  /** Whether episodes become a dataset. */
  readonly dataset?: boolean
}): Topology {
  // Stopped after those whose facts it waits for, and before who records its own.
  const dataset: ActorSpec = {
    ...reader('dataset', options.encoderPlacement),
    mayTerminate: options.video !== true,
  }
  const [first, ...further] = encoders.map(
    (name): ActorSpec => ({
      ...reader(name, options.encoderPlacement),
      mayTerminate: options.video !== true,
    }),
  )
  return {
    actors: [
      recorder(options.logPlacement),
      ...(options.dataset ? [dataset] : []),
      first!,
      aggregator,
      ...(options.live ? [broadcaster] : []),
    ],
    onDemand: further,
    channels: [
      ...feed('recorder'),
      ...encoders.flatMap(name => [
        channel(`${name}.durable`, 'recorder', name, 'latest', 1, KIB),
        channel(`${name}.facts`, name, 'recorder', 'block', 256, 16 * MIB),
      ]),
      ...(options.dataset ? saving : []),
      channel('aggregator.facts', 'aggregator', 'recorder', 'block', 256, 16 * MIB),
      channel('host.facts', 'host', 'recorder', 'drop-oldest', 256, 16 * MIB),
      ...viewing,
    ].filter(route => options.live || !concernsViewers(route)),
  }
}

/** A run that is read from its log: served as it grows, or replayed. */
export function playingTopology(live: boolean): Topology {
  return {
    actors: [reader('player'), aggregator, ...(live ? [broadcaster] : [])],
    onDemand: [],
    channels: [...feed('player'), ...viewing].filter(route => live || !concernsViewers(route)),
  }
}

/** No run yet: a page that says so. */
export const waitingTopology: Topology = {
  actors: [broadcaster],
  onDemand: [],
  channels: viewing.filter(route => route.from !== 'aggregator'),
}

/** The bounds of the trainer's own channel, the ingress ring, for those who list channels. */
export const ingressSpec: ChannelSpec = {
  name: 'trainer.ingress',
  policy: {
    kind: 'spill',
    spillCountMax: limits.spillCountMax,
    spillBytesMax: limits.spillBytesMax,
  },
  countMax: limits.spillCountMax,
  bytesMax: limits.ringBytes,
}

import { describe, expect, test } from 'vitest'
import {
  ingressSpec,
  kindsInThreads,
  playingTopology,
  recordingTopology,
  type Topology,
  waitingTopology,
} from '../../src/runtime/topology.ts'

const topologies: Record<string, Topology> = {
  'recording, live': recordingTopology({
    live: true,
    encoderPlacement: 'thread',
    logPlacement: 'thread',
  }),
  'recording, with a dataset': recordingTopology({
    live: false,
    encoderPlacement: 'thread',
    logPlacement: 'thread',
    dataset: true,
  }),
  'recording, unwatched': recordingTopology({
    live: false,
    encoderPlacement: 'process',
    logPlacement: 'process',
  }),
  'playing, live': playingTopology(true),
  'playing, unwatched': playingTopology(false),
  waiting: waitingTopology,
}

const policyOf = (topology: Topology, name: string) =>
  topology.channels.find(route => route.spec.name === name)?.spec.policy.kind

for (const [title, topology] of Object.entries(topologies)) {
  describe(`the topology: ${title}`, () => {
    const ends = new Set<string>([
      'host',
      'previews',
      ...[...topology.actors, ...topology.onDemand].map(actor => actor.name),
    ])

    test('has both ends of every channel, and they are two', () => {
      for (const { spec, from, to } of topology.channels) {
        expect(ends.has(from) && ends.has(to), spec.name).toBe(true)
        expect(from).not.toBe(to)
      }
    })

    test('has every actor and every channel once', () => {
      const names = [
        ...topology.actors,
        ...topology.onDemand,
        ...topology.channels.map(route => route.spec),
      ]
      expect(new Set(names.map(({ name }) => name)).size).toBe(names.length)
    })

    test('invariant 4: bounds every channel in count and bytes', () => {
      for (const { spec } of topology.channels) {
        expect(spec.countMax >= 1 && Number.isSafeInteger(spec.countMax), spec.name).toBe(true)
        expect(spec.bytesMax >= 1 && Number.isSafeInteger(spec.bytesMax), spec.name).toBe(true)
      }
    })

    test('names a channel for the actor that it serves', () => {
      for (const { spec, from, to } of topology.channels) {
        expect([from, to]).toContain(spec.name.split('.')[0])
      }
    })

    test('loses no fact: facts of actors and answers wait for room', () => {
      for (const { spec, from } of topology.channels) {
        const isOwed = /\.(facts|answers)$/.test(spec.name) && spec.name !== 'host.facts'
        if (isOwed) expect(spec.policy.kind, `${from}: ${spec.name}`).toBe('block')
      }
    })

    test('L10: holds no recorder or player up for a viewer', () => {
      for (const { spec, from, to } of topology.channels) {
        if (to === 'broadcaster' && from !== 'host' && from !== 'previews') {
          expect(['drop-oldest', 'latest'], spec.name).toContain(spec.policy.kind)
        }
      }
    })

    test('invariant 9: never ends a thread from outside that writes to the log', () => {
      for (const actor of topology.actors) {
        const isApart = title === 'recording, unwatched'
        expect(actor.mayTerminate, actor.name).toBe(actor.name !== 'recorder' || isApart)
      }
    })
  })
}

describe('who runs', () => {
  const names = (topology: Topology): string[] => topology.actors.map(actor => actor.name)

  test('starts with the one that holds the log', () => {
    expect(names(topologies['recording, live']!)).toEqual([
      ...['recorder', 'encoder', 'aggregator', 'broadcaster'],
    ])
    expect(names(topologies['playing, live']!)).toEqual(['player', 'aggregator', 'broadcaster'])
    expect(names(waitingTopology)).toEqual(['broadcaster'])
  })

  test('L4: without a live stream is no broadcaster, and no channel for one', () => {
    for (const title of ['recording, unwatched', 'playing, unwatched']) {
      const topology = topologies[title]!
      expect(names(topology)).not.toContain('broadcaster')
      expect(topology.channels.some(route => route.spec.name.endsWith('.live'))).toBe(false)
    }
  })

  test('has the encoder where it was asked to be', () => {
    const placements = topologies['recording, unwatched']!.actors.map(actor => actor.placement)
    expect(placements).toEqual(['thread', 'process', 'thread'])
  })

  test('P11: a spare thread loads who may take its place in this run, and nobody else', () => {
    expect(kindsInThreads(topologies['recording, live']!)).toEqual([
      ...['recorder', 'encoder', 'aggregator', 'broadcaster'],
    ])
    expect(kindsInThreads(topologies['recording, unwatched']!)).toEqual(['recorder', 'aggregator'])
    expect(kindsInThreads(topologies['playing, unwatched']!)).toEqual(['player', 'aggregator'])
  })
})

describe('the way of data', () => {
  const recording = topologies['recording, live']!

  test('is lossless for the log`s consumers: they are told how far to read, and block with facts', () => {
    for (const consumer of ['encoder', 'aggregator']) {
      expect(policyOf(recording, `${consumer}.durable`)).toBe('latest')
      expect(policyOf(recording, `${consumer}.facts`)).toBe('block')
    }
  })

  test('X6: who makes the dataset stops after those it waits for, and is never ended inside FFmpeg', () => {
    const placed = { encoderPlacement: 'process', logPlacement: 'thread' } as const
    const { actors } = recordingTopology({ live: true, ...placed, video: true, dataset: true })
    expect(actors.map(({ name }) => name).slice(0, 3)).toEqual(['recorder', 'dataset', 'encoder'])
    expect(actors[1]).toMatchObject({ placement: 'process', mayTerminate: false })
  })

  test('L6: drops the oldest on the way to viewers, and keeps the newest frame of each camera', () => {
    expect(policyOf(recording, 'recorder.live')).toBe('drop-oldest')
    expect(policyOf(recording, 'recorder.frames')).toBe('latest')
    expect(policyOf(recording, 'aggregator.projection')).toBe('latest')
  })

  test('invariant 6: from the player is that from the recorder under another name', () => {
    const toBroadcaster = (topology: Topology, source: string) =>
      topology.channels
        .filter(route => route.to === 'broadcaster' || route.to === 'aggregator')
        .map(({ spec, from, to }) => ({
          ...{ ...spec, name: spec.name.replace(source, 'source') },
          ...{ from: from === source ? 'source' : from, to },
        }))
    const player = toBroadcaster(topologies['playing, live']!, 'player')
    expect(player).toEqual(toBroadcaster(recording, 'recorder'))
  })

  test('begins with the trainer, whose channel spills and is bounded', () => {
    expect(ingressSpec.policy).toEqual({
      ...{ kind: 'spill', spillCountMax: 1_000_000, spillBytesMax: 64 * 1024 * 1024 },
    })
  })
})

// How a host starts its actors.
import { describe, expect, test } from 'vitest'
import { newHost } from './new-host.ts'

describe('starting', () => {
  test('goes in the order of the topology, each actor when the one before it runs', () => {
    const { host, spawned, started } = newHost()
    host.start()
    for (const kind of ['recorder', 'encoder', 'aggregator', 'broadcaster']) {
      expect(spawned.at(-1)?.kind).toBe(kind)
      expect(started).toEqual([])
      spawned.at(-1)?.ready({ of: kind })
    }
    expect(spawned.length).toBe(4)
    expect(started).toEqual([
      {
        ...{ recorder: { of: 'recorder' }, encoder: { of: 'encoder' } },
        ...{ aggregator: { of: 'aggregator' }, broadcaster: { of: 'broadcaster' } },
      },
    ])
  })

  test('gives each actor its config and the channels that the topology gives it', () => {
    const { actor, run } = newHost({ faults: true })
    run()
    const { start } = actor('recorder')
    expect(start).toMatchObject({
      ...{ name: 'recorder', placement: 'thread', config: { runDir: 'r' }, restarts: 0 },
      faults: true,
    })
    const encoders = ['encoder', ...[2, 3, 4, 5, 6, 7, 8].map(number => `encoder-${number}`)]
    expect(start.sends.map(({ name }) => name)).toEqual([
      ...['recorder.live', 'recorder.frames', 'aggregator.durable'],
      ...encoders.map(name => `${name}.durable`),
    ])
    expect(start.receives.map(({ name }) => name)).toEqual([
      ...encoders.map(name => `${name}.facts`),
      ...['aggregator.facts', 'host.facts'],
    ])
  })

  test('connects both ends of every channel, once', () => {
    const { spawned, run } = newHost()
    run()
    for (const { start, ports } of spawned) {
      const all = [...start.sends, ...start.receives].map(({ name }) => name)
      // Nobody is there yet for a second camera.
      const names = all.filter(name => !/^encoder-\d/.test(name))
      expect([...ports.keys()].sort()).toEqual(names.sort())
      for (const given of ports.values()) expect(given.length).toBe(1)
    }
  })

  test('gives each further camera an encoder, when it appears, and shows its channels then', () => {
    const { host, actor, spawned, run, lives } = newHost()
    const channels = (): string[] =>
      host.status().actors.flatMap(({ channels }) => channels.map(({ name }) => name))
    run()
    actor('recorder').tell({ type: 'noted', facts: { encoders: 1 } })
    expect(lives('encoder')).toBe(1)
    actor('recorder').tell({ type: 'noted', facts: { encoders: 3 } })
    // One after the other.
    expect(spawned.at(-1)?.start).toMatchObject({ name: 'encoder-2', placement: 'thread' })
    expect(lives('encoder')).toBe(2)
    actor('encoder').ready()
    expect(spawned.at(-1)?.start.name).toBe('encoder-3')
    actor('encoder').ready()
    actor('recorder').tell({ type: 'noted', facts: { encoders: 3 } })
    expect(lives('encoder')).toBe(3)
    const names = host.status().actors.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['encoder', 'encoder-2', 'encoder-3']))
    expect(channels().filter(name => name.startsWith('encoder-4'))).toEqual([])
  })

  test('of an actor that is refused is the end of all, with its reason, and no second try', () => {
    const { host, actor, ended, started, clock, lives } = newHost()
    host.start()
    actor('recorder').ready()
    actor('encoder').refuse('LOG_CORRUPT', 'event 7 cannot be decoded')
    expect(actor('recorder').asked).toMatchObject({ type: 'drain' })
    clock.advance(60_000)
    expect([lives('recorder'), lives('encoder'), started]).toEqual([1, 1, []])
    expect(ended).toEqual([{ code: 'LOG_CORRUPT', message: 'event 7 cannot be decoded' }])
  })
})

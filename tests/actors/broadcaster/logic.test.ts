import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LiveFeed } from '../../../src/actors/broadcaster/logic.ts'
import type { FinishedEpisode, Publication } from '../../../src/gateway/publication.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { limits } from '../../../src/protocol/limits.ts'
import { endOf, FeedMaker, frameLayout, frameOf, stepLayout, stepOf } from './feed.ts'

const began = (agent: string, episode: number, stage?: number): Event => ({
  type: 'episode_began',
  agent,
  episode,
  ...(stage === undefined ? {} : { stage }),
})

const playedOut = (agent: string, episode: number, steps: number): Event[] => [
  began(agent, episode),
  ...Array.from({ length: steps }, (_, i) => stepOf(agent, episode, i)),
  endOf(agent, episode, steps),
]

function started(...agents: string[]): { feed: LiveFeed; maker: FeedMaker } {
  const feed = new LiveFeed()
  const maker = new FeedMaker()
  feed.fold(maker.batch(...agents.map((agent, i) => maker.declare(stepLayout(i + 1, agent)))))
  return { feed, maker }
}

const of =
  (agent: string) =>
  ({ material }: FinishedEpisode): boolean =>
    material.row.agent === agent

const kinds = (shown: readonly Publication[]): string[] => shown.map(({ kind }) => kind)

const ended = (shown: readonly Publication[]) => shown.filter(one => one.kind === 'ended')

describe('episodes', () => {
  test('one episode is shown as it is played, with the reward that has truly accumulated', () => {
    const { feed, maker } = started('a')
    const shown = feed.fold(maker.batch(...playedOut('a', 1, 3)))
    expect(kinds(shown)).toEqual(['began', 'stepped', 'stepped', 'stepped', 'ended'])
    const steps = shown.flatMap(one => (one.kind === 'stepped' ? [one.step] : []))
    expect(steps.map(step => step.cumulativeReward)).toEqual([1.5, 4, 7.5])
    expect(steps[2]).toMatchObject({ position: [2, 0], meters: { energy: 0.5 }, qValues: null })
    expect(ended(shown)[0]).toMatchObject({
      subject: { row: { episode: 1, totalReward: 7.5, firstSeq: 2, lastSeq: 6 }, better: 0 },
      finished: { material: { thinnedBy: 1, frames: 0 } },
    })
    expect(feed.newestFinished(of('a'))?.material.steps.at(-1)).toMatchObject({
      step: 2,
      done: true,
    })
  })

  test('an episode whose end never came is closed by the next one (L2)', () => {
    const { feed, maker } = started('a')
    feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 0)))
    const shown = feed.fold(maker.batch(stepOf('a', 2, 0), stepOf('a', 2, 1), endOf('a', 2, 2)))
    expect(kinds(shown)).toEqual(['ended', 'began', 'stepped', 'stepped', 'ended'])
    expect(ended(shown)).toMatchObject([
      { subject: { row: { episode: 1, steps: 1, reason: 'superseded' } }, finished: null },
      { subject: { row: { episode: 2 }, previous: { episode: 1 } }, finished: {} },
    ])
  })

  test('L13 each has its place among those that ended before it, also past a new epoch', () => {
    const { feed, maker } = started('a', 'b')
    const declared = () => ['a', 'b'].map((agent, at) => maker.declare(stepLayout(at + 1, agent)))
    const lengths = [3, 1, 4, 3]
    const shown = lengths.flatMap((steps, at) => {
      if (at === 2) maker.epoch++
      const agent = at % 2 === 0 ? 'a' : 'b'
      return feed.fold(maker.batch(...declared(), ...playedOut(agent, at + 1, steps)))
    })
    const places = ended(shown).map(({ subject: { row, previous, better, worse } }) => {
      return [row.episode, previous?.episode, better, worse]
    })
    expect(places).toEqual([
      [1, undefined, 0, 0],
      [2, undefined, 1, 0],
      [3, 1, 0, 2],
      [4, 2, 2, 2],
    ])
    const replayed = feed.fold({
      ...maker.batch(...declared(), ...playedOut('a', 9, 2)),
      mode: 'replay',
    })
    expect(ended(replayed)[0]?.subject).toMatchObject({ previous: undefined, better: 0, worse: 0 })
  })

  test('L19 one that was discarded is shown, takes no place and is no episode before', () => {
    const { feed, maker } = started('a')
    const shown = feed.fold(
      maker.batch(
        ...playedOut('a', 1, 2),
        ...playedOut('a', 2, 5).slice(0, -1),
        { ...endOf('a', 2, 5), reason: 'discarded', discarded: true },
        ...playedOut('a', 3, 3),
      ),
    )
    const places = ended(shown).map(({ subject: { row, previous, better, worse } }) => {
      return [row.episode, previous?.episode, better, worse]
    })
    expect(places).toEqual([
      [1, undefined, 0, 0],
      [2, 1, Infinity, Infinity],
      [3, 1, 0, 1],
    ])
  })

  test('an episode that was joined late has no sum rather than a wrong one', () => {
    const { feed, maker } = started('a')
    const shown = feed.fold(maker.batch(stepOf('a', 1, 5), stepOf('a', 1, 6), endOf('a', 1, 7)))
    const steps = shown.flatMap(one => (one.kind === 'stepped' ? [one.step] : []))
    expect(steps.map(step => step.cumulativeReward)).toEqual([Number.NaN, Number.NaN])
    expect(ended(shown)[0]).toMatchObject({
      subject: { row: { totalReward: 31.5 } },
      finished: null,
    })
  })

  test('D5 an episode whose beginning is told again, after a full disk, goes on as it is', () => {
    const { feed, maker } = started('a')
    feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 0)))
    const shown = feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 1), endOf('a', 1, 2)))
    expect(kinds(shown)).toEqual(['stepped', 'ended'])
    expect(ended(shown)[0]).toMatchObject({ subject: { row: { steps: 2 } }, finished: {} })
  })

  test('an episode whose beginning is told with a gap is not taken for a whole one', () => {
    const { feed, maker } = started('a')
    const events = [began('a', 1), stepOf('a', 1, 5), endOf('a', 1, 6)]
    expect(ended(feed.fold(maker.batch(...events)))[0]).toMatchObject({ finished: null })
  })

  test('a step that is missing without a gap in the feed is noticed too', () => {
    const { feed, maker } = started('a')
    const events = [began('a', 1), stepOf('a', 1, 0), stepOf('a', 1, 2), endOf('a', 1, 3)]
    expect(ended(feed.fold(maker.batch(...events)))[0]).toMatchObject({ finished: null })
  })

  test('long episodes are thinned out by doubling, and keep first and last step', () => {
    const { feed, maker } = started('a')
    const length = limits.liveEpisodeSteps * 2 + 17
    feed.fold(maker.batch(began('a', 1)))
    for (let step = 0; step < length; step += 1000) {
      const some = Array.from({ length: Math.min(1000, length - step) }, (_, i) =>
        stepOf('a', 1, step + i),
      )
      feed.fold(maker.batch(...some))
    }
    feed.fold(maker.batch(endOf('a', 1, length)))
    const { steps, thinnedBy } = feed.newestFinished(of('a'))!.material
    expect(thinnedBy).toBe(4)
    expect(steps.length).toBeLessThanOrEqual(limits.liveEpisodeSteps + 1)
    expect(steps.at(-1)?.step).toBe(length - 1)
    expect(steps.slice(0, 3).map(step => step.step)).toEqual([0, 4, 8])
    expect(steps.at(-1)?.cumulativeReward).toBe((length * (length + 1)) / 2 + length * 0.5)
  })

  test('the newest ten finished episodes are held, and drops are counted (L6)', () => {
    const { feed, maker } = started('a')
    for (let episode = 1; episode <= 25; episode++) {
      feed.fold(maker.batch(...playedOut('a', episode, 2)))
      expect(feed.newestFinished(of('a'))?.material.row.episode).toBe(episode)
    }
    expect(feed.episodesQueued).toBe(limits.liveEpisodes)
    expect(feed.episodesDropped).toBe(15)
  })
})

describe('agents', () => {
  test('the default agent is the first with frames, else the first seen', () => {
    const { feed, maker } = started('a', 'b')
    expect(feed.defaultAgent).toBe(null)
    feed.fold(maker.batch(began('a', 1), began('b', 2)))
    expect([feed.agents, feed.defaultAgent]).toEqual([['a', 'b'], 'a'])
    feed.fold(maker.batch(maker.declare(frameLayout(9, 'b')), frameOf('b', 2)))
    expect(feed.defaultAgent).toBe('b')
    expect(feed.open('b')).toMatchObject({ episode: 2 })
  })
})

test('U12 the newest frame of an agent is of the camera that it had first, until another run is fed', () => {
  const { feed, maker } = started('a')
  expect(feed.newestFrame('a')).toBeUndefined()
  feed.fold(maker.batch(maker.declare(frameLayout(8, 'a')), frameOf('a', 1)))
  expect(feed.newestFrame('a')).toBe(maker.seq)
  feed.fold(maker.batch(began('a', 1), frameOf('a', 1)))
  const newest = maker.seq
  feed.fold(maker.batch(maker.declare(frameLayout(9, 'a', 'wrist')), frameOf('a', 1, 'wrist')))
  expect([feed.newestFrame('a'), feed.newestFrame('b')]).toEqual([newest, undefined])
  maker.epoch = 2
  feed.fold(maker.batch(began('a', 2)))
  expect(feed.newestFrame('a')).toBe(newest)
  maker.mode = 'replay'
  feed.fold(maker.batch(began('a', 3)))
  expect(feed.newestFrame('a')).toBeUndefined()
})

test('a batch that says what was declared before it is read in the middle of a run', () => {
  const { maker } = started('a')
  const feed = new LiveFeed()
  const shown = feed.fold({ ...maker.batch(stepOf('a', 7, 3)), layouts: [stepLayout(1, 'a')] })
  expect(kinds(shown)).toEqual(['began', 'stepped'])
  expect([feed.needsLayouts, feed.counters.unreadEvents]).toEqual([false, 0])
})

describe('mode (L9)', () => {
  test('it is waiting, live, and after the trainer has left no longer live', () => {
    const feed = new LiveFeed()
    const maker = new FeedMaker()
    expect(feed.mode).toBe('waiting')
    feed.fold(maker.batch(maker.declare(stepLayout(1, 'a')), began('a', 1), stepOf('a', 1, 0)))
    expect(feed.mode).toBe('live')
    feed.noteTrainerLeft()
    expect(feed.mode).toBe('waiting')
    feed.fold(maker.batch(stepOf('a', 1, 1), endOf('a', 1, 2)))
    expect(feed.mode).toBe('live')
    feed.fold(maker.batch({ type: 'run_ended', reason: 'closed' }))
    expect(feed.mode).toBe('checkpoint')
    // Facts of other actors come after the trainer has gone, and do not bring it back.
    feed.fold(
      maker.batch({
        type: 'actor_changed',
        actor: 'encoder',
        machine: 'encoder',
        from: 'running',
        to: 'stopped',
        restarts: 0,
      }),
    )
    expect(feed.mode).toBe('checkpoint')
    feed.fold(maker.batch(began('a', 2)))
    expect(feed.mode).toBe('live')
  })

  test('a player says what it plays, and another epoch or source starts over', () => {
    const { feed, maker } = started('a')
    feed.fold(maker.batch(...playedOut('a', 1, 2)))
    const player = new FeedMaker()
    player.mode = 'replay'
    const declared = player.declare(stepLayout(1, 'a'))
    const shown = feed.fold(player.batch(declared, began('a', 1)))
    expect(kinds(shown)).toEqual(['restarted', 'began'])
    expect([feed.mode, feed.newestFinished(of('a'))]).toEqual(['replay', undefined])
    player.seq = 0
    expect(kinds(feed.fold(player.batch(declared, began('a', 1))))[0]).toBe('restarted')
    player.epoch = 2
    expect(kinds(feed.fold(player.batch(declared)))).toEqual(['restarted'])
    expect(feed.position).toEqual({ epoch: 2, seq: 3 })
  })
})

describe('what is missing or damaged', () => {
  test('U12 a feed is blank until something of a trainer comes, though it cannot be read', () => {
    const [feed, maker] = [new LiveFeed(), new FeedMaker()]
    maker.declare(stepLayout(1, 'a'))
    expect(feed.isBlank).toBe(true)
    const change = { from: 'restarting', to: 'running', restarts: 1 }
    const [actor, machine] = ['broadcaster', 'broadcaster']
    feed.fold(maker.batch({ type: 'actor_changed', actor, machine, ...change }))
    expect(feed.isBlank).toBe(true)
    feed.fold(maker.batch(stepOf('a', 1, 5)))
    expect([feed.agents, feed.isBlank]).toEqual([[], false])
  })

  test('steps of an unknown layout are passed over until the log tells it', () => {
    const feed = new LiveFeed()
    const maker = new FeedMaker()
    const layout = stepLayout(1, 'a')
    maker.declare(layout)
    maker.seq = 100
    expect(kinds(feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 0))))).toEqual(['began'])
    expect(feed.needsLayouts).toBe(true)
    expect(feed.counters.unreadEvents).toBe(1)
    feed.learn([layout])
    expect(feed.needsLayouts).toBe(false)
    const shown = feed.fold(maker.batch(stepOf('a', 1, 1), endOf('a', 1, 2)))
    expect(shown[0]).toMatchObject({ kind: 'stepped', step: { cumulativeReward: Number.NaN } })
    expect(ended(shown)[0]).toMatchObject({ finished: null })
  })

  test('random damage is counted and never thrown', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (flips, cut) => {
          const { feed, maker } = started('a')
          const batch = maker.batch(...playedOut('a', 1, 5))
          for (const { at, byte } of flips) batch.records[at % batch.records.length] = byte
          const records = batch.records.subarray(0, cut % (batch.records.length + 1))
          feed.fold({ ...batch, records })
          feed.fold(maker.batch(...playedOut('a', 900, 3)))
          expect(feed.newestFinished(of('a'))?.material.row.episode).toBe(900)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('L17 what was left out on purpose is no gap: an episode around it stays whole', () => {
    const { feed, maker } = started('a', 'b')
    feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 0)))
    maker.batch(...playedOut('b', 2, 3))
    const rest = maker.batch(stepOf('a', 1, 1), endOf('a', 1, 2))
    const [last] = ended(feed.fold({ ...rest, isSelection: true }))
    expect(last).toMatchObject({ subject: { row: { episode: 1, totalReward: 4 } } })
    expect(feed.newestFinished(of('a'))?.material.row.episode).toBe(1)
    expect(feed.counters.missedEvents).toBe(0)
  })

  test('a gap that did not touch an episode leaves it whole, once its next step has come', () => {
    const { feed, maker } = started('a', 'b')
    feed.fold(maker.batch(began('a', 1), stepOf('a', 1, 0)))
    maker.batch(...playedOut('b', 2, 3))
    feed.fold(maker.batch(stepOf('a', 1, 1)))
    expect(feed.counters.missedEvents).toBe(5)
    expect(ended(feed.fold(maker.batch(began('a', 3))))[0]).toMatchObject({
      subject: { row: { episode: 1, reason: 'superseded', totalReward: 4 } },
    })
    maker.batch(...playedOut('b', 4, 3))
    expect(ended(feed.fold(maker.batch(began('a', 5))))[0]).toMatchObject({
      subject: { row: { episode: 3, reason: 'missed', totalReward: Number.NaN } },
    })
  })

  test('a batch cut anywhere counts what could not be read', () => {
    const { feed, maker } = started('a')
    const batch = maker.batch(...playedOut('a', 1, 5))
    feed.fold({ ...batch, records: batch.records.subarray(0, 100) })
    expect(feed.counters.unreadEvents).toBeGreaterThan(0)
    expect(feed.position.seq).toBe(maker.seq)
  })
})

describe('any interleaving of agents, with any batches dropped', () => {
  const agents = ['a', 'b', 'c']
  const script = fc.record({
    /** For each turn: which agent, and what it does (0 ends its episode, else a step). */
    turns: fc.array(fc.tuple(fc.nat(2), fc.nat(5)), { minLength: 1, maxLength: 120 }),
    batchLength: fc.integer({ min: 1, max: 7 }),
    dropped: fc.array(fc.nat(60), { maxLength: 8 }),
  })

  test('sums are right or unknown, episodes never melt, and the newest is never dropped', () => {
    fc.assert(
      fc.property(script, ({ turns, batchLength, dropped }) => {
        const { feed, maker } = started(...agents)
        const events = eventsOf(turns)
        const truth = new Map<number, { agent: string; steps: number; ended: boolean }>()
        for (const event of events) {
          if (event.type === 'episode_began') {
            truth.set(event.episode, { agent: event.agent, steps: 0, ended: false })
          } else if (event.type === 'step_taken') truth.get(event.episode)!.steps++
          else if (event.type === 'episode_ended') truth.get(event.episode)!.ended = true
        }
        const shown: Publication[] = []
        /** Episodes of which an event was dropped. */
        const hurt = new Set<number>()
        for (let at = 0, i = 0; at < events.length; at += batchLength, i++) {
          const some = events.slice(at, at + batchLength)
          const batch = maker.batch(...some)
          if (!dropped.includes(i)) shown.push(...feed.fold(batch))
          else for (const event of some) if ('episode' in event) hurt.add(event.episode)
        }
        const openNow = new Map<string, number>()
        let newest: number | undefined
        for (const one of shown) {
          if (one.kind === 'began') {
            expect(openNow.has(one.agent)).toBe(false)
            openNow.set(one.agent, one.episode)
          } else if (one.kind === 'stepped') {
            expect(openNow.get(one.agent)).toBe(one.episode)
            expect(truth.get(one.episode)?.agent).toBe(one.agent)
            const n = one.step.step + 1
            const sum = (n * (n + 1)) / 2 + n * 0.5
            const unknown = hurt.has(one.episode) && Number.isNaN(one.step.cumulativeReward)
            if (!unknown) expect(one.step.cumulativeReward).toBe(sum)
          } else if (one.kind === 'ended') {
            const { subject, finished } = one
            const { row } = subject
            if (openNow.get(row.agent) === row.episode) openNow.delete(row.agent)
            expect(openNow.has(row.agent)).toBe(false)
            // Here every episode that is closed had an end of its own.
            expect(['terminated', 'missed']).toContain(row.reason)
            if (row.reason === 'missed') expect(row.totalReward).toBe(Number.NaN)
            else expect(finished !== null || hurt.has(row.episode)).toBe(true)
            if (finished === null) continue
            newest = row.episode
            const { steps } = finished.material
            const known = truth.get(row.episode)!
            expect(known).toMatchObject({ agent: row.agent, ended: true, steps: steps.length })
            expect(steps.map(step => step.step)).toEqual(steps.map((_, i) => i))
          }
        }
        if (newest !== undefined) {
          const { agent } = truth.get(newest)!
          expect(feed.newestFinished(of(agent))?.material.row.episode).toBe(newest)
        }
        if (dropped.length === 0) {
          const whole = shown.filter(one => one.kind === 'ended' && one.finished !== null)
          expect(whole).toHaveLength([...truth.values()].filter(one => one.ended).length)
        }
      }),
      { numRuns: 400 },
    )
  })

  function eventsOf(turns: readonly (readonly [number, number])[]): Event[] {
    const events: Event[] = []
    const playing = new Map<string, { episode: number; steps: number }>()
    let episodes = 0
    for (const [who, what] of turns) {
      const agent = agents[who]!
      const open = playing.get(agent)
      if (open === undefined) {
        playing.set(agent, { episode: ++episodes, steps: 0 })
        events.push(began(agent, episodes))
      } else if (what === 0) {
        events.push(endOf(agent, open.episode, open.steps))
        playing.delete(agent)
      } else events.push(stepOf(agent, open.episode, open.steps++))
    }
    return events
  }
})

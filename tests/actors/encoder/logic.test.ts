import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Accounts,
  closeBy,
  countFrame,
  type FoundFrame,
} from '../../../src/actors/encoder/logic.ts'
import { packValue, unpackValue } from '../../../src/protocol/codec.ts'
import type { Event, EventOf, FramesCounted } from '../../../src/protocol/events.ts'
import { began, ended, frame, numbered } from '../aggregator/histories.ts'

/** What the log holds for each frame, by its place in the history. */
type Found = (place: number) => FoundFrame | undefined

const allIntact: Found = () => ({ byteLength: 2, crc: 1 })

function account(events: readonly Event[], found: Found = allIntact, state: Accounts = []) {
  const facts: FramesCounted[] = []
  for (const envelope of numbered(events)) {
    const { event, seq } = envelope
    if (event.type === 'frame_captured') facts.push(...countFrame(state, event, found(seq - 1)))
    else facts.push(...closeBy(state, envelope))
  }
  return { facts, state }
}

const wrist = { camera: 'wrist' }
const b = { agent: 'b' }

describe('an account', () => {
  test('is closed by the end of its episode, one for each camera', () => {
    const events = [began(1), frame(1, 0), frame(1, 0, wrist), frame(1, 1), ended(1)]
    expect(account(events)).toEqual({
      facts: [
        {
          type: 'frames_counted',
          agent: 'a',
          camera: 'main',
          episode: 1,
          owed: 2,
          intact: 2,
          bytes: 4,
        },
        {
          type: 'frames_counted',
          agent: 'a',
          camera: 'wrist',
          episode: 1,
          owed: 1,
          intact: 1,
          bytes: 2,
        },
      ],
      state: [],
    })
  })

  test('has as missing what is not there, has another length, or another checksum', () => {
    const found: (FoundFrame | undefined)[] = [
      ...[{ byteLength: 2, crc: 1 }, undefined, { byteLength: 3, crc: 1 }],
      { byteLength: 2, crc: 2 },
    ]
    const events = [frame(1, 0), frame(1, 1), frame(1, 2), frame(1, 3), ended(1)]
    const { facts } = account(events, place => found[place])
    expect(facts).toMatchObject([{ owed: 4, intact: 1, bytes: 2 }])
  })

  test('is not opened by an episode without frames', () => {
    expect(account([began(1), ended(1)])).toEqual({ facts: [], state: [] })
  })

  test('stays open for another agent`s end, and for the end of another episode', () => {
    const { facts, state } = account([frame(1, 0), ended(1, b), ended(2)])
    expect(facts).toEqual([])
    expect(state).toMatchObject([{ agent: 'a', episode: 1, owed: 1 }])
  })

  test('is closed when the next episode begins without its end, or a frame of it comes', () => {
    expect(account([frame(1, 0), began(2)]).facts).toMatchObject([{ episode: 1, owed: 1 }])
    const { facts, state } = account([frame(1, 0), frame(1, 0, wrist), frame(2, 0), ended(2)])
    expect(facts).toMatchObject([
      { camera: 'main', episode: 1, owed: 1 },
      { camera: 'main', episode: 2, owed: 1 },
    ])
    expect(state).toMatchObject([{ camera: 'wrist', episode: 1 }])
  })

  test('is closed by the end that is written for an interrupted run', () => {
    const { facts } = account([frame(1, 0), ended(1, { reason: 'interrupted' })])
    expect(facts).toMatchObject([{ episode: 1, owed: 1 }])
  })
})

/** Agents play their episodes one after the other, in any interleaving; some frames are damaged. */
const plays = fc
  .record({
    turns: fc.array(fc.constantFrom('a', 'b', 'constructor'), { maxLength: 120, size: 'max' }),
    cameras: fc.infiniteStream(fc.constantFrom('main', 'wrist')),
    ends: fc.infiniteStream(fc.nat(5)),
    damaged: fc.func(fc.boolean()),
  })
  .map(({ turns, cameras, ends, damaged }) => {
    const episodes = new Map<string, { episode: number; index: Record<string, number> }>()
    const events: Event[] = []
    let next = 1
    for (const agent of turns) {
      const open = episodes.get(agent)
      if (open === undefined) {
        episodes.set(agent, { episode: next, index: {} })
        events.push(began(next++, { agent }))
      } else if (ends.next().value === 0) {
        episodes.delete(agent)
        events.push(ended(open.episode, { agent }))
      } else {
        const camera = cameras.next().value as string
        const index = open.index[camera] ?? 0
        open.index[camera] = index + 1
        events.push(frame(open.episode, index, { agent, camera }))
      }
    }
    for (const [agent, { episode }] of episodes) events.push(ended(episode, { agent }))
    const found: Found = place => (damaged(place) ? undefined : { byteLength: 2, crc: 1 })
    return { events, found }
  })

const isFrame = (event: Event): event is EventOf<'frame_captured'> =>
  event.type === 'frame_captured'

describe('for any interleaving of agents and cameras', () => {
  test('A4 owed is intact and missing, and each account is closed exactly once', () => {
    fc.assert(
      fc.property(plays, ({ events, found }) => {
        const { facts, state } = account(events, found)
        expect(state).toEqual([])
        const keys = facts.map(fact => `${fact.agent} ${fact.camera} ${fact.episode}`)
        expect(new Set(keys).size).toBe(keys.length)
        for (const fact of facts) {
          const frames = events
            .map((event, place) => ({ event, place }))
            .filter(({ event }) => isFrame(event) && event.agent === fact.agent)
            .filter(({ event }) => isFrame(event) && event.camera === fact.camera)
            .filter(({ event }) => isFrame(event) && event.episode === fact.episode)
          const missing = frames.filter(({ place }) => found(place) === undefined).length
          expect(fact.owed).toBe(frames.length)
          expect(fact.intact + missing).toBe(fact.owed)
          expect(fact.bytes).toBe(fact.intact * 2)
        }
        expect(facts.reduce((sum, fact) => sum + fact.owed, 0)).toBe(events.filter(isFrame).length)
      }),
    )
  })

  test('a restart from a snapshot anywhere gives the same facts', () => {
    fc.assert(
      fc.property(plays, fc.nat(), ({ events, found }, place) => {
        const cut = place % (events.length + 1)
        const head = account(events.slice(0, cut), found)
        const snapshot = unpackValue(packValue(head.state).slice()) as Accounts
        const tail = account(events.slice(cut), at => found(at + cut), snapshot)
        expect([...head.facts, ...tail.facts]).toEqual(account(events, found).facts)
      }),
    )
  })
})

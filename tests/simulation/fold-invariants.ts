// Invariants 10, 11 and 14, about what the consumers make of the log.
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from '../../src/base/checksum.ts'
import type { Envelope } from '../../src/protocol/events.ts'
import { AggregatorFold, agree, EncoderFold } from './folds.ts'
import { both, forEachNew, isSame, type Watch } from './watch.ts'
import type { World } from './world.ts'

/** 10. A snapshot is the fold of the log up to its place; facts are those that the log implies. */
export function snapshotsAreFolds({ evidence }: World): Watch {
  const { ledger } = evidence
  const aggregator = new AggregatorFold()
  const encoders = new Map<string, EncoderFold>()
  const encoderOf = (name: string): EncoderFold => {
    const fold = encoders.get(name) ?? new EncoderFold(name)
    encoders.set(name, fold)
    return fold
  }
  const whole = new AggregatorFold()
  const told = { milestone_reached: 0, episode_released: 0 }
  return both(
    forEachNew(ledger.snapshots, ({ name, position, bytes }) => {
      const encoder = name.startsWith('encoder') ? encoderOf(name) : undefined
      ;(encoder ?? aggregator).foldTo(ledger.events, Math.min(position, ledger.lastSeq))
      const agrees = encoder
        ? encoder.agreesWith(bytes, ledger.released)
        : isSame(aggregator.bytes, bytes)
      return agrees ? undefined : `the ${name}'s snapshot at ${position} is not the fold of the log`
    }),
    forEachNew(ledger.events, ({ seq, event }) => {
      if (event.type !== 'milestone_reached' && event.type !== 'episode_released') return undefined
      whole.foldTo(ledger.events, seq - 1)
      const implied = event.type === 'milestone_reached' ? whole.facts : whole.releases
      if (isDeepStrictEqual(implied[told[event.type]++], event)) return undefined
      return `event ${seq} is no fact that the log implies`
    }),
  )
}

/** 11. Two replays give the same bytes: looked at with every snapshot that lands. */
export function replayRepeats({ evidence, plant }: World): Watch {
  const { ledger } = evidence
  const live = new AggregatorFold()
  return forEachNew(ledger.snapshots, ({ name, position }, index) => {
    if (name.startsWith('encoder') || index % 4 !== 0) return undefined
    live.foldTo(ledger.events, Math.min(position, ledger.lastSeq))
    const again = new AggregatorFold()
    again.foldTo(ledger.events, live.state.seq)
    const bytes = plant.replayed?.(again.bytes) ?? again.bytes
    return crc32(bytes) === crc32(live.bytes) ? undefined : `a replay to ${position} differs`
  })
}

/**
 * 14. Frames in a finished video are those that were accepted. There is no video here: the encoder's
 * account of an episode says that every frame of the log was intact, or given up with its episode,
 * and indexes strictly increase. Pixels go when it is durable that they may, and no others.
 */
export function framesAreAccountedFor({ evidence }: World): Watch {
  const { events, frames, drops, released } = evidence.ledger
  const encoder = new EncoderFold()
  const indexes = new Map<string, number>()
  const counted = new Set<unknown>()
  const dropsAreAllowed = forEachNew(drops, ({ seq, mayGo }) =>
    mayGo ? undefined : `the pixels of event ${seq} went, and nobody gave them up`,
  )
  const accountsAreWhole = forEachNew(events, ({ seq, event }: Envelope) => {
    if (event.type === 'frame_captured') {
      const account = `${event.agent} ${event.episode}`
      const before = indexes.get(account) ?? -1
      indexes.set(account, event.index)
      if (!frames.has(seq)) return `frame ${seq} landed without its pixels`
      return event.index > before ? undefined : `frame ${seq} has index ${event.index} again`
    }
    if (event.type !== 'frames_counted') return undefined
    encoder.foldTo(events, seq - 1)
    // Each encoder tells of its own cameras, in its own time.
    const expected = encoder.facts.find(
      ({ agent, camera, episode }) =>
        agent === event.agent && camera === event.camera && episode === event.episode,
    )
    const agrees = !counted.has(expected) && agree(expected, event, released)
    counted.add(expected)
    return agrees
      ? undefined
      : `episode ${event.episode}: ${event.intact} of ${event.owed} frames, expected ` +
          `${expected?.owed}, once`
  })
  return both(dropsAreAllowed, accountsAreWhole)
}

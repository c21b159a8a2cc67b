// Invariants 1 to 9, about the log: its numbers, who may append, what is acknowledged, read and told.
import type { Event } from '../../src/protocol/events.ts'
import type { Position } from '../../src/protocol/position.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { readPosition } from '../../src/store/producers.ts'
import type { Append } from './evidence.ts'
import { recordsOf } from './ledger.ts'
import { both, forEachNew, isSame, type Watch } from './watch.ts'
import type { World } from './world.ts'

/** 1. Numbers run 1 ... n without gap or repeat, and nothing that landed is deleted. */
export function numbersAreGapless({ evidence }: World): Watch {
  const { ledger } = evidence
  let next = 1
  return both(
    forEachNew(ledger.batches, ({ key, count }) => {
      const expected = next
      next = key + count
      return key === expected ? undefined : `a batch begins with ${key}, expected ${expected}`
    }),
    forEachNew(ledger.commits, ({ deletes }) =>
      deletes === 0 ? undefined : `${deletes} batches were deleted`,
    ),
  )
}

/** 2. What is acknowledged is on the disk, as it was handed in; and what the ring was given back. */
export function acknowledgedIsDurable(world: World): Watch {
  const { ledger } = world.evidence
  return both(
    forEachNew(world.evidence.acks, ({ contribution, firstSeq, count, duplicate }) => {
      if (duplicate) return undefined
      const last = firstSeq + count - 1
      if (last > ledger.lastSeq) return `event ${last} acknowledged, ${ledger.lastSeq} landed`
      const handed = recordsOf(contribution.records)
      const wrong = handed.findIndex(
        (record, i) => !isSame(record, ledger.records[firstSeq - 1 + i]),
      )
      return wrong < 0 ? undefined : `event ${firstSeq + wrong} is not what was handed in`
    }),
    ringGivesBackWhatIsDurable(world),
    openingsAreTold(world),
  )
}

/** Nothing that a trainer recorded is in the log without the run that it belongs to (P2). */
function openingsAreTold({ evidence }: World): Watch {
  const told = new Set<unknown>()
  return forEachNew(evidence.acks, ({ contribution: { producer }, process }) => {
    if (producer !== `trainer:${process.number}` || told.has(process)) return undefined
    told.add(process)
    const { firstEpoch = 0 } = process
    const isTold = evidence.ledger.events.some(
      ({ event, epoch }) => event.type === 'run_started' && epoch >= firstEpoch,
    )
    return isTold ? undefined : `process ${process.number} records, and its run has not started`
  })
}

/** The ring's released position is the trainer's own acknowledgement (`run.flush`). */
function ringGivesBackWhatIsDurable(world: World): Watch {
  const disk = new MemoryStorage(world.disk.memory)
  let seen = 0
  return () => {
    const { number, trainer } = world.process
    const { releasedPosition: released, discarded } = trainer.inlet.writer
    // What a failed log could not take is discarded, and `flush` calls nothing durable after it.
    if (released === seen || discarded) return undefined
    seen = released
    const landed = readPosition(disk, `trainer:${number}`) ?? 0
    return released <= landed ? undefined : `the ring is released to ${released}, ${landed} landed`
  }
}

/** 3. What a reader sees is a piece of the log as it landed, never beyond its end. */
export function readersSeeAPrefix({ evidence }: World): Watch {
  const { ledger } = evidence
  return forEachNew(evidence.readBatches, ({ firstSeq, records }) => {
    const read = recordsOf(records)
    const wrong = read.findIndex((record, i) => !isSame(record, ledger.records[firstSeq - 1 + i]))
    return wrong < 0 ? undefined : `a reader saw another event ${firstSeq + wrong}`
  })
}

/** 4. Every batch passes its checksum and names its predecessor's. */
export function checksumsChain({ evidence }: World): Watch {
  const { ledger } = evidence
  let crc = 0
  return both(
    () => ledger.damage,
    forEachNew(ledger.batches, batch => {
      const expected = crc
      crc = batch.crc
      return batch.previousCrc === expected ? undefined : `the chain breaks at ${batch.key}`
    }),
  )
}

/** 5. What a producer handed in is in the log once: each position, and each fact. */
export function nothingIsDoubled({ evidence }: World): Watch {
  const places = new Map<string, number>()
  const facts = new Set<string>()
  return both(
    forEachNew(evidence.acks, ({ contribution, firstSeq, count, duplicate }) => {
      if (duplicate || count === 0) return undefined
      const name = `${contribution.producer} ${contribution.position}`
      const before = places.get(name)
      places.set(name, firstSeq)
      return before === undefined ? undefined : `${name} is at ${before} and at ${firstSeq}`
    }),
    forEachNew(evidence.ledger.events, ({ seq, event }) => {
      const name = factName(event)
      if (name === undefined) return undefined
      if (facts.has(name)) return `event ${seq} repeats: ${name}`
      facts.add(name)
      return undefined
    }),
  )
}

/** What can be true once only. */
function factName(event: Event): string | undefined {
  switch (event.type) {
    case 'episode_began':
      return `${event.type} ${event.episode}`
    case 'episode_ended':
      return `${event.type} ${event.episode}`
    case 'step_taken':
      return `${event.type} ${event.episode} ${event.step}`
    case 'episode_released':
      return `${event.type} ${event.episode}`
    case 'frames_counted':
      return `${event.type} ${event.episode} ${event.camera}`
    case 'milestone_reached':
      return `${event.type} ${event.milestone} ${event.episode}`
    case 'layout_declared':
      return `${event.type} ${event.layout}`
    default:
      return undefined
  }
}

/** 6. Only the newest epoch appends, and epochs only grow. */
export function oneEpochAppends({ evidence }: World): Watch {
  return both(
    forEachNew(evidence.ledger.commits, ({ epoch, newest }) =>
      epoch === newest ? undefined : `epoch ${epoch} wrote while ${newest} was the newest`,
    ),
    forEachNew(evidence.epochs, (epoch, index) => {
      const before = evidence.epochs[index - 1] ?? 0
      return epoch > before ? undefined : `epoch ${epoch} came after ${before}`
    }),
    forEachNew(evidence.ledger.batches, ({ epoch }, index) => {
      const before = evidence.ledger.batches[index - 1]?.epoch ?? 0
      return epoch >= before ? undefined : `a batch of epoch ${epoch} came after ${before}`
    }),
  )
}

/** 7. Whoever is told how far the log is durable is never told too much, nor less than before. */
export function durableNeverDecreases({ evidence }: World): Watch {
  const newest = new Map<string, Position>()
  return forEachNew(evidence.told, ({ to, position, landed }) => {
    if (position.seq > landed) return `${to} is told ${position.seq}, ${landed} landed`
    const before = newest.get(to)
    newest.set(to, position)
    const isBack = before && before.epoch === position.epoch && position.seq < before.seq
    return isBack ? `${to} is told ${position.seq} after ${before.seq}` : undefined
  })
}

/** 8. A writer whose storage failed acknowledges nothing more. */
export function noAckAfterAnError({ evidence }: World): Watch {
  return forEachNew(evidence.acks, ({ life, firstSeq, duplicate }) =>
    evidence.failedWriters.has(life) && !duplicate
      ? `${life.name} acknowledged ${firstSeq} after its storage failed`
      : undefined,
  )
}

/** An operation of the storage may take 30 s before it counts as failed. */
const APPEND_MILLIS_MAX = 31_000

/** 9. No append waits longer than its deadline, as long as its thread has time to answer. */
export function promisesSettle({ evidence, clock }: World): Watch {
  const { appends } = evidence
  let oldest = 0
  return () => {
    while (oldest < appends.length && isOver(appends[oldest]!)) oldest++
    const append = appends[oldest]
    if (append === undefined || append.life.frozenAt !== undefined) return undefined
    const age = clock.monotonic() - append.at
    if (age <= APPEND_MILLIS_MAX + append.life.frozenMillis) return undefined
    return `an append of ${append.contribution.producer} waits for ${age} ms`
  }
}

const isOver = ({ settled, life }: Append): boolean => settled !== undefined || life.dead

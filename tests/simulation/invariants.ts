// The 20 invariants of the specification, one function each, looked at after every step. Each makes
// a watch over a world: a function that looks at what is new and says what it found wrong, if
// anything. Where the simulation cannot hold what an invariant speaks of (videos, roles), its
// comment says what of it there is today.
import { crc32 } from '../../src/base/checksum.ts'
import { describeMachine, type StateDescription } from '../../src/machines/describe-machine.ts'
import { machines } from '../../src/machines/registry.ts'
import { restartLimits } from '../../src/machines/restart-intensity.ts'
import { RECORD_HEADER_BYTES, readRecord } from '../../src/protocol/codec.ts'
import { type Envelope, type Event, eventKinds } from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { Position } from '../../src/protocol/position.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { readPosition } from '../../src/store/producers.ts'
import type { Append } from './evidence.ts'
import { AggregatorFold, EncoderFold } from './folds.ts'
import { recordsOf } from './ledger.ts'
import type { World } from './world.ts'

/** Says what is wrong now; undefined when nothing is. */
export type Watch = () => string | undefined

export interface Invariant {
  readonly number: number
  readonly words: string
  watch(world: World): Watch
}

/** Looks at each new item of a growing list, once. */
function forEachNew<T>(
  list: readonly T[],
  look: (item: T, index: number) => string | undefined,
): Watch {
  let next = 0
  return () => {
    while (next < list.length) {
      const found = look(list[next]!, next)
      next++
      if (found !== undefined) return found
    }
    return undefined
  }
}

const both =
  (...watches: readonly Watch[]): Watch =>
  () => {
    for (const watch of watches) {
      const found = watch()
      if (found !== undefined) return found
    }
    return undefined
  }

/** 1. Numbers run 1 ... n without gap or repeat, and nothing that landed is deleted. */
function numbersAreGapless({ evidence }: World): Watch {
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
function acknowledgedIsDurable(world: World): Watch {
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

const isSame = (a: Uint8Array, b: Uint8Array | undefined): boolean =>
  b !== undefined && Buffer.compare(a, b) === 0

/** 3. What a reader sees is a piece of the log as it landed, never beyond its end. */
function readersSeeAPrefix({ evidence }: World): Watch {
  const { ledger } = evidence
  return forEachNew(evidence.readBatches, ({ firstSeq, records }) => {
    const read = recordsOf(records)
    const wrong = read.findIndex((record, i) => !isSame(record, ledger.records[firstSeq - 1 + i]))
    return wrong < 0 ? undefined : `a reader saw another event ${firstSeq + wrong}`
  })
}

/** 4. Every batch passes its checksum and names its predecessor's. */
function checksumsChain({ evidence }: World): Watch {
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
function nothingIsDoubled({ evidence }: World): Watch {
  const positions = new Map<string, number>()
  const facts = new Set<string>()
  return both(
    forEachNew(evidence.acks, ({ contribution: { producer, position }, count, duplicate }) => {
      const known = positions.get(producer) ?? -1
      if (duplicate || count === 0) return undefined
      positions.set(producer, position)
      return position > known ? undefined : `${producer} ${position} was added again`
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
function oneEpochAppends({ evidence }: World): Watch {
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
function durableNeverDecreases({ evidence }: World): Watch {
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
function noAckAfterAnError({ evidence }: World): Watch {
  return forEachNew(evidence.acks, ({ life, firstSeq, duplicate }) =>
    evidence.failedWriters.has(life) && !duplicate
      ? `${life.name} acknowledged ${firstSeq} after its storage failed`
      : undefined,
  )
}

/** An operation of the storage may take 30 s before it counts as failed. */
const APPEND_MILLIS_MAX = 31_000

/** 9. No append waits longer than its deadline, as long as its thread has time to answer. */
function promisesSettle({ evidence, clock }: World): Watch {
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

/** 10. A snapshot is the fold of the log up to its place; facts are those that the log implies. */
function snapshotsAreFolds({ evidence }: World): Watch {
  const { ledger } = evidence
  const aggregator = new AggregatorFold()
  const encoder = new EncoderFold()
  const whole = new AggregatorFold()
  let milestones = 0
  return both(
    forEachNew(ledger.snapshots, ({ name, position, bytes }) => {
      const fold = name === 'encoder' ? encoder : aggregator
      fold.foldTo(ledger.events, Math.min(position, ledger.lastSeq))
      if (isSame(fold.bytes, bytes)) return undefined
      return `the ${name}'s snapshot at ${position} is not the fold of the log`
    }),
    forEachNew(ledger.events, ({ seq, event }) => {
      if (event.type !== 'milestone_reached') return undefined
      whole.foldTo(ledger.events, seq - 1)
      const expected = whole.facts[milestones++]
      const agrees =
        expected?.episode === event.episode &&
        expected.milestone === event.milestone &&
        expected.value === event.value &&
        expected.previous === event.previous
      return agrees ? undefined : `event ${seq} is no fact that the log implies`
    }),
  )
}

/** 11. Two replays give the same bytes: looked at with every snapshot that lands. */
function replayRepeats({ evidence, plant }: World): Watch {
  const { ledger } = evidence
  const live = new AggregatorFold()
  return forEachNew(ledger.snapshots, ({ name, position }, index) => {
    if (name === 'encoder' || index % 4 !== 0) return undefined
    live.foldTo(ledger.events, Math.min(position, ledger.lastSeq))
    const again = new AggregatorFold()
    again.foldTo(ledger.events, live.state.seq)
    const bytes = plant.replayed?.(again.bytes) ?? again.bytes
    return crc32(bytes) === crc32(live.bytes) ? undefined : `a replay to ${position} differs`
  })
}

/** 12. Lossless queues: in = out + inside, never above the bound; ports lose nothing alive. */
function losslessQueuesAddUp(world: World): Watch {
  const { evidence } = world
  const blocking = forEachNew(evidence.beats, ({ life, report }) => {
    for (const { name, policy, offered, taken, dropped, depth } of report.channels) {
      if (policy !== 'block') continue
      if (offered !== taken + depth || dropped > 0) {
        return `${name} of ${life.name}: offered ${offered}, taken ${taken}, holds ${depth}`
      }
      if (depth > 256) return `${name} of ${life.name} holds ${depth}`
    }
    return undefined
  })
  return both(
    blocking,
    () => {
      const { offered, taken, dropped, depth } = world.process.trainer.inlet.counters
      if (offered === taken + dropped + depth) return undefined
      return `the ring: offered ${offered}, taken ${taken}, dropped ${dropped}, holds ${depth}`
    },
    () => {
      for (const { channel, counts } of evidence.openPorts()) {
        const { posted, handed, lost, inside } = counts
        if (posted !== handed + lost + inside)
          return `${channel}: ${posted} posted, ${handed} handed`
      }
      return undefined
    },
  )
}

/** 13. Lossy queues add up too, never drop the newest, and deliver in order. */
function lossyQueuesKeepTheNewest({ evidence, viewers }: World): Watch {
  const newest = new Map<unknown, Position>()
  return both(
    forEachNew(evidence.beats, ({ life, report, offeredLive, postedLive }) => {
      for (const { name, policy, offered, taken, dropped, depth } of report.channels) {
        if (policy === 'block') continue
        if (offered !== taken + dropped + depth) {
          return `${name} of ${life.name}: ${offered} offered, ${taken} taken, ${dropped} dropped`
        }
        const isEmpty = name === 'recorder.live' && depth === 0 && taken > 0
        if (isEmpty && !evidence.sealed.has(life) && offeredLive !== postedLive) {
          return `the newest of ${name} is ${offeredLive}, the last sent ${postedLive}`
        }
      }
      return undefined
    }),
    forEachNew(evidence.liveItems, ({ port, epoch, firstSeq }) => {
      const before = newest.get(port)
      newest.set(port, { epoch, seq: firstSeq })
      // What was shown while the log was full has no number in it; a later epoch starts over.
      if (before === undefined || epoch > before.epoch) return undefined
      const isNext = epoch === before.epoch && firstSeq > before.seq
      return isNext ? undefined : `the live feed brings ${firstSeq} after ${before.seq}`
    }),
    () => viewers.find(viewer => viewer.disorder !== undefined)?.disorder,
  )
}

/**
 * 14. Frames in a finished video are those that were accepted. There is no video yet: the encoder's
 * account of an episode says that every frame of the log was intact, and indexes strictly increase.
 */
function framesAreAccountedFor({ evidence }: World): Watch {
  const { events, frames } = evidence.ledger
  const encoder = new EncoderFold()
  const indexes = new Map<string, number>()
  let counted = 0
  return forEachNew(events, ({ seq, event }: Envelope) => {
    if (event.type === 'frame_captured') {
      const account = `${event.agent} ${event.episode}`
      const before = indexes.get(account) ?? -1
      indexes.set(account, event.index)
      if (!frames.has(seq)) return `frame ${seq} landed without its pixels`
      return event.index > before ? undefined : `frame ${seq} has index ${event.index} again`
    }
    if (event.type !== 'frames_counted') return undefined
    encoder.foldTo(events, seq - 1)
    const expected = encoder.facts[counted++]
    const agrees =
      expected?.episode === event.episode &&
      expected.owed === event.owed &&
      event.owed === event.intact
    return agrees
      ? undefined
      : `episode ${event.episode}: ${event.intact} of ${event.owed} frames, expected ` +
          `${expected?.owed} of episode ${expected?.episode}`
  })
}

/** 15. What is read from the ring are whole records, in the order of writing, each of them. */
function ringReadsAreWhole({ evidence }: World): Watch {
  const places = new Map<unknown, number>()
  return forEachNew(evidence.appends, append => {
    const { contribution, process, duplicate, before } = append
    if (!contribution.producer.startsWith('trainer:') || duplicate) return undefined
    if (append.process.number !== Number(contribution.producer.slice(8))) return undefined
    const { emitted } = process.trainer
    let at = places.get(process) ?? 0
    // A recorder that took over goes back to what is durable.
    while (at > 0 && emitted[at - 1]!.end > before) at--
    const records = recordsOf(contribution.records)
    const next = emitted[at]
    const [first] = records
    if (first && isGap(first) && !(next && isWritten(first, next))) {
      // In place of what a full disk could not take: the next one follows where that ended.
      places.set(process, 1 + emitted.findIndex(({ end }) => end === contribution.position))
      return undefined
    }
    for (const record of records) {
      const written = emitted[at++]
      if (!written || !isWritten(record, written)) {
        return `record ${at} of ring ${process.number} was not written like this`
      }
    }
    places.set(process, at)
    const end = emitted[at - 1]?.end
    return end === contribution.position
      ? undefined
      : `read to ${end}, not ${contribution.position}`
  })
}

const isGap = (record: Uint8Array): boolean => readRecord(record, 0).kind === eventKinds.gap_found

/** The recorder adds a frame's checksum and takes its pixels out. */
function isWritten(record: Uint8Array, { tag, body }: { tag: number; body: Uint8Array }): boolean {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  if (view.getInt32(4, true) !== tag) return false
  const length = view.getUint32(0, true)
  const isFrame = length < body.byteLength
  const compared = isFrame ? length - 4 : length
  const start = RECORD_HEADER_BYTES
  if (!isSame(record.subarray(start, start + compared), body.subarray(0, compared))) return false
  return !isFrame || view.getUint32(start + 28, true) === crc32(body.subarray(length))
}

/** 16. No more restarts in any window than the supervisor allows. */
function restartsAreBounded({ evidence }: World): Watch {
  const { restartsMax, windowMillis } = restartLimits
  const { starts } = evidence
  return forEachNew(starts, ({ process, at }, index) => {
    const recent = starts
      .slice(0, index + 1)
      .filter(one => one.process === process && at - one.at <= windowMillis && one.isRestart)
    return recent.length <= restartsMax
      ? undefined
      : `${recent.length} restarts within ${windowMillis} ms`
  })
}

/** 17. Lifecycles take declared transitions only. That all reach their end is looked at last. */
function transitionsAreDeclared({ evidence }: World): Watch {
  return forEachNew(evidence.states, ({ machine, from, to }) => {
    if (from === '') return undefined
    const moves = declaredMoves(machine)
    const [leaves, next] = [from.split('+'), to.split('+')]
    // Of parallel regions, those that did not move stay where they are.
    const undeclared = next.find(
      leaf => !leaves.includes(leaf) && !leaves.some(before => moves.has(`${before} -> ${leaf}`)),
    )
    return undeclared && `${machine}: ${from} -> ${undeclared} is not declared`
  })
}

const movesOf = new Map<string, ReadonlySet<string>>()

/** From each leaf to every leaf that a transition of it, or of a state around it, enters. */
function declaredMoves(machine: string): ReadonlySet<string> {
  const known = movesOf.get(machine)
  if (known) return known
  const moves = new Set<string>()
  movesOf.set(machine, moves)
  const definition = machines[machine as keyof typeof machines]
  if (definition === undefined) return moves
  const states = allStates(describeMachine(definition))
  for (const { name, transitions } of states) {
    for (const { target } of transitions) {
      if (target === null) continue
      for (const from of states) {
        if (from.name !== name && !from.name.startsWith(name === '' ? '' : `${name}.`)) continue
        for (const to of states)
          if (isWithin(to.name, target)) moves.add(`${from.name} -> ${to.name}`)
      }
    }
  }
  return moves
}

const isWithin = (name: string, target: string): boolean =>
  name === target || name.startsWith(`${target}.`)

const allStates = (state: StateDescription): StateDescription[] => [
  state,
  ...state.states.flatMap(allStates),
]

/** 18. A thread that is gone has left nothing: no timer, no port. What a run leaves is looked at last. */
function theDeadLeaveNothing({ evidence }: World): Watch {
  return () => {
    for (const life of evidence.lives) {
      if (life.dead && life.timers > 0) return `${life.name} left ${life.timers} timers`
    }
    return undefined
  }
}

const producers = /^(trainer:\d+|host:\d+|recorder:\d+|encoder|aggregator|aggregator\.snapshot)$/

/**
 * 19. A session does what its role may. There is one role yet, the viewer, who may watch and ask:
 * nothing that it says is recorded, it gets nothing before its hello, and no answer but its own.
 */
function viewersOnlyWatch({ evidence, viewers }: World): Watch {
  return both(
    forEachNew(evidence.appends, ({ contribution: { producer } }) =>
      producers.test(producer) ? undefined : `${producer} appends to the log`,
    ),
    () => viewers.find(viewer => viewer.improper.length > 0)?.improper[0],
  )
}

/** 20. What waits for a viewer is bounded, for all of them too, and the trainer waits for nobody. */
function viewersAreBounded(world: World): Watch {
  return () => {
    let sum = 0
    for (const { queued, largest } of world.sockets) {
      sum += queued
      if (queued > limits.viewerBufferBytesMax + largest) return `${queued} B wait for one viewer`
    }
    if (sum > limits.viewersMax * limits.viewerBufferBytesMax) return `${sum} B wait for viewers`
    const { trainer } = world.process
    if (trainer.inlet.counters.blockedMillis > 0 || trainer.slowCalls > 0)
      return 'the trainer waited'
    return undefined
  }
}

const invariant = (number: number, words: string, watch: (world: World) => Watch): Invariant => ({
  number,
  words,
  watch,
})

export const invariants: readonly Invariant[] = [
  invariant(1, 'numbers are 1 ... n without gap or repeat', numbersAreGapless),
  invariant(2, 'what is acknowledged is durable, and was emitted', acknowledgedIsDurable),
  invariant(3, 'a reader sees a prefix of the log', readersSeeAPrefix),
  invariant(4, 'every event passes checksum and chain', checksumsChain),
  invariant(5, 'nothing is in the log twice', nothingIsDoubled),
  invariant(6, 'one epoch appends, and epochs grow', oneEpochAppends),
  invariant(7, 'what is told to be durable is, and never decreases', durableNeverDecreases),
  invariant(8, 'nothing is acknowledged after an I/O error', noAckAfterAnError),
  invariant(9, 'no promise waits longer than its deadline', promisesSettle),
  invariant(10, 'the live state is the fold of the log', snapshotsAreFolds),
  invariant(11, 'two replays give the same bytes', replayRepeats),
  invariant(12, 'lossless queues add up, within their bounds', losslessQueuesAddUp),
  invariant(13, 'lossy queues keep the newest, in order', lossyQueuesKeepTheNewest),
  invariant(14, 'every accepted frame is accounted for', framesAreAccountedFor),
  invariant(15, 'the ring gives whole records', ringReadsAreWhole),
  invariant(16, 'restarts stay within the intensity', restartsAreBounded),
  invariant(17, 'lifecycles take declared transitions', transitionsAreDeclared),
  invariant(18, 'the dead leave nothing behind', theDeadLeaveNothing),
  invariant(19, 'viewers only watch', viewersOnlyWatch),
  invariant(20, 'what waits for viewers is bounded', viewersAreBounded),
]

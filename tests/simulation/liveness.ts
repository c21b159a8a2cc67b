// What must be true in the end, when nothing disturbs any more: all that was emitted is in the log,
// the consumers and the viewers are where the log is, and what ran has left nothing behind.
import { packValue } from '../../src/protocol/codec.ts'
import { MemoryStorage } from '../../src/store/memory-storage.ts'
import { readPosition } from '../../src/store/producers.ts'
import { AggregatorFold, EncoderFold } from './folds.ts'
import type { SimViewer } from './viewers.ts'
import type { World } from './world.ts'

/** What has not arrived yet, somewhere, of what the undisturbed process was told; undefined when all of it has. */
export function behind(world: World, viewer: SimViewer): string | undefined {
  const { trainer } = world.process
  const found: string[] = []
  const expect = (what: string, isSo: boolean): void => {
    if (!isSo) found.push(what)
  }
  const { position, releasedPosition } = trainer.inlet.writer
  expect(`the ring is empty (${releasedPosition} of ${position})`, releasedPosition === position)
  const { depth, dropped } = trainer.inlet.counters
  expect('nothing waits or was lost in front of the ring', depth === 0 && dropped === 0)
  expectFacts(world, expect)
  expectNewest(world, viewer, expect)
  return found[0]
}

type Expect = (what: string, isSo: boolean) => void

/** The viewer was shown the newest step of the open episode of the agent that it follows. */
function expectNewest(world: World, viewer: SimViewer, expect: Expect): void {
  const stage = world.process.gateway?.hub.stage
  const agent = stage?.defaultAgent ?? ''
  const open = stage?.open(agent)
  const last = world.evidence.ledger.events.findLast(
    ({ event }) => event.type === 'step_taken' && event.episode === open?.episode,
  )
  if (last === undefined) return
  const shown = viewer.shown.get(agent)?.seq
  expect(`a viewer sees step ${last.seq} of ${agent}, not ${shown}`, shown === last.seq)
}

/** Each fact that the log implies is there; the invariants have seen that no other is. */
function expectFacts(world: World, expect: Expect): void {
  const { events, lastSeq, frames, released } = world.evidence.ledger
  const aggregator = new AggregatorFold()
  const encoder = new EncoderFold()
  aggregator.foldTo(events, lastSeq)
  encoder.foldTo(events, lastSeq)
  const count = (type: string): number => events.filter(one => one.event.type === type).length
  const [milestones, accounts] = [count('milestone_reached'), count('frames_counted')]
  expect(
    `all milestones are recorded: ${aggregator.facts.length}, not ${milestones}`,
    milestones === aggregator.facts.length,
  )
  expect(
    `all accounts are closed: ${encoder.facts.length}, not ${accounts}`,
    accounts === encoder.facts.length,
  )
  const releases = count('episode_released')
  expect(
    `all that was given up is told: ${aggregator.releases.length}, not ${releases}`,
    releases === aggregator.releases.length,
  )
  const left = [...frames].filter(seq => {
    const event = events[seq - 1]?.event
    return event?.type === 'frame_captured' && released.has(event.episode)
  })
  expect(`what was given up is gone, but for ${left.join()}`, left.length === 0)
}

/** After the clean end of the last process. */
export function expectLeftNothing(world: World): void {
  const { evidence } = world
  const left = (what: string): void => world.violate('invariant 18', what)
  const { lives } = world.process
  const alive = lives.filter(({ dead, name }) => !dead && !/^(host|trainer)/.test(name))
  if (alive.length > 0) left(`${alive.map(life => life.name).join(', ')} did not stop`)
  const host = lives.find(({ name }) => name.startsWith('host'))
  if (host && host.timers > 0) left(`the host left ${host.timers} timers`)
  const open = evidence.ports.filter(port => !port.closed)
  if (open.length > 0) left(`${open.length} ports are open, ${open[0]?.channel} among them`)
  expectReplay(world)
}

/** P8: the log replayed is what the aggregator said last; and it did reach the trainer's end. */
function expectReplay(world: World): void {
  const { ledger } = world.evidence
  const snapshot = ledger.snapshots.findLast(({ name }) => name === 'aggregator')
  const fold = new AggregatorFold()
  fold.foldTo(ledger.events, snapshot?.position ?? 0)
  if (snapshot && Buffer.compare(packValue(fold.state), snapshot.bytes) !== 0) {
    world.violate('P8', 'the replay is not the live state')
  }
  const end = ledger.events.findLast(({ event }) => event.type === 'run_ended')?.seq ?? 0
  const storage = new MemoryStorage(world.disk.memory)
  const cursor = readPosition(storage, 'aggregator.snapshot') ?? 0
  if (cursor < end) world.violate('liveness', `the aggregator stands at ${cursor}, not ${end}`)
}

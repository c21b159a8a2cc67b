// The ingress ring, its inlet with the spill heap, and readers that come and go, beside a list:
// invariants 12, 13 and 15 of spec/reliability.md, at positions where words and their halves wrap.
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import {
  action,
  actionLists,
  CAMPAIGN_MILLIS,
  expectViolation,
  Invariants,
  repeat,
  times,
} from './campaign.ts'
import { CAPACITY, type InletPolicy, type RingPlants, RingWorld } from './ring/world.ts'

const plain = (name: string, run: (world: RingWorld) => void) =>
  fc.constant(null).map(() => action(name, run))

/** Mostly lengths that fit; those above a quarter of the ring never do. */
const lengthBytes = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: CAPACITY / 4 }) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 24 }) },
  { weight: 1, arbitrary: fc.integer({ min: CAPACITY / 4 + 1, max: CAPACITY * 2 }) },
)

const write = fc.tuple(lengthBytes, fc.boolean()).map(([length, critical]) =>
  action<RingWorld>(`write ${length} B${critical ? ', critical' : ''}`, world => {
    world.claim(length, critical)
    world.commit()
  }),
)
const claim = lengthBytes.map(length =>
  action<RingWorld>(`claim ${length} B`, world => world.claim(length, false)),
)
const read = fc
  .integer({ min: 1, max: 8 })
  .map(count => action<RingWorld>(`read ${count}`, world => world.read(count)))
const persist = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  .map(([share, release]) =>
    action<RingWorld>(`${share} of it is durable${release ? ' and released' : ''}`, world =>
      world.persist(share, release),
    ),
  )

const actions = [
  ...repeat(8, write),
  ...repeat(2, claim),
  ...repeat(
    2,
    plain('commit', world => world.commit()),
  ),
  plain('abort', world => world.abort()),
  plain('flush the heap', world => world.flushSpill()),
  plain('tell what was lost', world => world.tellLost()),
  ...repeat(5, read),
  ...repeat(4, persist),
  plain('the reader dies', world => world.restartReader()),
  plain('the writer dies', world => world.restartWriter()),
  plain('no consumer will come', world => world.consumerGone()),
]

const policies = fc.constantFrom<InletPolicy>('spill', 'spill', 'block', 'drop-newest')
/** Zero, and a little before the words and their halves wrap. */
const positions = fc.constantFrom(0, 2 ** 31 - 512, 2 ** 32 - 512, 2 ** 40 + 2 ** 31 - 512)

const property = (invariants: Invariants, plants: RingPlants = {}) =>
  fc.property(policies, positions, actionLists(actions, 60), (policy, start, list) => {
    const world = new RingWorld(policy, start, invariants, plants)
    fc.modelRun(() => ({ model: world, real: world }), list)
    world.finish()
  })

describe('the ingress ring as a model', () => {
  test(
    'C5 C6 C7 what was accepted comes out once, whole and in order; the rest is counted',
    () => {
      const invariants = new Invariants()
      const params = times(200, 20_000)
      fc.assert(property(invariants), params)
      figure('M.ring', { runs: params.numRuns, ...invariants.figures })
    },
    CAMPAIGN_MILLIS,
  )
})

describe('a model of the ring notices', () => {
  test('invariant 12: room that is given back before what it holds is durable', () =>
    expectViolation(
      12,
      property(new Invariants(), {
        plantReader: reader => {
          const read = reader.read.bind(reader)
          reader.read = () => {
            const found = read()
            if (found) reader.release(reader.position)
            return found
          }
          return reader
        },
      }),
    ))

  test('invariant 13: a refusal that nobody is told of', () =>
    expectViolation(
      13,
      property(new Invariants(), {
        plantInlet: inlet => {
          inlet.takeLost = () => undefined
          return inlet
        },
      }),
    ))

  test('invariant 15: a writer that goes on writing after its commit', () =>
    expectViolation(
      15,
      property(new Invariants(), {
        plantInlet: inlet => {
          const claim = inlet.claim.bind(inlet)
          const commit = inlet.commit.bind(inlet)
          let offset = -1
          inlet.claim = (...args) => {
            offset = claim(...args)
            return offset
          }
          inlet.commit = tag => {
            commit(tag)
            if (offset >= 0) inlet.bytes[offset]! ^= 1
          }
          return inlet
        },
      }),
    ))
})

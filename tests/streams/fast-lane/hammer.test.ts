// F2: a producer without a pause and a reader without a pause: no frame is torn, none is given out
// twice or out of order, and the HUD is of one moment.
import { expect, test } from 'vitest'
import { hammerLane } from '../../../bench/hammer-lane.ts'
import { figure } from '../../faults/figures.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'

/** Small frames, so that the producer comes round often; two cameras of different sizes. */
const cameras = [
  { bytes: 256, every: 1 },
  { bytes: 4096, every: 2 },
]

const READS = runs(100_000, 10_000_000)

test(
  `F2 no frame of up to ${READS} that are read is torn, nor is the HUD`,
  async () => {
    const outcome = await hammerLane({ reads: READS, cameras, millisMax: runs(20_000, 800_000) })
    figure('F2', { ...outcome })
    expect(outcome).toMatchObject({ torn: 0, stale: 0, hudTorn: 0 })
    // It was a race: much of what was published was overtaken, and the HUD was met half-written.
    expect(outcome.reads).toBeGreaterThanOrEqual(runs(500, READS))
    expect(outcome.skipped).toBeGreaterThan(100)
    expect(outcome.hudReads).toBeGreaterThan(100)
    expect(outcome.reads + outcome.skipped).toBeLessThanOrEqual(outcome.published)
  },
  runs(60_000, 900_000),
)

/** A producer that says nothing of what it writes: its sequences stay as they are. */
const tellsNothing: readonly Plant[] = ['odd', '(odd + 1) | 0'].map(sequence => ({
  file: 'src/streams/fast-lane/writer.ts',
  find: `Atomics.store(words, at + SLOT_SEQUENCE, ${sequence})`,
  replace: '',
}))

test('F2 the hammer notices a producer without a sequence', async () => {
  const execArgv = plantArgv(tellsNothing)
  const bounds = { reads: 10_000_000, millisMax: 50_000, untilTorn: true }
  const { torn } = await hammerLane({ ...bounds, cameras, execArgv })
  expect(torn).toBeGreaterThan(0)
})

// S2: two actors die within 50 ms of each other, every pair in both orders, and all at once. What
// each needs of the other to come back is not there; they come back, and nothing is missing.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { figure } from '../faults/figures.ts'
import { runs, tier } from '../faults/tier.ts'
import type { Death, Hit, Shot } from './programs/streaming.child.ts'
import {
  anyPause,
  CAMPAIGN_MILLIS_MAX,
  expectReleased,
  millisOf,
  streamAndKill,
  sumUp,
} from './stream-and-kill.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
const EACH = runs(1, 20)
const ALL_AT_ONCE = runs(1, 25)
const APART_MILLIS_MAX = 50
/** S2: until everything runs again. */
const RECOVERY_MILLIS_MAX = 3_000

const actors: readonly ActorKind[] = ['recorder', 'encoder', 'aggregator', 'broadcaster']
const ofThread: readonly Death[] = ['throw', 'exit', 'throw', 'heap']
const ofProcess: readonly Death[] = ['SIGKILL', 'SIGSEGV']
/** Of a recorder whose log another process writes: that one dies, or the thread. */
const ofEither: readonly Death[] = [...ofProcess, ...ofThread]

const pairs = actors.flatMap(first =>
  actors.filter(second => second !== first).map(second => [first, second] as const),
)

function deathsOf(actor: ActorKind, placement: 'thread' | 'process'): readonly Death[] {
  if (placement === 'process' && actor === 'encoder') return ofProcess
  return placement === 'process' && actor === 'recorder' ? ofEither : ofThread
}

describe.each(['thread', 'process'] as const)('S2 P11 with encoder and log in a %s', placement => {
  const random = seededRandom(seed)

  function hit(actor: ActorKind, afterMillis: number): Hit {
    const deaths = deathsOf(actor, placement)
    return { actor, how: deaths[random.below(deaths.length)]!, afterMillis }
  }

  const shot = (hits: readonly Hit[]): Shot => ({ hits, pauseMillis: anyPause(random) })

  // Where only these two are elsewhere, only their pairs are others.
  const isOther = (actor: ActorKind): boolean => actor === 'encoder' || actor === 'recorder'
  const all = pairs.filter(pair => placement === 'thread' || pair.some(isOther))
  const here = all.filter((_, index) => index % runs(placement === 'thread' ? 2 : 4, 1) === 0)
  const shots = [
    ...Array.from({ length: EACH }, () =>
      here.map(([first, second]) =>
        shot([hit(first, 0), hit(second, random.below(APART_MILLIS_MAX))]),
      ),
    ).flat(),
    ...Array.from({ length: ALL_AT_ONCE }, () => shot(actors.map(actor => hit(actor, 0)))),
  ]

  test(
    `${here.length} pairs die ${EACH} times each, and all at once (seed ${seed})`,
    async () => {
      const placements = { encoderPlacement: placement, logPlacement: placement }
      const campaign = await streamAndKill({ ...placements, shots })
      const { recovery, gaps, missing, doubled } = sumUp([campaign])
      figure(`S2.${placement}`, {
        ...{ pairs: here.length * EACH, allAtOnce: ALL_AT_ONCE, missing, doubled },
        ...millisOf('recovery', recovery),
        ...millisOf('viewerGap', gaps),
      })
      expect(campaign.verdict.problems).toEqual([])
      expectReleased(campaign)
      if (tier === 'slow') expect(recovery.max).toBeLessThanOrEqual(RECOVERY_MILLIS_MAX)
    },
    CAMPAIGN_MILLIS_MAX,
  )
})

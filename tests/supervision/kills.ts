// S1: an actor is killed again and again while a trainer streams 2,000 events and 60 frames a
// second. Nothing is lost or doubled, and nobody else dies. How soon it is back is asked by
// recovery.test.ts.
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs, tier } from '../faults/tier.ts'
import { PACED_KILLS, playKills, seed, type Target } from './kill-targets.ts'
import { CAMPAIGN_MILLIS_MAX, millisOf, sumUp } from './stream-and-kill.ts'

/** Of each target by itself; in the ordinary tier all of them die in one run, in turn. */
export function declareKills(targets: readonly Target[]): void {
  const apart = targets.map(target => [target])
  for (const together of runs([targets], apart)) declareRun(together)
}

function declareRun(targets: readonly Target[]): void {
  const all = Math.max(...targets.map(({ kills }) => kills))
  const kills = runs(all / 20, all - PACED_KILLS)
  describe(`S1 P11 the ${targets.map(({ id }) => id).join(', the ')}`, () => {
    test(
      `${kills} deaths of each: nothing lost, nothing doubled, nobody disturbed (seed ${seed})`,
      async () => {
        const sum = sumUp([await playKills(targets, kills)])
        for (const { id, actor } of targets) {
          const away = sum.away(actor)
          figure(`S1.${id}`, {
            kills,
            steps: sum.steps,
            frames: sum.frames,
            missing: sum.missing,
            doubled: sum.doubled,
            ...millisOf('away', away),
            ...millisOf('viewerGap', sum.gaps),
            grownMiBPer1000: sum.grownMiBPer1000,
          })
          expect(away.count, id).toBe(kills)
        }
        if (tier === 'slow') expect(sum.grownMiBPer1000).toBeLessThanOrEqual(150)
      },
      CAMPAIGN_MILLIS_MAX,
    )
  })
}

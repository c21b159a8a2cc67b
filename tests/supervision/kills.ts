// S1: an actor is killed again and again while a trainer streams 2,000 events and 60 frames a
// second. Nothing is lost or doubled, and nobody else dies. How soon it is back is asked by
// recovery.test.ts.
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs, tier } from '../faults/tier.ts'
import { playKills, seed, type Target } from './kill-targets.ts'
import { CAMPAIGN_MILLIS_MAX, millisOf, sumUp } from './stream-and-kill.ts'

export function declareKills(target: Target): void {
  const kills = runs(3, target.kills)
  describe(`S1 P11 the ${target.id}`, () => {
    test(
      `dies ${kills} times: nothing lost, nothing doubled, nobody disturbed (seed ${seed})`,
      async () => {
        const sum = sumUp([await playKills(target, kills)])
        const away = sum.away(target.actor)
        figure(`S1.${target.id}`, {
          kills,
          steps: sum.steps,
          frames: sum.frames,
          missing: sum.missing,
          doubled: sum.doubled,
          ...millisOf('away', away),
          ...millisOf('viewerGap', sum.gaps),
          grownMiBPer1000: sum.grownMiBPer1000,
        })
        expect(away.count).toBe(kills)
        if (tier === 'slow') expect(sum.grownMiBPer1000).toBeLessThanOrEqual(150)
      },
      CAMPAIGN_MILLIS_MAX,
    )
  })
}

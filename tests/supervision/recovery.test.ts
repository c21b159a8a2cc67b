// S1, P11: how soon an actor that was killed is back, and what a viewer sees of it: figures of a quiet
// machine, so they are asked in the slow tier only, with nothing beside.
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import {
  PACED_KILLS,
  playKills,
  recordingInProcesses,
  recordingInThreads,
  seed,
  watching,
} from './kill-targets.ts'
import { CAMPAIGN_MILLIS_MAX, millisOf, sumUp } from './stream-and-kill.ts'

/** Spares are there again. More than five deaths in ten seconds are not met by a restart at all. */
const PACE_MILLIS = 300
const GAP_MILLIS_MAX = 3_000

const targets = [...recordingInThreads, ...recordingInProcesses, ...watching]

describe.each(targets)('S1 P11 the $id', target => {
  const { id, actor, awayMillisMax } = target

  test(
    `is back within ${awayMillisMax} ms (p99), more often than the supervisor lets it die (seed ${seed})`,
    async () => {
      const sum = sumUp([await playKills([target], PACED_KILLS, PACE_MILLIS)])
      const away = sum.away(actor)
      figure(`S1.${id}.paced`, {
        kills: PACED_KILLS,
        ...millisOf('away', away),
        ...millisOf('viewerGap', sum.gaps),
      })
      expect(away.count).toBe(PACED_KILLS)
      expect(away.quantile(0.99)).toBeLessThanOrEqual(awayMillisMax)
      expect(sum.gaps.quantile(0.99)).toBeLessThanOrEqual(awayMillisMax)
      expect(sum.gaps.max).toBeLessThanOrEqual(GAP_MILLIS_MAX)
    },
    CAMPAIGN_MILLIS_MAX,
  )
})

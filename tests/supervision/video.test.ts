// V3, V8, S1: the encoder is killed again and again while it makes video, in every way that there is,
// and in a process of its own also by what a crash inside FFmpeg would be. Every frame is on a video
// once, and only then gone from the log.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import type { Death, Shot } from './programs/streaming.child.ts'
import { anyPause, CAMPAIGN_MILLIS_MAX, millisOf, streamAndKill, sumUp } from './stream-and-kill.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
const KILLS = runs(3, 30)

const targets = [
  { placement: 'thread', deaths: ['throw', 'exit', 'heap', 'throw', 'exit'] },
  { placement: 'process', deaths: ['SIGKILL', 'SIGSEGV'] },
] as const satisfies readonly { placement: 'thread' | 'process'; deaths: readonly Death[] }[]

describe.each(targets)('V3 V8 S1 an encoder in a $placement', ({ placement, deaths }) => {
  test(
    `dies ${KILLS} times while it makes video: every frame is on it once (seed ${seed})`,
    async () => {
      const random = seededRandom(seed)
      const shots = Array.from({ length: KILLS }, (_, n): Shot => {
        const hits = [
          { actor: 'encoder', how: deaths[n % deaths.length]!, afterMillis: 0 },
        ] as const
        return { hits, pauseMillis: anyPause(random) }
      })
      const campaign = await streamAndKill({ encoderPlacement: placement, video: true, shots })
      expect(campaign.verdict.problems).toEqual([])
      const sum = sumUp([campaign])
      figure(`V8.kills.${placement}`, {
        kills: KILLS,
        frames: sum.frames,
        ...millisOf('away', sum.away('encoder')),
      })
    },
    CAMPAIGN_MILLIS_MAX,
  )
})

// S1: each actor is killed again and again while a trainer streams 2,000 events and 60 frames a
// second. Nothing is lost or doubled, and nobody else dies. How soon it is back is asked by
// recovery.test.ts.
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import type { Plant } from '../faults/plant.ts'
import { runs, tier } from '../faults/tier.ts'
import { playKills, seed, targets } from './kill-targets.ts'
import { CAMPAIGN_MILLIS_MAX, millisOf, streamAndKill, sumUp } from './stream-and-kill.ts'

const RECORDER = 'src/actors/recorder/recording.ts'
/** A recorder that gives room back before it is durable, and a log that does not ask what is missing. */
const forgetful: readonly Plant[] = [
  {
    file: RECORDER,
    find: 'const told = appended.durable.then(\n      () => ring.release(position),',
    replace: 'ring.release(position)\n    const told = appended.durable.then(\n      () => {},',
  },
  { file: RECORDER, find: 'after: this.#handed,', replace: '' },
]

/** A recorder that takes the death of the process that writes for that of the disk. */
const resigned: Plant = {
  file: RECORDER,
  find: 'if (!hasStopped(writer)) return\n        this.#lose(intake)',
  replace: 'this.#lose(intake)',
}

describe.each(targets)('S1 P11 the $id', target => {
  const kills = runs(3, target.kills)
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

const controls = [
  ['gives room back before it is durable', 'thread', 'exit', forgetful],
  ['gives up what its log`s process had in hand', 'process', 'SIGKILL', [resigned]],
] as const

if (tier === 'slow')
  test.each(controls)(
    'S1 the campaign notices a recorder that %s',
    async (_, logPlacement, how, plants) => {
      const hits = [{ actor: 'recorder', how, afterMillis: 0 }] as const
      const shots = Array.from({ length: 3 }, () => ({ hits, pauseMillis: 20 }))
      const options = { encoderPlacement: 'thread', logPlacement, shots, onDisk: true } as const
      const campaign = streamAndKill({ ...options, plants })
      const noticed = await campaign.then(({ verdict }) => verdict.problems.join(), String)
      // Steps are lost; or a layout is, without which no recorder can go on.
      expect(noticed).toMatch(/steps are missing|not back/)
    },
    CAMPAIGN_MILLIS_MAX,
  )

// S1: each actor is killed again and again while a trainer streams 2,000 events and 60 frames a
// second. Nothing is lost or doubled, nobody else dies, and it is back before a viewer minds.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import { figure } from '../faults/figures.ts'
import type { Plant } from '../faults/plant.ts'
import { runs, tier } from '../faults/tier.ts'
import type { Death, Shot } from './programs/streaming.child.ts'
import {
  anyPause,
  CAMPAIGN_MILLIS_MAX,
  type Campaign,
  type CampaignOptions,
  expectReleased,
  millisOf,
  streamAndKill,
  sumUp,
} from './stream-and-kill.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
const KILLS = runs(3, 1000)
/** More than five deaths in ten seconds are not met by a restart at all; this is twice as often. */
const PACED_KILLS = 100
const PACED_MILLIS = 900
/** Kills of one process: what it takes for good is found over all of them. */
const KILLS_PER_RUN = 1000

interface Target {
  readonly id: string
  readonly actor: ActorKind
  readonly encoderPlacement: CampaignOptions['encoderPlacement']
  readonly logPlacement?: CampaignOptions['logPlacement']
  /** Deaths out of ten. */
  readonly deaths: readonly Death[]
  /** P11: the 99th percentile of recovery, milliseconds. */
  readonly awayMillisMax: number
}

const ofThread: Death[] = [...times(4, 'throw'), ...times(3, 'exit'), ...times(3, 'heap')]
/** Who writes nothing may also be terminated. */
const ofReader: Death[] = [...times(3, 'throw'), ...times(2, 'exit'), ...times(3, 'heap')]
ofReader.push('terminate', 'terminate')
const ofProcess: Death[] = [...times(7, 'SIGKILL'), ...times(3, 'SIGSEGV')]
const ofBoth: Death[] = [...times(4, 'SIGKILL'), ...times(2, 'SIGSEGV')]
ofBoth.push('throw', 'exit', 'heap', 'terminate')

const THREAD = { encoderPlacement: 'thread', awayMillisMax: 250 } as const
const targets: readonly Target[] = [
  { id: 'recorder', actor: 'recorder', deaths: ofThread, ...THREAD },
  { id: 'encoder', actor: 'encoder', deaths: ofReader, ...THREAD },
  {
    ...{ id: 'encoder-process', actor: 'encoder', deaths: ofProcess },
    ...{ encoderPlacement: 'process', awayMillisMax: 750 },
  },
  // Whoever kills the process that writes the log kills the recorder, and the other way round.
  {
    ...{ id: 'log-process', actor: 'recorder', deaths: ofBoth, ...THREAD },
    ...{ logPlacement: 'process', awayMillisMax: 750 },
  },
  { id: 'aggregator', actor: 'aggregator', deaths: ofReader, ...THREAD },
  { id: 'broadcaster', actor: 'broadcaster', deaths: ofReader, ...THREAD },
]

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

function times(count: number, how: Death): Death[] {
  return Array.from({ length: count }, () => how)
}

describe.each(targets)(
  'S1 P11 the $id',
  ({ id, actor, encoderPlacement, logPlacement = 'thread', deaths, awayMillisMax }) => {
    const random = seededRandom(seed)
    const play = async (count: number, pauseMillisMin: number): Promise<Campaign[]> => {
      const shots = Array.from({ length: count }, (_, n): Shot => {
        const hits = [{ actor, how: deaths[(n * 7) % deaths.length]!, afterMillis: 0 }]
        return { hits, pauseMillis: pauseMillisMin + anyPause(random) }
      })
      const campaigns: Campaign[] = []
      const onDisk = actor === 'recorder'
      for (let from = 0; from < count; from += KILLS_PER_RUN) {
        const part = shots.slice(from, from + KILLS_PER_RUN)
        const options = { encoderPlacement, logPlacement, shots: part, onDisk }
        campaigns.push(await streamAndKill(options))
      }
      expect(campaigns.flatMap(({ verdict }) => verdict.problems)).toEqual([])
      for (const campaign of campaigns) expectReleased(campaign)
      return campaigns
    }

    test(
      `dies ${KILLS} times: nothing lost, nothing doubled, nobody disturbed (seed ${seed})`,
      async () => {
        const sum = sumUp(await play(KILLS, 0))
        const away = sum.away(actor)
        figure(`S1.${id}`, {
          kills: KILLS,
          steps: sum.steps,
          frames: sum.frames,
          missing: sum.missing,
          doubled: sum.doubled,
          ...millisOf('away', away),
          ...millisOf('viewerGap', sum.gaps),
          grownMiBPer1000: sum.grownMiBPer1000,
        })
        expect(away.count).toBe(KILLS)
        if (tier === 'commit') return
        expect(sum.gaps.max).toBeLessThanOrEqual(3_000)
        expect(sum.grownMiBPer1000).toBeLessThanOrEqual(150)
      },
      CAMPAIGN_MILLIS_MAX,
    )

    // How soon is a figure of a quiet machine; that it comes back at all is told above.
    if (tier === 'commit') return
    test(
      `is back within ${awayMillisMax} ms (p99), as often as the supervisor lets it die (seed ${seed})`,
      async () => {
        const sum = sumUp(await play(PACED_KILLS, PACED_MILLIS))
        const away = sum.away(actor)
        figure(`S1.${id}.paced`, {
          kills: PACED_KILLS,
          ...millisOf('away', away),
          ...millisOf('viewerGap', sum.gaps),
        })
        expect(away.quantile(0.99)).toBeLessThanOrEqual(awayMillisMax)
        expect(sum.gaps.quantile(0.99)).toBeLessThanOrEqual(awayMillisMax)
      },
      CAMPAIGN_MILLIS_MAX,
    )
  },
)

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

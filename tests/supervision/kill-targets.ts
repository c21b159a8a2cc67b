// The actors that are killed again and again while a trainer streams 2,000 events and 60 frames a
// second, the deaths that each can die, and how soon it has to be back.
import { expect } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { ActorKind } from '../../src/runtime/topology.ts'
import type { Death, Shot } from './programs/streaming.child.ts'
import {
  anyPause,
  type Campaign,
  type CampaignOptions,
  expectReleased,
  streamAndKill,
} from './stream-and-kill.ts'

export const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)

/** So many of them are met at a pace at which all is quiet again before the next (recovery.test.ts). */
export const PACED_KILLS = 50

export interface Target {
  readonly id: string
  readonly actor: ActorKind
  readonly encoderPlacement: CampaignOptions['encoderPlacement']
  readonly logPlacement?: CampaignOptions['logPlacement']
  /** Deaths out of ten. */
  readonly deaths: readonly Death[]
  /** P11: the 99th percentile of recovery, milliseconds. */
  readonly awayMillisMax: number
  /** Of the thousand deaths that S1 asks of each actor: half where it can be in two places. */
  readonly kills: 500 | 1000
}

const ofThread: Death[] = [...times(4, 'throw'), ...times(3, 'exit'), ...times(3, 'heap')]
/** Who writes nothing may also be terminated. */
const ofReader: Death[] = [...times(3, 'throw'), ...times(2, 'exit'), ...times(3, 'heap')]
ofReader.push('terminate', 'terminate')
const ofProcess: Death[] = [...times(7, 'SIGKILL'), ...times(3, 'SIGSEGV')]
const ofBoth: Death[] = [...times(4, 'SIGKILL'), ...times(2, 'SIGSEGV')]
ofBoth.push('throw', 'exit', 'heap', 'terminate')

const THREAD = { encoderPlacement: 'thread', awayMillisMax: 250, kills: 500 } as const
/** Who records, and loses nothing. */
export const recordingInThreads: readonly Target[] = [
  { id: 'recorder', actor: 'recorder', deaths: ofThread, ...THREAD },
  { id: 'encoder', actor: 'encoder', deaths: ofReader, ...THREAD },
]
export const recordingInProcesses: readonly Target[] = [
  {
    ...{ id: 'encoder-process', actor: 'encoder', deaths: ofProcess },
    ...{ encoderPlacement: 'process', awayMillisMax: 750, kills: 500 },
  },
  // Whoever kills the process that writes the log kills the recorder, and the other way round.
  {
    ...{ id: 'log-process', actor: 'recorder', deaths: ofBoth, ...THREAD },
    ...{ logPlacement: 'process', awayMillisMax: 750 },
  },
]

/** Who tells those that watch. */
export const watching: readonly Target[] = [
  { id: 'aggregator', actor: 'aggregator', deaths: ofReader, ...THREAD, kills: 1000 },
  { id: 'broadcaster', actor: 'broadcaster', deaths: ofReader, ...THREAD, kills: 1000 },
]

function times(count: number, how: Death): Death[] {
  return Array.from({ length: count }, () => how)
}

/**
 * Kills each of the targets `count` times in one run, in turn, a death at least `pauseMillisMin` after
 * all were back. Nothing is wrong with what the run recorded, and nothing is held that was not held
 * before.
 */
export async function playKills(
  targets: readonly Target[],
  count: number,
  pauseMillisMin = 0,
): Promise<Campaign> {
  const random = seededRandom(seed)
  const shotAt = (n: number, { actor, deaths }: Target): Shot => ({
    hits: [{ actor, how: deaths[(n * 7) % deaths.length]!, afterMillis: 0 }],
    pauseMillis: pauseMillisMin + anyPause(random),
  })
  const rounds = Array.from({ length: count }, (_, n) => targets.map(target => shotAt(n, target)))
  const placed = (of: 'encoderPlacement' | 'logPlacement') =>
    targets.some(target => target[of] === 'process') ? 'process' : 'thread'
  const campaign = await streamAndKill({
    encoderPlacement: placed('encoderPlacement'),
    logPlacement: placed('logPlacement'),
    shots: rounds.flat(),
    onDisk: targets.some(({ actor }) => actor === 'recorder'),
  })
  expect(campaign.verdict.problems).toEqual([])
  expectReleased(campaign)
  return campaign
}

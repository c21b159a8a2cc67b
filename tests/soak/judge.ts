// What is asked of a run that was soaked, when it is over: the log is gapless and nobody died unasked,
// but for those that a busy machine kept silent for so long that they were replaced;
// every frame is on a video once, and recognisable; every episode is in the dataset once, with all of
// its rows. By the same judges as after the campaigns of kills.
import { join } from 'node:path'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import { openLogReader } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { judgeDataset } from '../durability/datasets/judge-dataset.ts'
import { type Fates, judgeEnd } from '../durability/datasets/judge-end.ts'
import { shadeOf } from '../durability/datasets/script.ts'
import { judgeVideos } from '../supervision/judge-videos.ts'

export interface SoakWitness {
  /** Episodes that the program has played, and those that it was told are durable. */
  readonly episodes: number
  readonly durable: ReadonlySet<number>
  /** How often each actor was killed. */
  readonly kills: Readonly<Record<string, number>>
}

export interface SoakRecord {
  readonly problems: readonly string[]
  readonly events: number
  readonly rows: number
  /** Actors that were replaced because they were silent. */
  readonly silent: number
}

/** Judges run directory `dir`, which no process has open. */
export async function judgeSoaked(dir: string, witness: SoakWitness): Promise<SoakRecord> {
  const problems: string[] = []
  const reader = openLogReader(dir)
  const envelopes = [...reader.events({ fromSeq: 1 })]
  await reader.close()
  const events = envelopes.map(({ event }) => event)
  const wrong = envelopes.findIndex(({ seq }, index) => seq !== index + 1)
  if (wrong >= 0) problems.push(`event ${envelopes[wrong]?.seq} stands where ${wrong + 1} should`)
  for (const event of events) {
    if (event.type === 'gap_found') problems.push(`a gap of ${event.events} events`)
  }
  const deaths = deathsIn(events)
  for (const actor of new Set([
    ...deaths.map(death => death.actor),
    ...Object.keys(witness.kills),
  ])) {
    const found = deaths.filter(death => death.actor === actor && !isSilence(death)).length
    const kills = witness.kills[actor] ?? 0
    if (found !== kills) problems.push(`${actor} was killed ${kills} times and died ${found}`)
  }
  if (!(await verifyLog(dir)).ok) problems.push('the log does not verify')
  const shades = {
    shadeOf: ({ camera, episode, index }: { camera: string; episode: number; index: number }) =>
      shadeOf(camera, episode, index),
  }
  problems.push(...(await judgeVideos(dir, shades)))
  const { problems: strange, rows } = await judgeDataset(dir, events)
  problems.push(...strange)
  const fates: Fates = { episodes: 0, saved: 0, rows: 0, interrupted: 0, recovered: 0 }
  const { durable } = witness
  problems.push(...judgeEnd(events, { durable, keepsFrames: false, rows }, fates))
  if (fates.episodes !== witness.episodes || fates.saved !== witness.episodes) {
    const found = `${fates.episodes} recorded, ${fates.saved} saved in ${join(dir, 'dataset')}`
    problems.push(`${witness.episodes} episodes were played: ${found}`)
  }
  const silent = deaths.filter(isSilence).length
  return { problems, events: events.length, rows: fates.rows, silent }
}

type Death = EventOf<'actor_changed'>

const deathsIn = (events: readonly Event[]): Death[] =>
  events.filter(
    (event): event is Death =>
      event.type === 'actor_changed' && event.to === 'gone' && event.from !== 'stopped',
  )

const isSilence = ({ reason }: Death): boolean => /^no sign of life/.test(reason ?? '')

/** The deaths in a run that may go on, newest last, in words. */
export async function tellDeaths(dir: string): Promise<string[]> {
  const reader = openLogReader(dir)
  try {
    const events = [...reader.events({ fromSeq: 1 })].map(({ event }) => event)
    return deathsIn(events).map(
      ({ actor, from, restarts, reason }) => `${actor} ${restarts}, ${from}: ${reason}`,
    )
  } finally {
    await reader.close()
  }
}

// What is asked of a run that was soaked, when it is over: the log is gapless and nobody died unasked;
// every frame is on a video once, and recognisable; every episode is in the dataset once, with all of
// its rows. By the same judges as after the campaigns of kills.
import { join } from 'node:path'
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
  const died: Record<string, number> = {}
  for (const event of events) {
    if (event.type === 'gap_found') problems.push(`a gap of ${event.events} events`)
    if (event.type !== 'actor_changed' || event.to !== 'gone' || event.from === 'stopped') continue
    died[event.actor] = (died[event.actor] ?? 0) + 1
  }
  for (const actor of new Set([...Object.keys(died), ...Object.keys(witness.kills)])) {
    const [deaths, kills] = [died[actor] ?? 0, witness.kills[actor] ?? 0]
    if (deaths !== kills) problems.push(`${actor} was killed ${kills} times and died ${deaths}`)
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
  return { problems, events: events.length, rows: fates.rows }
}

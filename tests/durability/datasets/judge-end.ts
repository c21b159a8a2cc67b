// What became of every episode when a run that was killed again and again is over: in the dataset
// with all its steps, once, or refused for what the kill took away. Nothing that was told to be
// durable is missing, and only what was interrupted is incomplete.
import type { Event, EventOf } from '../../../src/protocol/events.ts'
import { cameras, stepsOf } from './script.ts'

export interface EndWitness {
  /** Episodes that the program was told are durable. */
  readonly durable: ReadonlySet<number>
  readonly keepsFrames: boolean
  /** Of the dataset, by the episode's number in the log. */
  readonly rows: ReadonlyMap<number, number>
}

/** Counts over a campaign. */
export interface Fates {
  episodes: number
  saved: number
  rows: number
  /** Episodes that a kill cut off, and those of them that are in the dataset all the same. */
  interrupted: number
  recovered: number
}

/** An episode as the log has it. */
interface Recorded {
  steps: number
  /** By camera. */
  frames: Map<string, number>
  ends: EventOf<'episode_ended'>[]
  saved: EventOf<'episode_saved'>[]
  refused: EventOf<'episode_refused'>[]
}

/** Problems in words; what became of the episodes is added to `fates`. */
export function judgeEnd(events: readonly Event[], witness: EndWitness, fates: Fates): string[] {
  const problems: string[] = []
  const episodes = recordedIn(events)
  for (const [episode, recorded] of episodes) {
    problems.push(...judgeEpisode(episode, recorded, witness))
    const isSaved = recorded.saved.length > 0
    const isInterrupted = recorded.ends[0]?.reason === 'interrupted'
    fates.episodes++
    if (isSaved) fates.saved++
    if (isInterrupted) fates.interrupted++
    if (isSaved && isInterrupted) fates.recovered++
    if (isSaved) fates.rows += recorded.steps
  }
  for (const episode of witness.durable) {
    if (episodes.get(episode)?.saved.length !== 1) problems.push(`durable ${episode} is not saved`)
  }
  const strange = [...witness.rows.keys()].filter(episode => !episodes.get(episode)?.saved.length)
  if (strange.length > 0) problems.push(`nobody said that ${strange.join()} are in the dataset`)
  return problems
}

function judgeEpisode(
  episode: number,
  { steps, frames, ends, saved, refused }: Recorded,
  { keepsFrames, rows }: EndWitness,
): string[] {
  const problems: string[] = []
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(`episode ${episode}: ${problem}`)
  }
  const isWhole = ends[0]?.reason === 'terminated'
  check(ends.length === 1, `ended ${ends.length} times`)
  check(saved.length + refused.length === 1, `saved ${saved.length}, refused ${refused.length}`)
  check(rows.get(episode) === (saved.length > 0 ? steps : undefined), `${rows.get(episode)} rows`)
  check(!isWhole || steps === stepsOf(episode), `${steps} steps of ${stepsOf(episode)}`)
  const counts = cameras.map(camera => frames.get(camera) ?? 0)
  check(!isWhole || counts.every(count => count === steps), `${counts} frames, ${steps} steps`)
  // A kill may have come between a step and its frame; the one before stands for it as long as the
  // log holds it.
  const isShort = steps < 2 || counts.some(count => count === 0 || (!keepsFrames && count < steps))
  check(refused.length === 0 || isShort, `refused: ${refused[0]?.reason}`)
  return problems
}

function recordedIn(events: readonly Event[]): Map<number, Recorded> {
  const episodes = new Map<number, Recorded>()
  for (const event of events) {
    if (!('episode' in event) || typeof event.episode !== 'number') continue
    let recorded = episodes.get(event.episode)
    if (recorded === undefined) {
      recorded = { steps: 0, frames: new Map(), ends: [], saved: [], refused: [] }
      episodes.set(event.episode, recorded)
    }
    if (event.type === 'step_taken') recorded.steps++
    else if (event.type === 'frame_captured') {
      recorded.frames.set(event.camera, (recorded.frames.get(event.camera) ?? 0) + 1)
    } else if (event.type === 'episode_ended') recorded.ends.push(event)
    else if (event.type === 'episode_saved') recorded.saved.push(event)
    else if (event.type === 'episode_refused') recorded.refused.push(event)
  }
  return episodes
}

// Judges every crash of a recording.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { acknowledged, crashes } from './crash.ts'
import type { Judge } from './judge.ts'
import { type Recording, readRecording } from './recording.ts'
import type { Recovered } from './recovered.ts'

/** What was found after one crash. */
export interface Finding extends Recovered {
  /** In words, for whoever has to find out what went wrong. */
  readonly story: string
  /** The last acknowledged event. */
  readonly acknowledged: number
}

export async function judgeCrashes(
  judge: Judge,
  recording: Recording,
  workload: string,
  seed: number,
  count: number,
): Promise<Finding[]> {
  const { root, file } = recording
  const image = join(root, '..', 'image')
  const staleLock = readFileSync(join(root, 'run', 'log', 'lock.mdb'))
  const found: Finding[] = []
  for (const { story, told, write } of crashes(readRecording(file, root), staleLock, seed, count)) {
    mkdirSync(image)
    write(image)
    const recovered = await judge.judge({ dir: join(image, 'run'), workload, seed, told })
    found.push({ ...recovered, story, acknowledged: acknowledged(told) })
    rmSync(image, { recursive: true })
  }
  return found
}

/** One line for each fault. */
export const faultsOf = (found: readonly Finding[]): string[] =>
  found.flatMap(({ story, faults }) => faults.map(fault => `${story}: ${fault}`))

export const sum = (found: readonly Finding[], key: 'missing' | 'acknowledged'): number =>
  found.reduce((total, finding) => total + finding[key], 0)

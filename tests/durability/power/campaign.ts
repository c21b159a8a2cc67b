// Judges every crash of a recording.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { acknowledged, crashes, toldBy } from './crash.ts'
import type { Judge } from './judge.ts'
import { type Call, type Recording, readRecording } from './recording.ts'
import type { Recovered } from './recovered.ts'

/** What was found after one crash. */
export interface Finding extends Recovered {
  /** In words, for whoever has to find out what went wrong. */
  readonly story: string
  /** The last acknowledged event. */
  readonly acknowledged: number
}

export interface Campaign {
  readonly workload: string
  readonly seed: number
  readonly count: number
  /** Crashes begin with the first acknowledgement: before it there is nothing to lose. */
  readonly acknowledgedOnly: boolean
}

export async function judgeCrashes(
  judge: Judge,
  { root, file }: Recording,
  { workload, seed, count, acknowledgedOnly }: Campaign,
): Promise<Finding[]> {
  const image = join(root, '..', 'image')
  const staleLock = readFileSync(join(root, 'run', 'log', 'lock.mdb'))
  const calls = readRecording(file, root)
  const isAcknowledgement = ({ kind, data }: Call): boolean =>
    kind === 'say' && data.toString().startsWith('ack')
  const skipped = acknowledgedOnly ? calls.findIndex(isAcknowledgement) + 1 : 0
  const found: Finding[] = []
  for (const crash of crashes(calls, staleLock, seed, count, skipped)) {
    const { story } = crash
    const told = toldBy(crash)
    mkdirSync(image)
    crash.write(image)
    const first = found.length % 2 === 0 ? 'reader' : 'writer'
    const recovered = await judge.judge({ dir: join(image, 'run'), workload, seed, told, first })
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

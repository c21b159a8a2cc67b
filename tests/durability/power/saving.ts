// Power cuts while a run makes video and a dataset: the program of tests/durability/datasets runs
// under the recorder, and what is judged there after kills is judged here in every crash image. Some
// images are gone on with until the run is over; then everything that was owed must have come in.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../../src/base/assert.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { Place, recordingProgram, taskOf } from '../datasets/campaign.ts'
import type { Fates } from '../datasets/judge-end.ts'
import type { RecordingTask } from '../datasets/recording.child.ts'
import { crashes, type Said } from './crash.ts'
import { type Recording, readRecording, record } from './recording.ts'

/** One image of so many is also looked at by another program. */
const ASKS_OTHERS_EVERY = 10

export interface Saving extends Recording {
  readonly number: number
}

/** Records a run of so many episodes, each of which is saved, and then killed. */
export async function recordSaving(
  library: string,
  folder: string,
  number: number,
  episodes: number,
  plants: readonly Plant[] = [],
): Promise<Saving> {
  const dir = join(folder, 'disk', 'run')
  const task: RecordingTask = { ...taskOf(dir, number), episodes, settles: true, dies: true }
  const args = [...plantArgv(plants), recordingProgram, JSON.stringify(task)]
  const quiet = '--disable-warning=ExperimentalWarning'
  return { number, ...(await record(library, folder, [quiet, ...args])) }
}

export interface SavingCampaign {
  readonly seed: number
  readonly count: number
  /** One image of so many is gone on with to the end. */
  readonly goesOnEvery: number
}

export interface SavingFindings {
  readonly images: number
  /** Images that broke a promise. */
  readonly bad: number
  /** Episodes that were known to be durable when the power went, over all images. */
  readonly durable: number
  readonly goneOn: number
  /** Of the images that were gone on with. */
  readonly fates: Fates
  readonly problems: readonly string[]
}

export async function judgeSaving(
  { root, file, number }: Saving,
  { seed, count, goesOnEvery }: SavingCampaign,
): Promise<SavingFindings> {
  const image = join(root, '..', 'image')
  const staleLock = readFileSync(join(root, 'run', 'log', 'lock.mdb'))
  const calls = readRecording(file, root)
  const recordingFrom = calls.findIndex(({ data }) => data.includes('"recording"'))
  assert(recordingFrom > 0, 'the program has said that it records')
  const fates: Fates = { episodes: 0, saved: 0, rows: 0, interrupted: 0, recovered: 0 }
  const problems: string[] = []
  const sums = { images: 0, bad: 0, durable: 0, goneOn: 0 }
  for (const { story, said, write } of crashes(calls, staleLock, seed, count, recordingFrom)) {
    mkdirSync(image)
    write(image)
    const durable = durableBy(said)
    const place = new Place(taskOf(join(image, 'run'), number), [], durable)
    const found = await place.judge(sums.images % ASKS_OTHERS_EVERY === 0)
    sums.durable += durable.length
    if (++sums.images % goesOnEvery === 0 && found.length === 0) {
      found.push(...(await place.end(fates)))
      sums.goneOn++
    }
    if (found.length > 0) sums.bad++
    problems.push(...found.map(problem => `${story}: ${problem}`))
    rmSync(image, { recursive: true })
  }
  return { ...sums, fates, problems }
}

/** Episodes of which the program had said that they are durable. */
const durableBy = (said: readonly Said[]): number[] =>
  said
    .flatMap(({ text }) => text.split('\n'))
    .filter(line => line.startsWith('{"durable"'))
    .map(line => (JSON.parse(line) as { durable: number }).durable)

// The logs that the campaign damages, and what is in them: events, frames and pixels of the
// campaign's sequence (workload.ts), rows and snapshots that follow from their numbers, several
// epochs, some pixels pruned. Whatever a damaged copy gives out is compared with this.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFile, openLogReader } from '../../../src/store/open-log.ts'
import { PageFile } from '../../../src/store/page-file.ts'
import { planSalvage } from '../../../src/store/salvage-plan.ts'
import { scanFile } from '../../../src/store/scan.ts'
import { judgeLog } from '../oracle.ts'
import { eventAt, type Workload } from '../workload.ts'

/** How its last writer ended. */
export type Ending = 'closed' | 'killed'

/** What a sound log holds. */
export interface Truth {
  readonly workload: Workload
  readonly lastSeq: number
  /** Numbers of the frames whose pixels are there. */
  readonly frames: readonly number[]
  readonly episodes: readonly number[]
  /** Each name with the snapshot's position. */
  readonly snapshots: Readonly<Record<string, number>>
}

export interface SoundLog {
  readonly name: string
  readonly truth: Truth
  readonly bytes: Buffer
  /** Where its batches are in the file, in order. */
  readonly places: readonly Place[]
}

export interface Place {
  readonly firstSeq: number
  readonly offset: number
  readonly bytes: number
}

export const snapshotNames = ['state-0', 'state-1', 'state-2'] as const

/** Contents of different lengths, some too long for a page of LMDB. */
const filled = (seq: number, salt: number): Uint8Array =>
  new Uint8Array(40 + (seq % 7) * 600).map((_, i) => (i * 31 + seq * 7 + salt) & 0xff)
export const rowAt = (episode: number): Uint8Array => filled(episode, 1)
export const snapshotAt = (position: number): Uint8Array => filled(position, 2)

/** Makes a log in run directory `dir`. */
export async function makeSoundLog(
  dir: string,
  workload: Workload,
  ending: Ending,
): Promise<SoundLog> {
  const child = join(import.meta.dirname, 'sound-log.child.ts')
  try {
    execFileSync(process.execPath, [child, dir, workload, ending], { stdio: 'ignore' })
  } catch (error) {
    if ((error as { signal?: string }).signal !== 'SIGKILL') throw error
  }
  const { lastSeq, problems } = await judgeLog(dir, { workload, acknowledged: 1 })
  if (problems.length > 0) throw new Error(`${dir} is not sound: ${problems.join('\n')}`)
  const reader = openLogReader(dir)
  const all = Array.from({ length: lastSeq }, (_, index) => index + 1)
  const truth: Truth = {
    workload,
    lastSeq,
    frames: all.filter(seq => {
      return eventAt(workload, seq).type === 'frame_captured' && reader.hasFrame(seq)
    }),
    episodes: all.filter(seq => reader.episodeRow(seq) !== undefined),
    snapshots: Object.fromEntries(
      snapshotNames.map(name => [name, reader.snapshot(name)?.position ?? 0]),
    ),
  }
  await reader.close()
  const places = placesIn(dataFile(dir))
  return { name: `${workload}, ${ending}`, truth, bytes: readFileSync(dataFile(dir)), places }
}

function placesIn(path: string): readonly Place[] {
  const file = PageFile.open(path)!
  try {
    return planSalvage(scanFile(file), undefined, undefined).batches
  } finally {
    file.close()
  }
}

/** The last event before the first one whose bytes `copy` does not have. */
export function lastUntouched({ bytes, places, truth }: SoundLog, copy: Buffer): number {
  const touched = places.find(({ offset, bytes: length }) => {
    const [was, is] = [bytes, copy].map(all => all.subarray(offset, offset + length))
    return !was!.equals(is!)
  })
  return touched ? touched.firstSeq - 1 : truth.lastSeq
}

/** Both kinds of events, each from a writer that closed and from one that was killed. */
export async function makeSoundLogs(next: () => string): Promise<SoundLog[]> {
  const logs: SoundLog[] = []
  for (const ending of ['closed', 'killed'] as const) {
    for (const workload of ['steps', 'frames'] as const) {
      logs.push(await makeSoundLog(next(), workload, ending))
    }
  }
  return logs
}

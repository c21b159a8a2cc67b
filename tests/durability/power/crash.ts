// Crashes of a recorded program: the power goes after any number of finished calls, while the next
// one is on its way. A crash is known by the recording and a number, so it can be made again.
import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../../src/base/assert.ts'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import { type ImageFile, SimulatedDisk, survivals } from './disk.ts'
import type { Call } from './recording.ts'

/** What a writer had said when the power went. */
export interface Told {
  readonly atMillis: number
  readonly epoch: number
  readonly acknowledgements: readonly { readonly seq: number; readonly atMillis: number }[]
  /** True when it had closed the log and not begun to open it again. */
  readonly closed: boolean
}

/** A line on a program's standard output. */
export interface Said {
  readonly text: string
  readonly atMillis: number
}

export interface Crash {
  readonly story: string
  /** When the power went, and what had been said until then. */
  readonly atMillis: number
  readonly said: readonly Said[]
  /** Makes the files below `folder`, which is empty. */
  readonly write: (folder: string) => void
}

/** Reads what was said until the power went at `atMillis`. */
export function toldBy({ said, atMillis }: Pick<Crash, 'said' | 'atMillis'>): Told {
  const acknowledgements: { seq: number; atMillis: number }[] = []
  let epoch = 0
  let closed = false
  for (const line of said) {
    const [word, number] = line.text.trim().split(' ')
    if (word === 'open') epoch = Number(number)
    else if (word === 'opening') closed = false
    else if (word === 'closed') closed = true
    else {
      assert(word === 'ack', `the writer said ${line.text}`)
      acknowledgements.push({ seq: Number(number), atMillis: line.atMillis })
    }
  }
  return { atMillis, epoch, acknowledgements, closed }
}

/** The last event that had been acknowledged for at least `ageMillis`. */
export function acknowledged({ acknowledgements, atMillis }: Told, ageMillis = 0): number {
  const old = acknowledgements.findLast(each => each.atMillis <= atMillis - ageMillis)
  return old?.seq ?? 0
}

/** `count` crashes of a recording after its first `skipped` calls, in the order of their instants. */
export function* crashes(
  calls: readonly Call[],
  staleLock: Buffer,
  seed: number,
  count: number,
  skipped: number,
): Generator<Crash> {
  const random = seededRandom(seed)
  const cut = (): number => skipped + random.below(calls.length - skipped)
  const cuts = Array.from({ length: count }, cut).sort((a, b) => a - b)
  const disk = new SimulatedDisk()
  let finished = 0
  for (const [number, cut] of cuts.entries()) {
    while (finished < cut) disk.finish(calls[finished++]!)
    const chance = seededRandom(seed * 65_537 + number)
    const survival = survivals[(number >> 1) % survivals.length]!
    const call = calls[cut]!
    const said = calls
      .slice(0, cut)
      .filter(({ kind }) => kind === 'say')
      .map(({ data, endedMillis }) => ({ text: data.toString(), atMillis: endedMillis }))
    const files = disk.image(survival, chance, call)
    yield {
      story: `crash ${number} of seed ${seed}: ${survival} survives during call ${cut}, ${call.kind}`,
      atMillis: call.endedMillis,
      said,
      write: folder => writeImage(folder, files, staleLock, chance),
    }
  }
}

function writeImage(
  folder: string,
  files: readonly ImageFile[],
  staleLock: Buffer,
  chance: Random,
): void {
  const lock = chance.below(3)
  const otherBoot = chance.below(2) === 0
  for (const { path, bytes } of files) {
    const at = join(folder, path)
    if (bytes === undefined) mkdirSync(at)
    // LMDB writes its lock file through a mapping, which no recorder sees.
    else if (path.endsWith('lock.mdb')) {
      if (lock > 0) writeFileSync(at, lock === 1 ? staleLock : garbage(staleLock.length))
    } else {
      if (otherBoot && path.endsWith('data.mdb')) bootAgain(bytes)
      writeFileSync(at, bytes)
    }
  }
}

const garbage = (length: number): Buffer => randomFillSync(Buffer.alloc(length))

const PAGE_BYTES = 4096
const BOOT_ID_AT = 160

/** lmdb-js notes in its meta pages which boot of the machine wrote them. */
function bootAgain(bytes: Buffer): void {
  for (const page of [0, PAGE_BYTES]) {
    const at = page + BOOT_ID_AT
    if (bytes.length >= at + 8 && bytes.readBigUInt64LE(at) !== 0n) bytes[at]! ^= 0xff
  }
}

// What a disk, a cable or a file system does to a file: bits flip, pages are lost, replaced or
// exchanged, and the end is missing. Six kinds, in the proportions of D8.
import type { Random } from '../../../src/base/random.ts'
import { some } from '../kills/strace.ts'

const PAGE_BYTES = 4096
/** A leaf and a branch of one of LMDB's trees. */
const TREE_FLAGS: readonly number[] = [1, 2]

/** How many of each make the whole campaign. */
export const kinds = {
  flip: 2_000,
  metaFlip: 200,
  garbage: 500,
  zeroed: 500,
  truncation: 1_000,
  swap: 200,
} as const
export type Kind = keyof typeof kinds

/** What is damaged: the data file of a log. */
interface Source {
  readonly name: string
  readonly bytes: Buffer
}

export interface Damage<S extends Source> {
  readonly kind: Kind
  readonly log: S
  /** What was done, so that a failure can be looked at. */
  readonly what: string
  readonly bytes: () => Buffer
}

/** The damages of `kind`, `count` of them, spread over `logs`. */
export function damagesOf<S extends Source>(
  kind: Kind,
  count: number,
  logs: readonly S[],
  random: Random,
): Damage<S>[] {
  if (kind === 'truncation') return truncations(count, logs, random)
  return Array.from({ length: count }, (_, n) => {
    const log = logs[n % logs.length]!
    const round = Math.floor(n / logs.length)
    const { what, change } = changes[kind](log.bytes, round, random)
    return { kind, log, what: `${kind} in ${log.name}: ${what}`, bytes: () => changed(log, change) }
  })
}

function changed({ bytes }: Source, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

interface Change {
  readonly what: string
  readonly change: (copy: Buffer) => void
}

/** `n` alternates where there are two sorts. */
type Choose = (bytes: Buffer, n: number, random: Random) => Change

const pageAt = (bytes: Buffer, page: number): Buffer =>
  bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)

/** Pages that LMDB uses, behind its two meta pages. */
function usedPages(bytes: Buffer): number {
  const lastPages = [0, PAGE_BYTES].map(meta => Number(bytes.readBigUInt64LE(meta + 144)))
  return Math.max(...lastPages) + 1
}

const anyPage = (bytes: Buffer, random: Random): number => 2 + random.below(usedPages(bytes) - 2)

/** Most of the file is pixels; half of all flips shall meet LMDB's own structure. */
function treePage(bytes: Buffer, random: Random): number {
  for (;;) {
    const page = anyPage(bytes, random)
    if (TREE_FLAGS.includes(bytes.readUInt16LE(page * PAGE_BYTES + 18))) return page
  }
}

function flipIn(page: number, within: number, random: Random): Change {
  const at = page * PAGE_BYTES + random.below(within)
  const bit = random.below(8)
  return {
    what: `bit ${bit} of byte ${at} (page ${page}, byte ${at % PAGE_BYTES})`,
    change: copy => {
      copy[at]! ^= 1 << bit
    },
  }
}

const changes: Record<Exclude<Kind, 'truncation'>, Choose> = {
  flip: (bytes, n, random) =>
    flipIn((n % 2 === 0 ? treePage : anyPage)(bytes, random), PAGE_BYTES, random),
  // Three in four in the part that LMDB reads.
  metaFlip: (_, n, random) => flipIn(n % 2, n % 4 === 3 ? PAGE_BYTES : 168, random),
  garbage: (bytes, _, random) => {
    const page = anyPage(bytes, random)
    const garbage = Buffer.from(Array.from({ length: PAGE_BYTES }, () => random.below(256)))
    return { what: `page ${page}`, change: copy => void garbage.copy(pageAt(copy, page)) }
  },
  // Every fifteenth a meta page.
  zeroed: (bytes, n, random) => {
    const page = n % 15 === 7 ? random.below(2) : anyPage(bytes, random)
    return { what: `page ${page}`, change: copy => void pageAt(copy, page).fill(0) }
  },
  // Every second time the pages say their new numbers, so that nothing of LMDB's tells.
  swap: (bytes, n, random) => {
    const [a, b] = [anyPage(bytes, random), anyPage(bytes, random)]
    const renumbered = n % 2 === 1
    return {
      what: `pages ${a} and ${b}${renumbered ? ', renumbered' : ''}`,
      change: copy => {
        pageAt(bytes, a).copy(pageAt(copy, b))
        pageAt(bytes, b).copy(pageAt(copy, a))
        if (!renumbered) return
        for (const page of [a, b]) copy.writeBigUInt64LE(BigInt(page), page * PAGE_BYTES)
      },
    }
  },
}

/** At every boundary of a page first, then anywhere. */
function truncations<S extends Source>(
  count: number,
  logs: readonly S[],
  random: Random,
): Damage<S>[] {
  const boundaries = logs.flatMap(log =>
    Array.from({ length: usedPages(log.bytes) }, (_, page) => cutOff(log, page * PAGE_BYTES)),
  )
  if (count <= boundaries.length) return some(boundaries, count)
  const further = Array.from({ length: count - boundaries.length }, (_, n) => {
    const log = logs[n % logs.length]!
    return cutOff(log, random.below(log.bytes.byteLength))
  })
  return [...boundaries, ...further]
}

const cutOff = <S extends Source>(log: S, size: number): Damage<S> => ({
  kind: 'truncation',
  log,
  what: `truncation of ${log.name} to ${size} B`,
  bytes: () => Buffer.from(log.bytes.subarray(0, size)),
})

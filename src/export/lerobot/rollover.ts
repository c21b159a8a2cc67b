// Which files are written when episodes are added. Each commit makes a small file; the last files
// are written again together with it as long as they are not much larger, so that sizes at least
// halve from one file to the next. So there are few files (the logarithm of the number of commits,
// and the full ones), and a byte is copied a few times, not once for each episode that follows. Where
// somebody waits for an episode, this is left for later, up to a few files.
import { assert } from '../../base/assert.ts'
import { nextPlace, type Place } from './layout.ts'

/** What counts against the limits of a file. */
export interface Size {
  readonly episodes: number
  readonly frames: number
  readonly bytes: number
}

/** An episode's share of a file. */
interface Unit extends Size {
  /** Units of different makes are in different files. */
  readonly make?: string
}

/** A file of one kind, with the episodes that it holds. */
export interface Part extends Size {
  readonly place: Place
  /** Its first episode. */
  readonly first: number
}

/** A file to be written: earlier files, whole, and then new material. */
export interface PlannedFile<U extends Unit> extends Part {
  readonly parts: readonly Part[]
  readonly units: readonly U[]
}

/** What to do with the files of one kind. */
export interface FilePlan<U extends Unit> {
  /** Files that stay as they are. */
  readonly kept: readonly Part[]
  readonly files: readonly PlannedFile<U>[]
}

export interface FileRules {
  /** Whether a file of this size may be. One episode alone always may. */
  fits(size: Size): boolean
  /** What writing a file again costs. */
  cost(size: Size): number
  readonly chunkFiles: number
}

/** Which of the last files are written again, together with what is new. */
export type Joining =
  /** Those that are not much larger. */
  | 'worthwhile'
  /** None, unless many have been left for later. */
  | 'later'
  /** As many as fit, whatever it costs. */
  | 'all'

export interface PlanOptions {
  /** Default `worthwhile`. */
  readonly joining?: Joining
  /** So many of the first files stay as they are. */
  readonly fixed?: number
}

/** A file is written again with new ones of at least this share of its cost. */
const WORTH = 0.5
/** So many files may be left to be joined later. */
const LEFT_MAX = 8

const nothing: Size = { episodes: 0, frames: 0, bytes: 0 }

const sum = (a: Size, b: Size): Size => ({
  episodes: a.episodes + b.episodes,
  frames: a.frames + b.frames,
  bytes: a.bytes + b.bytes,
})

/**
 * Plans where `units`, each an episode's, go behind `parts`. Without new ones the last file counts as
 * new: what was left for later is joined.
 */
export function planFiles<U extends Unit>(
  parts: readonly Part[],
  units: readonly U[],
  rules: FileRules,
  { joining = 'worthwhile', fixed = 0 }: PlanOptions = {},
): FilePlan<U> {
  const groups = groupUnits(units, rules)
  const [fresh] = groups
  if (!fresh) return layOut(parts, firstLeft(parts, rules, joining, fixed), groups, rules)
  const size = fresh.reduce(sum, nothing)
  const left = parts.length - firstLeft(parts, rules, 'worthwhile', fixed)
  const kept =
    joining === 'later' && left < LEFT_MAX
      ? parts.length
      : firstTaken(parts, size, rules, joining, fixed)
  return layOut(parts, kept, groups, rules)
}

/** The first of the last files that new material of `size` is joined with. */
function firstTaken(
  parts: readonly Part[],
  size: Size,
  { cost, fits }: FileRules,
  joining: Joining,
  fixed: number,
): number {
  let kept = parts.length
  for (let taken = size; kept > fixed; kept--) {
    const last = parts[kept - 1]!
    const joined = sum(last, taken)
    const isCheap = joining === 'all' || cost(taken) >= WORTH * cost(last)
    if (!isCheap || !fits(joined)) break
    taken = joined
  }
  return kept
}

/** The first of the files that would be joined if nothing came; behind the last if there are none. */
function firstLeft(
  parts: readonly Part[],
  rules: FileRules,
  joining: Joining,
  fixed: number,
): number {
  const last = parts.at(-1)
  if (!last || parts.length <= fixed) return parts.length
  const first = firstTaken(parts.slice(0, -1), last, rules, joining, fixed)
  // One file alone would become itself.
  return first === parts.length - 1 ? parts.length : first
}

/** As many units to a file as fit. */
function groupUnits<U extends Unit>(units: readonly U[], rules: FileRules): U[][] {
  const groups: U[][] = []
  let size = nothing
  for (const unit of units) {
    const joined = sum(size, unit)
    if (groups.at(-1)?.[0]?.make !== unit.make || groups.length === 0 || !rules.fits(joined)) {
      groups.push([unit])
      size = unit
    } else {
      groups.at(-1)!.push(unit)
      size = joined
    }
  }
  return groups
}

/** Gives places to the files that take over from `parts[kept]` on. */
function layOut<U extends Unit>(
  parts: readonly Part[],
  kept: number,
  groups: readonly (readonly U[])[],
  rules: FileRules,
): FilePlan<U> {
  const taken = parts.slice(kept)
  const files: PlannedFile<U>[] = []
  let before = parts[kept - 1]
  const contents = taken.length > 0 && groups.length === 0 ? [[]] : groups
  for (const [at, units] of contents.entries()) {
    const joined = at === 0 ? taken : []
    const first = before ? before.first + before.episodes : 0
    const place = nextPlace(before?.place, rules.chunkFiles)
    const file = { ...[...joined, ...units].reduce(sum, nothing), first, place }
    files.push({ ...file, parts: joined, units })
    before = file
  }
  assert(taken.length === 0 || taken[0]!.first === files[0]!.first, 'files stay in order')
  return { kept: parts.slice(0, kept), files }
}

/** Places of `before` that hold nothing any more. */
export function emptiedPlaces(before: readonly Part[], after: readonly Part[]): Place[] {
  const used = new Set(after.map(({ place }) => nameOf(place)))
  return before.map(({ place }) => place).filter(place => !used.has(nameOf(place)))
}

const nameOf = ({ chunk, file }: Place): string => `${chunk}/${file}`

/** The file that holds `episode`. */
export function partOf(parts: readonly Part[], episode: number): Part {
  let [low, high] = [0, parts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (parts[middle]!.first <= episode) low = middle
    else high = middle - 1
  }
  const part = parts[low]
  assert(part && episode < part.first + part.episodes, `a file for episode ${episode}`)
  return part
}

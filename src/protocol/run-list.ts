// The runs of a directory, as a list: what `GET /api/runs` answers, and where each of them has its
// page. Field names are snake_case, as all that viewers read.
import * as v from 'valibot'
import { count } from './message-fields.ts'

/** `recording`: a process writes it now; `interrupted`: its last one did not close it. */
const runStates = ['recording', 'finished', 'interrupted', 'unreadable'] as const
export type RunState = (typeof runStates)[number]

const runRowSchema = v.object({
  /** Its directory's name, by which it has its address. */
  name: v.string(),
  /** What its trainer calls it; null when that cannot be read. */
  title: v.nullable(v.string()),
  state: v.picklist(runStates),
  /** Why it is unreadable; null in every other state. */
  problem: v.nullable(v.string()),
  /** Time of its first event, and when its log was last written to; Unix milliseconds. */
  started_at: v.nullable(v.number()),
  written_at: v.number(),
  /** Of finished episodes; while it is recorded, as of some seconds ago. */
  episodes: v.nullable(count),
  steps: v.nullable(count),
  best_return: v.nullable(v.number()),
  /** Of its log, with the frames that it still holds. */
  log_bytes: count,
})
export type RunRow = v.InferOutput<typeof runRowSchema>

/** The answer to `GET /api/runs?offset=N&limit=N`. */
export const runListSchema = v.object({
  /** The directory that is served. */
  directory: v.string(),
  /** Runs that are being recorded first, then those last written to. */
  runs: v.array(runRowSchema),
  /** How many there are altogether. */
  total: count,
})
export type RunList = v.InferOutput<typeof runListSchema>

/** Runs in one answer: default and most. */
export const RUNS_PAGE = 50
export const RUNS_PAGE_MAX = 100

/** Where the list is, for people and for programs. */
export const RUNS_PATH = '/runs'
export const RUNS_API_PATH = '/api/runs'

/** The page of the run `name`; what belongs to it has addresses below. */
export const runPath = (name: string): string => `/run/${encodeURIComponent(name)}/`

const OF_RUN = /^\/run\/([^/]+)(\/.*)$/

/**
 * The run that a path (without query) belongs to, and the rest of it, from `/` on; undefined for a
 * path that belongs to none. A name that is badly encoded is a run that nobody has: ''.
 */
export function splitRunPath(path: string): { name: string; rest: string } | undefined {
  const found = OF_RUN.exec(path)
  if (found === null) return undefined
  try {
    return { name: decodeURIComponent(found[1]!), rest: found[2]! }
  } catch {
    return { name: '', rest: found[2]! }
  }
}

/** What stands before all addresses of the page at `path`: `/`, or `/run/NAME/` as it is spelt. */
export const basePath = (path: string): string => /^\/run\/[^/]+\//.exec(path)?.[0] ?? '/'

// The runs of a directory as rows of a list: which there are, who is being recorded, and a few
// figures of each, read again when its log has changed. What is asked again and again costs little:
// the directory is looked at once a second at most, and only those rows are read that are asked for.
import { resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { RunRow, RunState } from '../protocol/run-list.ts'
import { type RunSummary, summarise } from '../replay/run-summary.ts'
import type { LogReader } from '../store/event-log.ts'
import { askHolder, isHeld } from '../store/lock.ts'
import { openLogReader } from '../store/open-log.ts'
import { isRun, type RunDirectory, runDirectory, runsIn } from '../store/run-directories.ts'

const LOOK_MILLIS = 1_000
/** Who did not record a log that was not written to since is asked again so late. */
const ASK_AGAIN_MILLIS = 10_000

export interface ListedRun extends RunDirectory {
  readonly isRecording: boolean
  /** When its recorder began; 0 where nobody answers. */
  readonly recordingSince: number
}

/** Who else has logs open in this process: a file must not be checked, or opened anew, beside them. */
export interface OpenLogs {
  has(name: string): boolean
  settled(name: string): Promise<void>
}

interface Known {
  /** What the row was read from. */
  key: string
  row: RunRow
  /** Stays open while the run is recorded: each opening halts its writer for a moment. */
  reader: LogReader | null
}

const nothingKnown: RunSummary = {
  title: null,
  startedAt: null,
  episodes: null,
  steps: null,
  bestReturn: null,
}

export class RunListing {
  readonly #dir: string
  readonly #clock: Clock
  readonly #others: OpenLogs
  readonly #known = new Map<string, Known>()
  /** As of the last time that its recorder was asked for, and when that was. */
  #asked = new Map<string, { readonly run: ListedRun; readonly at: number }>()
  #runs: Promise<readonly ListedRun[]> = Promise.resolve([])
  #lookedAt = Number.NEGATIVE_INFINITY
  /** Rows are read one after the other. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(dir: string, clock: Clock, others: OpenLogs) {
    this.#dir = resolve(dir)
    this.#clock = clock
    this.#others = others
  }

  /** Those being recorded first, the last begun before the others; then the last written to. */
  runs(): Promise<readonly ListedRun[]> {
    const now = this.#clock.monotonic()
    if (now - this.#lookedAt >= LOOK_MILLIS) {
      this.#lookedAt = now
      this.#runs = this.#look()
    }
    return this.#runs
  }

  async find(name: string): Promise<ListedRun | undefined> {
    return (await this.runs()).find(run => run.name === name)
  }

  /** Whether the log of that run is open because of us. */
  hasOpen(name: string): boolean {
    return this.#known.get(name)?.reader != null
  }

  rows(runs: readonly ListedRun[]): Promise<RunRow[]> {
    const read = this.#reading.then(async () => {
      const rows: RunRow[] = []
      for (const run of runs) rows.push(await this.#row(run))
      return rows
    })
    this.#reading = read.catch(() => {})
    return read
  }

  async close(): Promise<void> {
    await this.#reading
    for (const { reader } of this.#known.values()) await reader?.close()
    this.#known.clear()
  }

  async #look(): Promise<readonly ListedRun[]> {
    const found = isRun(this.#dir) ? [runDirectory(this.#dir) ?? []].flat() : runsIn(this.#dir)
    const newest = found.reverse().slice(0, limits.listedRunsMax)
    const asked = await Promise.all(newest.map(run => this.#ask(run)))
    this.#asked = new Map(asked.map(one => [one.run.name, one]))
    const runs = asked.map(({ run }) => run)
    for (const [name, known] of this.#known) if (!this.#asked.has(name)) this.#forget(name, known)
    return runs.sort(
      (a, b) =>
        Number(b.isRecording) - Number(a.isRecording) ||
        b.recordingSince - a.recordingSince ||
        (a.isRecording ? 0 : b.writtenAt - a.writtenAt),
    )
  }

  /** Thousands of finished runs are not asked after every second. */
  async #ask(run: RunDirectory) {
    const now = this.#clock.monotonic()
    const before = this.#asked.get(run.name)
    const isKnown = before?.run.writtenAt === run.writtenAt && !before.run.isRecording
    if (before && isKnown && now - before.at < ASK_AGAIN_MILLIS) return before
    return { run: await withRecorder(run), at: now }
  }

  #forget(name: string, { reader }: Known): void {
    this.#known.delete(name)
    this.#reading = this.#reading.then(() => reader?.close())
  }

  async #row(run: ListedRun): Promise<RunRow> {
    const { name, writtenAt, logBytes, isRecording } = run
    const key = `${writtenAt} ${logBytes} ${isRecording}`
    const known = this.#known.get(name)
    if (known?.key === key) return known.row
    await this.#others.settled(name)
    const next: Known = {
      key,
      row: rowOf(run, 'unreadable', nothingKnown),
      reader: known?.reader ?? null,
    }
    this.#known.set(name, next)
    try {
      next.reader ??= openLogReader(run.dir, { check: !this.#others.has(name) })
      const state = isRecording ? 'recording' : next.reader.isClosed() ? 'finished' : 'interrupted'
      next.row = rowOf(run, state, summarise(next.reader))
    } catch (error) {
      next.row = { ...next.row, problem: describeError(error) }
    }
    if (!isRecording && next.reader !== null) {
      const { reader } = next
      next.reader = null
      await reader.close()
    }
    return next.row
  }
}

async function withRecorder(run: RunDirectory): Promise<ListedRun> {
  const holder = await askHolder(run.dir)
  const isRecording = holder !== undefined || (await isHeld(run.dir))
  return { ...run, isRecording, recordingSince: holder?.startedAt ?? 0 }
}

function rowOf(run: ListedRun, state: RunState, summary: RunSummary): RunRow {
  return {
    name: run.name,
    title: summary.title,
    state,
    problem: null,
    started_at: summary.startedAt,
    written_at: run.writtenAt,
    episodes: summary.episodes,
    steps: summary.steps,
    best_return: summary.bestReturn,
    log_bytes: run.logBytes,
  }
}

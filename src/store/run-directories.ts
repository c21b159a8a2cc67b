// Which directories are runs: one that has a log, or those with a log that stand in another. Looks
// at names and dates only and opens no log, so that it may be asked again and again.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { dataFile } from './open-log.ts'
import { checkFound, checkReadable, logDirectory } from './place.ts'

export interface RunDirectory {
  /** The directory's own name. */
  readonly name: string
  readonly dir: string
  /** When its log was last written to, Unix milliseconds. */
  readonly writtenAt: number
  readonly logBytes: number
}

/** Whether `dir` is a run itself, be it one whose log cannot be read. */
export const isRun = (dir: string): boolean => existsSync(logDirectory(dir))

/** Those in `dir`, the last written to last; links are not followed. None where there is no directory. */
export function runsIn(dir: string): RunDirectory[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(({ name }) => runDirectory(join(dir, name)) ?? [])
    .sort((a, b) => a.writtenAt - b.writtenAt)
}

/** Undefined where there is no log, none that may be looked at, or it has just gone. */
export function runDirectory(dir: string): RunDirectory | undefined {
  const file = dataFile(dir)
  if (!existsSync(file)) return undefined
  const found = statSync(file, { throwIfNoEntry: false })
  return (
    found && { name: basename(resolve(dir)), dir, writtenAt: found.mtimeMs, logBytes: found.size }
  )
}

const EXPECTED = "a run's directory or one that holds runs"

/** Throws NOT_FOUND or UNAVAILABLE unless `dir` can be looked into. */
export function checkRunsDirectory(dir: string): void {
  checkFound(dir, EXPECTED)
  // A file is no directory of anything.
  checkFound(`${dir}/`, EXPECTED)
  checkReadable(dir)
}

// Which run is meant: DIR is one, or holds runs, of which the newest is taken.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dataFile } from '../store/open-log.ts'
import { checkFound, checkReadable } from '../store/place.ts'
import type { Output } from './output.ts'

/** Where `demo` puts its runs, and where those commands look that may go without a DIR. */
export const runsDirectory = 'runs'

/** The run directory that `dir` means; said aloud when it was chosen. Throws NOT_FOUND, UNAVAILABLE. */
export function findRun(dir: string, output: Output): string {
  if (existsSync(dataFile(dir))) return dir
  const expected = "a run's directory or one that holds runs"
  checkFound(dir, expected)
  checkReadable(dir)
  const newest = runsIn(dir).at(-1)
  if (newest === undefined) {
    checkFound(dataFile(dir), expected)
    return dir // it has just come to be
  }
  output.say(output.style('dim', `the newest run in ${dir} is ${newest}`))
  return newest
}

/** The runs in `dir`, the last written to last. */
function runsIn(dir: string): string[] {
  if (!statSync(dir).isDirectory()) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(dataFile(join(dir, entry.name))))
    .map(entry => join(dir, entry.name))
    .map(run => ({ run, writtenMillis: statSync(dataFile(run)).mtimeMs }))
    .sort((a, b) => a.writtenMillis - b.writtenMillis)
    .map(({ run }) => run)
}

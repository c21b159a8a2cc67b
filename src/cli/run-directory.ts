// Which run is meant: DIR is one, or holds runs, of which the newest is taken.
import { existsSync } from 'node:fs'
import { dataFile } from '../store/open-log.ts'
import { checkFound } from '../store/place.ts'
import { checkRunsDirectory, isRun, runsIn } from '../store/run-directories.ts'
import type { Output } from './output.ts'

/** Where `demo` puts its runs, and where those commands look that may go without a DIR. */
export const runsDirectory = 'runs'

/** The run directory that `dir` means; said aloud when it was chosen. Throws NOT_FOUND, UNAVAILABLE. */
export function findRun(dir: string, output: Output): string {
  if (existsSync(dataFile(dir))) return dir
  checkRunsDirectory(dir)
  const newest = runsIn(dir).at(-1)?.dir
  if (newest === undefined) {
    checkFound(dataFile(dir), "a run's directory or one that holds runs")
    return dir // it has just come to be
  }
  output.say(output.style('dim', `the newest run in ${dir} is ${newest}`))
  return newest
}

/**
 * The directory whose page `dir` means, and whose tokens: a run's, or the one that holds runs, as it
 * is given to `serve`. Throws NOT_FOUND, UNAVAILABLE.
 */
export function findServed(dir: string): string {
  checkRunsDirectory(dir)
  if (!isRun(dir) && runsIn(dir).length === 0) {
    checkFound(dataFile(dir), "a run's directory or one that holds runs")
  }
  return dir
}

// Where tokens are kept: a folder that nobody else can look into or put something into. Whoever
// could write to it, or put another in its place, could let themselves in.
import { lstatSync, type Stats } from 'node:fs'
import { join } from 'node:path'

/** The folder of a run's tokens. */
export const accessDirectory = (runDir: string): string => join(runDir, 'access')

/** What is wrong with the run's directory as the place of that folder; null also when it is not there yet. */
export function runDirectoryProblem(runDir: string): string | null {
  const found = stat(runDir)
  if (found === undefined || (found.mode & 0o022) === 0) return null
  return `${runDir}: others may write to it (mode ${modeOf(found)})`
}

/** What is wrong with the folder itself; null also when it is not there yet. */
export function accessDirectoryProblem(directory: string): string | null {
  const found = stat(directory)
  if (found === undefined) return null
  if (!found.isDirectory()) return `${directory}: it is no folder, or a link to one`
  if (found.uid !== process.getuid?.()) return `${directory}: it belongs to another user`
  if ((found.mode & 0o077) === 0) return null
  return `${directory}: others have access to it (mode ${modeOf(found)})`
}

const stat = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

const modeOf = ({ mode }: Stats): string => (mode & 0o777).toString(8).padStart(4, '0')

// The directory of a dataset: made when missing, and what it says of itself when it is one already.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RollcastError } from '../base/errors.ts'
import { makeDirectorySynced } from '../base/sync-path.ts'
import { type DatasetDescription, describedBy } from './lerobot/features.ts'
import { parseInfo } from './lerobot/info.ts'
import { INFO_PATH } from './lerobot/layout.ts'

/** CANNOT_CREATE when there is something else. */
export function makeDirectory(root: string): void {
  try {
    makeDirectorySynced(root)
    if (statSync(root).isDirectory()) return
  } catch (cause) {
    const { message } = cause as Error
    throw new RollcastError('CANNOT_CREATE', `${root}: making the dataset: ${message}`, { cause })
  }
}

/** Of the dataset in `root`, at `fps` when that is asked for; undefined where none has been begun. */
export function describedIn(root: string, fps?: number): DatasetDescription | undefined {
  const path = join(root, INFO_PATH)
  if (!existsSync(path)) return undefined
  const info = parseInfo(readFileSync(path, 'utf8'))
  return { fps: fps ?? info.fps, features: describedBy(info.features) }
}

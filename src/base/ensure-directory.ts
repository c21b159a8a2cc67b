// Directories that are there afterwards, whether they were before or not.
import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes `path` and what is missing above it, with the permissions of `mode` (default 0o777, less the
 * umask). Returns the highest directory that was made, undefined when all were there. Throws what the
 * system says. (Node's own way, `recursive`, never returns where a directory can be looked up but
 * none made in it, as in `/proc`: Node 22 to 26.)
 */
export function ensureDirectory(path: string, mode?: number): string | undefined {
  try {
    mkdirSync(path, mode)
    return path
  } catch (error) {
    if (isDirectory(path)) return undefined
    const { code } = error as NodeJS.ErrnoException
    // It was there, and somebody has removed it since.
    if (code === 'EEXIST' && !isAnything(path)) return ensureDirectory(path, mode)
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    const highest = ensureDirectory(dirname(path), mode)
    const own = ensureDirectory(path, mode)
    return highest ?? own
  }
}

const isAnything = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

// Flushing to the disk by name.
import { closeSync, fsync, fsyncSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ensureDirectory } from './ensure-directory.ts'

const fsyncAsync = promisify(fsync)

/** Makes a file's bytes, or the names in a directory, survive power loss. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The same while the thread goes on. The file is opened at once, so it may lose its name meanwhile. A
 * plain descriptor is closed also when the thread dies; a `FileHandle` whose flush is under way is not.
 */
export async function syncPathAside(path: string): Promise<void> {
  const descriptor = openSync(path, 'r')
  try {
    await fsyncAsync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a directory and those above it that are missing; their names survive power loss. */
export function makeDirectorySynced(path: string): void {
  const directory = resolve(path)
  const highest = ensureDirectory(directory)
  if (highest === undefined) return
  for (let at = directory; ; at = dirname(at)) {
    syncPath(dirname(at))
    if (at === highest) return
  }
}

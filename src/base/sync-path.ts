// Flushing to the disk by name.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Makes a file's bytes, or the names in a directory, survive power loss. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a directory and those above it that are missing; their names survive power loss. */
export function makeDirectorySynced(path: string): void {
  const directory = resolve(path)
  const highest = mkdirSync(directory, { recursive: true })
  if (highest === undefined) return
  for (let at = directory; ; at = dirname(at)) {
    syncPath(dirname(at))
    if (at === highest) return
  }
}

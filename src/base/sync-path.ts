// Flushing to the disk by name.
import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes a file's bytes, or the names in a directory, survive power loss. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

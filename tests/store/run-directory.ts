// Run directories for tests, removed afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Under it the disk is not the point: files in memory. */
export const memory = '/dev/shm'

/** A test body that gets a new run directory under `root`. */
export function withRunDirectory(
  body: (dir: string) => Promise<void>,
  root = tmpdir(),
): () => Promise<void> {
  return async () => {
    const dir = mkdtempSync(join(root, 'rollcast-store-'))
    try {
      await body(dir)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

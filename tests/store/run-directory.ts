// Run directories for tests, removed afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test body that gets a new run directory. */
export function withRunDirectory(body: (dir: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'rollcast-store-'))
    try {
      await body(dir)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

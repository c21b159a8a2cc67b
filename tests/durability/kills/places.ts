// Where the logs of a campaign lie: on the disk, or in memory where the disk is not the point (what
// a killed process has written is in the page cache either way).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Places {
  /** A run directory that no log has been in. */
  next(): string
}

/** Run directories under a root that is removed when the test ends. */
export function places(on: 'disk' | 'memory'): Places {
  const root = mkdtempSync(join(on === 'memory' ? '/dev/shm' : tmpdir(), 'rollcast-kills-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  let count = 0
  let last: string | undefined
  return {
    next() {
      if (last) rmSync(last, { recursive: true, force: true })
      last = join(root, String(++count))
      mkdirSync(last)
      return last
    },
  }
}

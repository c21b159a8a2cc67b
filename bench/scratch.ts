// Directories on the real disk that live as long as one measurement.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MIB } from '../src/base/bytes.ts'
import { whenInterrupted } from './when-interrupted.ts'

/** More than any measurement leaves in the page cache. */
const WARM_BYTES = 192 * MIB

/**
 * A virtual machine may hand free memory back to its host; the first file that gets such pages
 * again pays ten times for its writes. Pages that were in use a moment ago cost everybody the same.
 */
function warmPageCache(dir: string): void {
  const path = join(dir, 'warm')
  const file = openSync(path, 'w')
  const chunk = new Uint8Array(8 * MIB).fill(1)
  for (let written = 0; written < WARM_BYTES; written += chunk.byteLength) writeSync(file, chunk)
  fdatasyncSync(file)
  closeSync(file)
  rmSync(path)
}

/** In memory, for measurements of which the disk is no part. */
export const MEMORY = '/dev/shm'

/**
 * Runs `body` in a new directory in `parent` and removes it afterwards. `warm`: writing is what is
 * measured.
 */
export async function inScratch<T>(
  body: (dir: string) => Promise<T>,
  warm = false,
  parent: string = tmpdir(),
): Promise<T> {
  const dir = mkdtempSync(join(parent, 'rollcast-bench-'))
  // Threads may still write there when it is interrupted.
  const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  const forget = whenInterrupted(remove)
  try {
    if (warm) warmPageCache(dir)
    return await body(dir)
  } finally {
    remove()
    forget()
  }
}

// A disk of a few megabytes that a test can fill, grow and empty: a tmpfs of its own. Needs root.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KIB } from '../../../src/base/bytes.ts'

export interface SmallDisk {
  readonly path: string
  /** Lets others take room until at most `leftBytes` are free. */
  fill(leftBytes: number): void
  /** Lets others take so much, if there is so much. */
  take(bytes: number): void
  /** Gives back what others took. */
  empty(): void
  /** Makes it so large. */
  grow(bytes: number): void
  remove(): void
}

const PIECE = new Uint8Array(4 * KIB)

/** `files`: how many files and directories it may have; default: as many as there is memory for. */
export function makeSmallDisk(bytes: number, files?: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'rollcast-disk-'))
  const others = join(path, 'others')
  const bounds = `size=${bytes}${files === undefined ? '' : `,nr_inodes=${files}`}`
  execFileSync('mount', ['-t', 'tmpfs', '-o', bounds, 'tmpfs', path])
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  }
  return {
    path,
    fill(leftBytes) {
      const piece = new Uint8Array(Math.max(0, freeBytes() - leftBytes - (1 << 20)))
      appendFileSync(others, piece)
      while (freeBytes() - PIECE.byteLength >= leftBytes) appendFileSync(others, PIECE)
    },
    take(size) {
      try {
        appendFileSync(others, new Uint8Array(size))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    empty: () => rmSync(others, { force: true }),
    grow: size => execFileSync('mount', ['-o', `remount,size=${size}`, path]),
    remove() {
      execFileSync('umount', ['--lazy', path]) // whoever lists /tmp may be in it
      rmdirSync(path)
    },
  }
}

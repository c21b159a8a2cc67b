// A data file that is read piece by piece, never mapped: nothing in it can take the process down.
// Never open one in a process that has the log open: closing any descriptor of the file would drop
// LMDB's locks.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { describeError, RollcastError } from '../base/errors.ts'

/** What a disk reads or refuses to read at once, at the most. */
const SECTOR_BYTES = 4096
/** A pipe in its place is opened too, and found to be no file: its other end may never come. */
const OPENING = constants.O_RDONLY | constants.O_NONBLOCK

export class PageFile {
  readonly path: string
  readonly #descriptor: number

  private constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  /** Undefined when there is no such file. Throws CANNOT_CREATE when it cannot be read. */
  static open(path: string): PageFile | undefined {
    try {
      return new PageFile(path, openSync(path, OPENING))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new RollcastError('CANNOT_CREATE', `${path} cannot be read`, { cause })
    }
  }

  get isFile(): boolean {
    return fstatSync(this.#descriptor).isFile()
  }

  /** Bytes, as of now. */
  get size(): number {
    return fstatSync(this.#descriptor).size
  }

  /**
   * Fills `into` from `offset` on; returns how many bytes there were. Throws LOG_CORRUPT when the
   * disk refuses.
   */
  read(into: Buffer, offset: number): number {
    let length = 0
    try {
      while (length < into.byteLength) {
        const left = into.byteLength - length
        const more = readSync(this.#descriptor, into, length, left, offset + length)
        if (more === 0) break
        length += more
      }
      return length
    } catch (cause) {
      const place = `${this.path}: byte ${offset + length}`
      throw new RollcastError('LOG_CORRUPT', `${place} cannot be read: ${describeError(cause)}`, {
        cause,
      })
    }
  }

  /** The same, but a sector that the disk refuses to read is zeros. */
  readSectors(into: Buffer, offset: number): number {
    try {
      return this.read(into, offset)
    } catch {
      let length = 0
      while (length < into.byteLength) {
        const sector = into.subarray(length, length + SECTOR_BYTES)
        try {
          const more = this.read(sector, offset + length)
          if (more < sector.byteLength) return length + more
        } catch {
          sector.fill(0)
        }
        length += sector.byteLength
      }
      return length
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

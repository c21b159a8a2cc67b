// A data file that is read piece by piece, never mapped: nothing in it can take the process down.
// Never open one in a process that has the log open: closing any descriptor of the file would drop
// LMDB's locks.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { RollcastError } from '../base/errors.ts'

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
      return new PageFile(path, openSync(path, 'r'))
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

  /** Fills `into` from `offset` on; returns how many bytes there were. */
  read(into: Buffer, offset: number): number {
    let length = 0
    while (length < into.byteLength) {
      const left = into.byteLength - length
      const more = readSync(this.#descriptor, into, length, left, offset + length)
      if (more === 0) break
      length += more
    }
    return length
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

// The log stops while the disk still has room for others: free space is looked at ahead of every
// transaction (a microsecond, beside a commit of hundreds).
import { formatBytes } from '../base/bytes.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { LogStorage, StorageFaults } from './storage.ts'

export class SpaceGuard {
  readonly #storage: Pick<LogStorage, 'space'>
  readonly #freeBytesMin: number
  readonly #faults: StorageFaults

  constructor(
    storage: Pick<LogStorage, 'space'>,
    freeBytesMin: number,
    faults: StorageFaults = {},
  ) {
    this.#storage = storage
    this.#freeBytesMin = freeBytesMin
    this.#faults = faults
  }

  /** Throws DISK_FULL when writing `bytes` could touch the reserve. */
  check(bytes: number): void {
    const { place, freeBytes: found, fileBytes } = this.#storage.space()
    const log = place === undefined ? 'the log' : `${place}: the log`
    const freeBytes = this.#faults.freeBytes?.() ?? found
    if (freeBytes - bytes < this.#freeBytesMin) {
      throw new RollcastError(
        'DISK_FULL',
        `${log} needs ${formatBytes(this.#freeBytesMin)} of free disk space in reserve, ` +
          `found ${formatBytes(freeBytes)}`,
      )
    }
    if (fileBytes + 2 * bytes > limits.logBytesMax - limits.freeBytesMin) {
      throw new RollcastError(
        'DISK_FULL',
        `${log} has ${formatBytes(fileBytes)}, its limit is ${formatBytes(limits.logBytesMax)}`,
      )
    }
  }
}

// LMDB may abort the process when the disk runs full, so the log stops before: free space is
// looked at ahead of transactions, not more often than it can change much.
import { formatBytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { RollcastError } from '../base/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { LogStorage, StorageFaults } from './storage.ts'

const CHECK_MILLIS = 100

export class SpaceGuard {
  readonly #storage: LogStorage
  readonly #clock: Clock
  readonly #freeBytesMin: number
  readonly #faults: StorageFaults
  #checkedMillis = Number.NEGATIVE_INFINITY
  #writtenBytes = 0

  constructor(storage: LogStorage, clock: Clock, freeBytesMin: number, faults: StorageFaults) {
    this.#storage = storage
    this.#clock = clock
    this.#freeBytesMin = freeBytesMin
    this.#faults = faults
  }

  /** Throws DISK_FULL when writing `bytes` could touch the reserve. */
  check(bytes: number): void {
    this.#writtenBytes += bytes
    const now = this.#clock.monotonic()
    const recent = now - this.#checkedMillis < CHECK_MILLIS
    if (recent && this.#writtenBytes < this.#freeBytesMin / 4) return
    this.#checkedMillis = now
    this.#writtenBytes = 0
    const { freeBytes: found, fileBytes } = this.#storage.space()
    const freeBytes = this.#faults.freeBytes?.() ?? found
    if (freeBytes - bytes < this.#freeBytesMin) {
      throw new RollcastError(
        'DISK_FULL',
        `the log needs ${formatBytes(this.#freeBytesMin)} of free disk space in reserve, ` +
          `found ${formatBytes(freeBytes)}`,
      )
    }
    if (fileBytes + 2 * bytes > limits.logBytesMax - limits.freeBytesMin) {
      throw new RollcastError(
        'DISK_FULL',
        `the log has ${formatBytes(fileBytes)}, its limit is ${formatBytes(limits.logBytesMax)}`,
      )
    }
  }
}

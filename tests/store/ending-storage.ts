// A storage that a process works with which ends, or is superseded, after so many transactions.
import { type MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'

/** Its commits answer `last` from the one with this number on, counted from 1. */
export class EndingStorage extends MemoryStorage {
  commits = 0
  readonly #endsAt: number
  readonly #last: () => Promise<boolean>

  constructor(disk: MemoryDisk, endsAt: number, last: () => Promise<boolean>) {
    super(disk)
    this.#endsAt = endsAt
    this.#last = last
  }

  override commit(...args: Parameters<MemoryStorage['commit']>): Promise<boolean> {
    return ++this.commits < this.#endsAt ? super.commit(...args) : this.#last()
  }
}

export const ended = (): Promise<boolean> => Promise.reject(new Error('the process ended'))
export const superseded = async (): Promise<boolean> => false

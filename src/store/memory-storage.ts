// The log's tables in memory, for tests and simulation. What was committed can be opened again,
// like a file.
import type { KeyRange, LogStorage, Space, Table, Write } from './storage.ts'
import { tables } from './storage.ts'

type Rows = { keys: string[]; values: Map<string, Uint8Array> }

const textOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1')
const keyOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** The first index of `keys` that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

/** What survives of a memory log: hand it to a new storage to open the log again. */
export class MemoryDisk {
  epoch = 0
  readonly tables = new Map<Table, Rows>(
    tables.map(table => [table, { keys: [], values: new Map() }]),
  )
}

export class MemoryStorage implements LogStorage {
  readonly #disk: MemoryDisk

  constructor(disk: MemoryDisk) {
    this.#disk = disk
  }

  #rows(table: Table): Rows {
    return this.#disk.tables.get(table)!
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#rows(table).values.get(textOf(key))?.slice()
  }

  keys(table: Table, { start, reverse, limit }: KeyRange): Uint8Array[] {
    const { keys } = this.#rows(table)
    const from = start === undefined ? undefined : textOf(start)
    if (!reverse) {
      const first = from === undefined ? 0 : lowerBound(keys, from)
      return keys.slice(first, first + limit).map(keyOf)
    }
    const end = from === undefined ? keys.length : lowerBound(keys, `${from}\0`)
    return keys
      .slice(Math.max(0, end - limit), end)
      .reverse()
      .map(keyOf)
  }

  count(table: Table): number {
    return this.#rows(table).keys.length
  }

  refresh(): void {}

  epoch(): number {
    return this.#disk.epoch
  }

  async begin(epoch: number): Promise<boolean> {
    if (this.#disk.epoch !== epoch - 1) return false
    this.#disk.epoch = epoch
    return true
  }

  async commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    if (this.#disk.epoch !== epoch) return false
    for (const { table, key, value } of writes) this.#write(table, textOf(key), value?.slice())
    return true
  }

  #write(table: Table, key: string, value: Uint8Array | undefined): void {
    const { keys, values } = this.#rows(table)
    const at = lowerBound(keys, key)
    if (value === undefined) {
      if (values.delete(key)) keys.splice(at, 1)
      return
    }
    if (!values.has(key)) keys.splice(at, 0, key)
    values.set(key, value)
  }

  async sync(): Promise<void> {}

  space(): Space {
    return { fileBytes: 0, freeBytes: Number.MAX_SAFE_INTEGER }
  }

  copy(): Promise<void> {
    return Promise.reject(new Error('a memory log has no file to copy'))
  }

  async close(): Promise<void> {}
}

// A simulated disk: the log's tables in memory behind a storage that takes time and fails as the
// script says. A commit is atomic, as LMDB's is: when the thread that asked for it dies on the way,
// it lands as a whole, at once or a little later, or not at all. An error may come after it landed.
import { GIB } from '../../src/base/bytes.ts'
import { formatWrite } from '../../src/store/log-state.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'
import type { KeyRange, LogStorage, Space, Table, Write } from '../../src/store/storage.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** How the next commit ends: well, in an error before or after it landed, or never. */
export type CommitFault = 'error' | 'errorAfter' | 'silence'

/** Without a fence, this late a commit of the dead may land. */
const LATE_MILLIS = 300

export class SimDisk {
  readonly memory = new MemoryDisk()
  /** Milliseconds that an operation takes at most. */
  slowness = 4
  freeBytes = GIB
  /** While it is full, others give room back and take it again between two looks. */
  wavers = false
  fault: CommitFault | undefined
  /** Operations that have not ended. */
  readonly underWay = new Set<() => void>()

  /** A log begins whole: made aside, with its format, and then put into its place. */
  constructor() {
    void new MemoryStorage(this.memory).commit(0, [formatWrite()])
  }

  /** The process is gone: what was under way has landed by now, or never will. */
  processDied(): void {
    for (const settle of [...this.underWay]) settle()
  }
}

/** The storage of one thread that writes, or reads. */
export class SimStorage implements LogStorage {
  readonly #world: World
  readonly #life: Life
  readonly #tables: MemoryStorage

  constructor(world: World, life: Life) {
    this.#world = world
    this.#life = life
    this.#tables = new MemoryStorage(world.disk.memory)
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#tables.get(table, key)
  }

  keys(table: Table, range: KeyRange): Uint8Array[] {
    return this.#tables.keys(table, range)
  }

  count(table: Table): number {
    return this.#tables.count(table)
  }

  refresh(): void {}

  epoch(): number {
    return this.#world.disk.memory.epoch
  }

  begin(epoch: number): Promise<boolean> {
    return this.#operate(() => {
      const { memory } = this.#world.disk
      if (memory.epoch !== epoch - 1) return false
      memory.epoch = epoch
      this.#world.evidence.began(epoch)
      return true
    })
  }

  commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    const { disk, plant, evidence } = this.#world
    const fault = disk.fault
    disk.fault = undefined
    if (fault) this.#world.note(`commit fails: ${fault}`)
    if (fault && plant.swallowsErrors) evidence.failed(this.#life)
    if (fault && !plant.swallowsErrors) return this.#fail(fault, epoch, writes)
    return this.#operate(() => this.#land(epoch, writes))
  }

  async sync(): Promise<void> {
    await this.#operate(() => {})
  }

  space(): Space {
    const { disk, faults } = this.#world
    const hasRoom = disk.freeBytes === 0 && disk.wavers && faults.onceIn(2)
    return { fileBytes: 0, freeBytes: hasRoom ? GIB : disk.freeBytes }
  }

  copy(): Promise<void> {
    return this.#tables.copy()
  }

  async close(): Promise<void> {
    await this.#operate(() => {})
  }

  /** Takes effect in one instant; false when the epoch is not the newest any more. */
  #land(epoch: number, writes: readonly Write[]): boolean {
    const { disk, plant, evidence } = this.#world
    const landing = plant.land?.(writes) ?? writes
    if (landing.length === 0) return true
    const newest = disk.memory.epoch
    if (newest !== epoch && !plant.ignoresFence) return false
    disk.memory.epoch = epoch
    void this.#tables.commit(epoch, landing)
    disk.memory.epoch = newest
    evidence.landed(epoch, newest, landing)
    return true
  }

  #fail(fault: CommitFault, epoch: number, writes: readonly Write[]): Promise<boolean> {
    const { evidence } = this.#world
    if (fault === 'silence') return new Promise(() => {})
    return this.#operate(() => {
      if (fault === 'errorAfter') this.#land(epoch, writes)
      evidence.failed(this.#life)
      throw new Error('EIO: the disk failed')
    })
  }

  /** Takes some time; the effect comes at its end, as does the answer. */
  #operate<T>(effect: () => T): Promise<T> {
    const { clock, disk, faults, plant } = this.#world
    return new Promise<T>((resolve, reject) => {
      let isLate = false
      const settle = (): void => {
        if (this.#life.dead && plant.ignoresFence && !isLate) {
          isLate = true
          clock.schedule(LATE_MILLIS, settle)
          return
        }
        disk.underWay.delete(settle)
        // Of a thread that is gone nobody knows how far it came.
        if (this.#life.dead && faults.onceIn(2)) return
        try {
          const result = effect()
          this.#life.enter(() => resolve(result))
        } catch (error) {
          this.#life.enter(() => reject(error))
        }
      }
      disk.underWay.add(settle)
      clock.schedule(faults.between(0, disk.slowness), () => {
        if (disk.underWay.has(settle)) settle()
      })
    })
  }
}

// Time, turns and a disk whose every step waits for fast-check's scheduler, so that whatever runs on
// them meets all orders of events that a thread can meet. One life each: what has died hears and
// does nothing any more.
import type fc from 'fast-check'
import type { Clock, SimulatedClock } from '../../../src/base/clock.ts'
import { type MemoryDisk, MemoryStorage } from '../../../src/store/memory-storage.ts'
import type { LogStorage, Write } from '../../../src/store/storage.ts'

/** Whether the thread that something belongs to still lives. */
export interface Life {
  over: boolean
}

const never = (): Promise<never> => new Promise(() => {})

/** Timers fire when the test moves `clock`; a turn comes when the scheduler says so. */
export const scheduledClock = (
  scheduler: fc.Scheduler,
  clock: SimulatedClock,
  life: Life,
): Clock => ({
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  schedule: (delayMillis, callback) =>
    clock.schedule(delayMillis, () => {
      if (!life.over) callback()
    }),
  async turn() {
    await scheduler.schedule(Promise.resolve(), 'a turn')
    if (life.over) await never()
  },
})

/** What lies between a writer and its disk, for negative controls. */
export type DiskPlant = (commit: LogStorage['commit']) => LogStorage['commit']

/** A commit takes two steps: onto the disk, and back to who asked. Death may come before either. */
export class ScheduledStorage extends MemoryStorage {
  readonly #scheduler: fc.Scheduler
  readonly #life: Life
  readonly #commit: LogStorage['commit']

  constructor(disk: MemoryDisk, scheduler: fc.Scheduler, life: Life, plant?: DiskPlant) {
    super(disk)
    this.#scheduler = scheduler
    this.#life = life
    const commit: LogStorage['commit'] = (epoch, writes) => super.commit(epoch, writes)
    this.#commit = plant?.(commit) ?? commit
  }

  async #step(label: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), label)
    if (this.#life.over) await never()
  }

  override async begin(epoch: number): Promise<boolean> {
    await this.#step('an epoch begins')
    return super.begin(epoch)
  }

  override async commit(epoch: number, writes: readonly Write[]): Promise<boolean> {
    await this.#step('onto the disk')
    const done = await this.#commit(epoch, writes)
    await this.#step('back from the disk')
    return done
  }
}

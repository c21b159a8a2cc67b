// P1 at level `relaxed`: who waits for a flush is answered after a sync that began after the commit,
// and everybody is.
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { LateSync } from '../../src/store/late-sync.ts'
import { MemoryDisk, MemoryStorage } from '../../src/store/memory-storage.ts'

class SlowDisk extends MemoryStorage {
  readonly syncs: PromiseWithResolvers<void>[] = []

  override sync(): Promise<void> {
    const sync = Promise.withResolvers<void>()
    this.syncs.push(sync)
    return sync.promise
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function lateSync() {
  const disk = new SlowDisk(new MemoryDisk())
  const clock = new SimulatedClock()
  const demands: number[] = []
  const late = new LateSync(disk, clock, () => demands.push(clock.monotonic()))
  const answers: string[] = []
  const wait = (name: string): void =>
    void late.wait().then(
      () => answers.push(name),
      () => answers.push(`${name} failed`),
    )
  return { disk, clock, demands, late, answers, wait }
}

test('P1 all who wait are answered when the sync ends, and nobody before, also who came during it', async () => {
  const { disk, late, answers, wait } = lateSync()
  late.note()
  wait('a')
  wait('b')
  const running = late.run()
  wait('c')
  await turn()
  expect(answers).toEqual([])
  disk.syncs[0]!.resolve()
  await running
  await turn()
  expect(answers).toEqual(['a', 'b', 'c'])
  expect(late.due).toBe(false)
  wait('d')
  await turn()
  expect(answers).toHaveLength(4)
})

test('P7 all who wait for a sync that fails are told', async () => {
  const { disk, late, answers, wait } = lateSync()
  late.note()
  wait('a')
  wait('b')
  const running = late.run()
  disk.syncs[0]!.reject(new Error('EIO'))
  await expect(running).rejects.toThrow('EIO')
  late.reject(new RollcastError('LOG_FAILED', 'EIO'))
  await turn()
  expect(answers).toEqual(['a failed', 'b failed'])
})

test('P1 what nobody waits for is synced half a second after its commit', () => {
  const { clock, demands, late } = lateSync()
  late.note()
  clock.advance(300)
  late.note()
  clock.advance(199)
  expect(demands).toEqual([])
  clock.advance(1)
  expect(demands).toEqual([500])
  expect(late.due).toBe(true)
})

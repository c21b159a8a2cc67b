// P7 at the last moment: a disk that fails while the recorder lets go of the log.
import { expect, test } from 'vitest'
import { recorderIn } from '../../../src/actors/recorder/actor.ts'
import { runActor } from '../../../src/actors/run-actor.ts'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { openMemoryLog } from '../../../src/store/memory-log.ts'
import { createRing } from '../../../src/streams/ring/layout.ts'
import { FakeEndpoint, until } from '../fake-endpoint.ts'

test('P7 a disk that fails while the recorder stops is told: no other recorder may try again', async () => {
  let fails = false
  const beforeCommit = (): void => {
    if (fails) throw new Error('EIO: planted fault')
  }
  const definition = recorderIn({
    pid: 1,
    openLog: (_dir, options) => openMemoryLog({ ...options, faults: { beforeCommit } }),
    waitForData: () => new Promise(() => {}),
  })
  const ring = createRing({ capacityBytes: 1024, ringId: 1 })
  const run = { id: 'r', name: 'r', config: undefined }
  const config = { runDir: 'r', ring, durability: 'sync', run, software: 's' }
  const endpoint = new FakeEndpoint({ name: 'recorder', config })
  const clock = new SimulatedClock()
  runActor(endpoint, definition, clock)
  await until(() => endpoint.reportsOf('ready').length > 0, 'it runs')
  fails = true
  endpoint.command({ type: 'stop' })
  await until(() => {
    clock.advance(1)
    return endpoint.exited !== undefined
  }, 'it ends')
  const sealed = endpoint.reportsOf('noted').map(({ facts }) => facts['sealed'])
  expect(sealed).toEqual([expect.stringContaining('EIO')])
})

// What the host hears of an actor's process that could not be made, and how it ends a thread.
import { expect, test } from 'vitest'
import type { ActorStart } from '../../src/protocol/thread-messages.ts'
import { heapOf } from '../../src/runtime/actor-heap.ts'
import { Spawner } from '../../src/runtime/spawn.ts'

const start: ActorStart = {
  ...{ name: 'encoder', placement: 'process', sends: [], receives: [], restarts: 0 },
  ...{ faults: false, config: {} },
}

test('S13: a process that cannot be made has ended, once, and its channels are closed', async () => {
  const node = process.execPath
  const spawner = new Spawner(heapOf())
  // As with EAGAIN: Node tells by an error, and no exit follows.
  process.execPath = '/nowhere/node'
  const handle = spawner.spawn('encoder', start)
  process.execPath = node
  const { port1, port2 } = new MessageChannel()
  const closed = new Promise(resolve => port1.addEventListener('close', resolve))
  port1.start()
  handle.command({ type: 'connect', channel: 'encoder.facts', port: port2 as never })
  const ends: (Error | undefined)[] = []
  const ended = new Promise<void>(resolve =>
    handle.onEnd(error => {
      ends.push(error)
      resolve()
    }),
  )
  await ended
  await closed
  // Nothing is wrong with what comes too late.
  handle.command({ type: 'stop' })
  handle.kill()
  expect(ends).toEqual([expect.objectContaining({ code: 'ENOENT' })])
})

test('S1 a thread is not ended before it has loaded: that would end the whole process', async () => {
  const spawner = new Spawner(heapOf())
  const config = { runDir: '/nowhere', reader: { check: true, readOnly: true }, task: 'record' }
  const handle = spawner.spawn('aggregator', {
    ...{ ...start, name: 'aggregator', placement: 'thread' },
    config,
  })
  handle.kill()
  const reports: string[] = []
  handle.onReport(report => reports.push(report.type))
  await new Promise(resolve => handle.onEnd(resolve))
  expect(reports).not.toEqual([])
})

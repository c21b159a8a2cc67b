// The thread that makes pictures for viewers, and who asks it, as they are connected in a run.
import { MessageChannel, type ResourceLimits } from 'node:worker_threads'
import { openStills, type StillClient } from '../../src/actors/broadcaster/still-client.ts'
import { Channels } from '../../src/actors/channels.ts'
import { assert } from '../../src/base/assert.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { PreviewThread } from '../../src/runtime/preview-thread.ts'
import { endsOf, waitingTopology } from '../../src/runtime/topology.ts'

export interface PreviewLine {
  readonly make: StillClient['make']
  /** What the thread was told: whether it is wanted. */
  readonly told: readonly boolean[]
  close(): Promise<void>
}

/** `clock`: of who asks. `heap`: of the thread. */
export function openPreviewLine(clock: Clock = systemClock, heap?: ResourceLimits): PreviewLine {
  const told: boolean[] = []
  const thread = new PreviewThread(waitingTopology, heap)
  const { sends, receives } = endsOf(waitingTopology, 'broadcaster')
  const channels = new Channels(sends, receives, systemClock, error => {
    throw error
  })
  const connect = (): void => {
    const ends = endsOf(waitingTopology, 'previews')
    for (const { name } of [...ends.sends, ...ends.receives]) {
      const { port1, port2 } = new MessageChannel()
      channels.connect(name, port1)
      thread.connect(name, port2)
    }
  }
  const stills = openStills({
    clock,
    sends: sends.map(({ name }) => name),
    sender: (name, options) => channels.sender(name, options),
    receive: (name, handler) => channels.receive(name, handler),
    note({ pictures }) {
      told.push(pictures === true)
      if (pictures) return thread.start()
      thread.stop()
      connect()
    },
  })
  assert(stills, 'the topology has somebody who makes pictures')
  connect()
  return {
    make: stills.make,
    told,
    async close() {
      stills.close()
      await thread.close()
      channels.close()
    },
  }
}

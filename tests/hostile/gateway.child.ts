// The gateway under attack, in a process of its own, so that a crash is seen and memory is its own.
// It shows a walker without end; every insight has the next number, so that one that is missing shows.
import { systemClock } from '../../src/base/clock.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { openGateway } from '../../src/gateway/server.ts'
import { beganOf, materialOf, rowOf, steppedOf, TestStage } from '../gateway/stage.ts'
import type { Answer } from './gateway.ts'

const STEP_MILLIS = 20

const stage = new TestStage()
const hub = new Hub({
  clock: systemClock,
  stage,
  history: {
    episodes: async () => ({ rows: [rowOf(1)], more: false, next: null }),
    episode: async episode => ({ material: materialOf(episode, 4) }),
    frames: async () => ({ frames: [], next: null }),
    frame: async () => ({ frame: null }),
  },
})
const gateway = await openGateway({ hub, pageDirectory: process.argv[2] ?? '', port: 0 })

const began = beganOf(1)
stage.openEpisodes.set(began.agent, began)
let step = 0
const timer = setInterval(() => {
  step++
  stage.position = { epoch: 1, seq: step + 1 }
  hub.publish([
    steppedOf(1, step, step + 1),
    { kind: 'insight', insight: 'count', agent: null, time: step, data: step, bytes: 9 },
  ])
}, STEP_MILLIS)

/** What nobody may have put on the prototypes of everything. */
const inherited = (): string[] => {
  const found: string[] = []
  for (const thing of [{}, [], '', 0, () => {}]) for (const key in thing) found.push(key)
  return found
}

process.on('message', message => {
  if (message === 'stop') {
    clearInterval(timer)
    void gateway.stop().then(() => process.disconnect())
    return
  }
  // Twice: what the first one found to be finalised is gone after the second.
  globalThis.gc?.()
  globalThis.gc?.()
  const { viewers } = hub.counters
  const mib = process.memoryUsage().rss / 2 ** 20
  process.send?.({ port: gateway.port, viewers, mib, inherited: inherited() } satisfies Answer)
})
process.send?.('ready')

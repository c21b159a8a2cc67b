// W8: of many viewers some stop reading and some read slowly, over real sockets from another process.
// The ordinary tier advances a simulated clock and waits for what every reader must have got; the
// slow one takes a minute of the machine's time and compares ages.
import { expect, onTestFinished, test } from 'vitest'
import { FILMED_AGENT, openRollcast } from '../../bench/broadcasters.ts'
import { Crowd, type CrowdReport } from '../../bench/crowd.ts'
import { FRAME_BYTES } from '../../bench/material.ts'
import { MIB } from '../../src/base/bytes.ts'
import { SimulatedClock } from '../../src/base/clock.ts'
import type { ViewerSocket } from '../../src/gateway/viewer-host.ts'
import { limits } from '../../src/protocol/limits.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { figure } from '../faults/figures.ts'
import { tier } from '../faults/tier.ts'

const STATES_PER_SECOND = 30
/** A lane gives a socket no more once it holds its bound, so one message may go past it. */
const HELD_BYTES_MAX = limits.viewerBufferBytesMax + FRAME_BYTES + 1000
/** A megabit a second. */
const SLOW_BYTES_PER_SECOND = 125_000
const RSS_GROWTH_MIB_MAX = 100
/** Ages below this are those of an idle machine, and ratios of them say nothing. */
const P99_MILLIS_MIN = 15

const hello = (agent: string): string =>
  JSON.stringify({ type: 'hello', v: 1, max_fps: 60, agent, channels: ['episodes', 'frames'] })

/** The gateway, and of each socket the most that waited in it and the code it was closed with. */
async function open(clock?: SimulatedClock) {
  const gateway = await openRollcast(clock)
  const crowd = new Crowd()
  const closedWith: number[] = []
  const attach = gateway.hub.attach.bind(gateway.hub)
  gateway.hub.attach = (socket: ViewerSocket, visitor) => {
    const close = socket.close.bind(socket)
    socket.close = (code, reason) => {
      closedWith.push(code)
      close(code, reason)
    }
    return attach(socket, visitor)
  }
  onTestFinished(async () => {
    await crowd.close()
    const stopped = gateway.close()
    clock?.advance(1000)
    await stopped
  })
  let heldMax = 0
  const show = (step: number): void => {
    gateway.state(step)
    gateway.film(step)
    heldMax = Math.max(heldMax, ...gateway.waiting())
  }
  return { gateway, crowd, closedWith, show, held: () => heldMax }
}

test.runIf(tier === 'commit')(
  'W8 U3 P13 viewers that stop reading hold little, miss what is counted, and are cut; others miss nothing',
  async () => {
    const clock = new SimulatedClock()
    const { gateway, crowd, closedWith, show, held } = await open(clock)
    const [reading, stopped] = [20, 4]
    await crowd.connect('reading', gateway.port, reading, hello('agent'))
    await crowd.connect('stopped', gateway.port, stopped, hello(FILMED_AGENT))
    await expect.poll(() => gateway.hub.counters.viewers).toBe(reading + stopped)
    await crowd.count('reading')
    await crowd.read('stopped', 0)
    let shown = 0
    const pass = async (): Promise<void> => {
      show(shown++)
      const { messages } = await crowd.reach('reading', shown * reading)
      expect(messages).toBe(shown * reading)
      clock.advance(1000 / STATES_PER_SECOND)
    }
    while (closedWith.length < stopped) {
      expect(shown).toBeLessThan(60 * STATES_PER_SECOND)
      await pass()
    }
    expect(closedWith).toEqual(Array(stopped).fill(closeCodes.tooSlow))
    expect(held()).toBeLessThan(HELD_BYTES_MAX)
    expect(gateway.hub.counters.dropped).toBeGreaterThan(0)
    // When they read again they find that they were cut, and why.
    await crowd.read('stopped', Number.POSITIVE_INFINITY)
    expect(await crowd.closed('stopped', stopped)).toEqual(closedWith)
    await pass()
    expect(gateway.hub.counters.viewers).toBe(reading)
    const { dropped } = gateway.hub.counters
    figure('W8', { reading, stopped, states: shown, dropped, heldMiB: mib(held()) })
  },
)

test.runIf(tier === 'slow')(
  'W8 U3 P13 among 500 viewers 50 that stop reading and 50 at a megabit a second are not felt',
  async () => {
    const { gateway, crowd, closedWith, show, held } = await open()
    const [reading, stopped, slow] = [400, 50, 50]
    await crowd.connect('reading', gateway.port, reading, hello('agent'))
    const before = await watch(crowd, show, 10)
    const rssBefore = process.memoryUsage.rss()
    await crowd.connect('stopped', gateway.port, stopped, hello(FILMED_AGENT))
    await crowd.connect('slow', gateway.port, slow, hello(FILMED_AGENT))
    await crowd.read('stopped', 0)
    await crowd.read('slow', SLOW_BYTES_PER_SECOND)
    const during = await watch(crowd, show, 60)
    const rssGrowth = (process.memoryUsage.rss() - rssBefore) / MIB
    const { dropped } = gateway.hub.counters
    figure('W8', {
      ...{ reading, stopped, slow, dropped, cut: closedWith.length, heldMiB: mib(held()) },
      ...{ p99Before: before.p99.toFixed(1), p99During: during.p99.toFixed(1) },
      rssGrowthMiB: Math.round(rssGrowth),
    })
    // Those that read slowly may be taken for such that read nothing: megabytes wait in the kernel,
    // and it takes no more before a third of them is gone, which may be in more than ten seconds.
    expect(new Set(closedWith)).toEqual(new Set([closeCodes.tooSlow]))
    expect(closedWith.length).toBeGreaterThanOrEqual(stopped)
    expect(gateway.hub.counters.viewers).toBe(reading + stopped + slow - closedWith.length)
    expect(held()).toBeLessThan(HELD_BYTES_MAX)
    expect(dropped).toBeGreaterThan(0)
    expect(during.p99).toBeLessThan(1.2 * Math.max(before.p99, P99_MILLIS_MIN))
    expect(rssGrowth).toBeLessThan(RSS_GROWTH_MIB_MAX)
  },
)

/** States and frames for so many seconds; how old they were at those who read. */
async function watch(
  crowd: Crowd,
  show: (step: number) => void,
  seconds: number,
): Promise<CrowdReport> {
  await crowd.count('reading')
  for (let step = 0; step < seconds * STATES_PER_SECOND; step++) {
    await new Promise(resolve => setTimeout(resolve, 1000 / STATES_PER_SECOND))
    show(step)
  }
  return crowd.settle('reading')
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(2)

// The page, looked at for long: its heap must not grow with what it has seen (S22). Thirty minutes in
// the slow tier; a quarter of one for a commit, in which a leak of what every frame brings shows as well.
import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { runs } from '../faults/tier.ts'
import { declareBrowser, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

const MINUTES = runs(0.25, 30)
const WARM_UP_MILLIS = runs(5_000, 180_000)
const SAMPLES = runs(3, 30)
const GROWTH_MIB_MAX = runs(8, 12)

async function heapMib(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  return usedSize / 2 ** 20
}

describe.skipIf(!hasChromium)('the page over hours', () => {
  const open = useBrowser()

  test(
    'U6 S22 does not grow: episodes, frames, charts and views come and go',
    async () => {
      const { url } = await startTraining({ agents: ['a', 'b'], stepMillis: 10, episodeSteps: 20 })
      const { page, errors } = await open(url)
      const devtools = await page.context().newCDPSession(page)
      const visit = async (): Promise<void> => {
        for (const view of ['#/grid', '#/system', '#/episode/2', '#/']) {
          await page.evaluate(hash => location.assign(hash), view)
          await page.locator('main').waitFor()
        }
      }
      const heap: number[] = []
      const pause = (MINUTES * 60_000) / SAMPLES
      // The tape of the live stage and the table fill up to their bounds at first.
      await sleep(WARM_UP_MILLIS)
      for (let sample = 0; sample < SAMPLES; sample++) {
        await visit()
        await sleep(pause)
        heap.push(await heapMib(devtools))
      }
      console.log(`heap of the page, MiB: ${heap.map(one => one.toFixed(1)).join(' ')}`)
      expect(heap.at(-1)! - heap[0]!).toBeLessThan(GROWTH_MIB_MAX)
      expect(errors).toEqual([])
    },
    (MINUTES * 60_000 + WARM_UP_MILLIS) * 2 + 60_000,
  )
})

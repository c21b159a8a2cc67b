// The page, looked at for long: it must not grow with what it has seen (S22). Ten minutes in the slow
// tier, as long as `SOAK_MINUTES` says by hand. For a commit, seconds in which all views come and go: what one of
// them leaves behind each time shows in nodes and listeners long before it does in bytes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { declareBrowser, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

const MILLIS = Number(process.env['SOAK_MINUTES'] ?? runs(0.02, 10)) * 60_000
const SAMPLES = runs(3, 9)
/** But for the first tenth. */
const SAMPLE_MILLIS = (0.9 * MILLIS) / SAMPLES
/** Minutes leave room for others on two cores; seconds have to be busy ones. */
const STEP_MILLIS = runs(10, 200)

/** What may come with more episodes, milestones and points of charts, and no more. */
const growthMax = { heapMib: 8, nodes: 1_500, listeners: 100 } as const
type Size = Record<keyof typeof growthMax, number>

async function sizeOf(devtools: CDPSession): Promise<Size> {
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  const metric = (name: string): number => metrics.find(one => one.name === name)?.value ?? NaN
  return {
    heapMib: usedSize / 2 ** 20,
    nodes: metric('Nodes'),
    listeners: metric('JSEventListeners'),
  }
}

/** What has grown by more than it may. */
const overgrown = (before: Size, after: Size): string[] =>
  (Object.keys(growthMax) as (keyof Size)[]).filter(
    name => !(after[name] - before[name] < growthMax[name]),
  )

const views = {
  '#/grid': '.grid-view .stage-picture[data-shows="frame"]',
  '#/system': '.system-view .state.active',
  '#/compare/1/2': '.compare-view',
  '#/episode/2': '[aria-label^="Replay of episode"]',
  '#/': '.columns .stage-picture[data-shows="frame"]',
} as const

async function visitAll(page: Page): Promise<void> {
  for (const [hash, shown] of Object.entries(views)) {
    await page.evaluate(to => location.assign(to), hash)
    await page.locator(shown).first().waitFor()
  }
}

describe.skipIf(!hasChromium)('the page over hours', () => {
  const open = useBrowser()

  test(
    'U6 S22 does not grow: episodes, frames, charts and views come and go',
    async () => {
      const { url } = await startTraining({
        agents: ['a', 'b'],
        stepMillis: STEP_MILLIS,
        episodeSteps: 20,
      })
      const { page, errors } = await open(url)
      const devtools = await page.context().newCDPSession(page)
      await devtools.send('Performance.enable')
      // Not the second itself: before the page is there it may be below what the table shows.
      await page.locator('[id^="episode-"]').nth(1).waitFor()
      await visitAll(page)
      // The tape of the live stage and the table fill up to their bounds at first.
      await sleep(MILLIS - SAMPLES * SAMPLE_MILLIS)
      const sizes: Size[] = []
      for (let sample = 0; sample < SAMPLES; sample++) {
        await visitAll(page)
        await sleep(SAMPLE_MILLIS)
        sizes.push(await sizeOf(devtools))
      }
      const heap = sizes.map(({ heapMib }) => heapMib.toFixed(1)).join(' ')
      const { nodes, listeners } = sizes.at(-1)!
      figure('S22', { minutes: MILLIS / 60_000, heapMib: heap, nodes, listeners })
      expect(overgrown(sizes[0]!, sizes.at(-1)!)).toEqual([])
      expect(errors).toEqual([])
      // The same measure sees what a page that kept its views would hold.
      await page.evaluate(() => {
        const kept = Array.from({ length: 2_000 }, () => document.createElement('p'))
        for (const one of kept) one.addEventListener('click', () => kept)
        Object.assign(globalThis, { kept, bytes: Array.from({ length: 4_000_000 }, Math.random) })
      })
      const planted = await sizeOf(devtools)
      expect(overgrown(sizes[0]!, planted)).toEqual(Object.keys(growthMax))
    },
    MILLIS * 2 + 120_000,
  )
})

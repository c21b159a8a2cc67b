// Overlays in a real browser, as a streaming program shows them.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

/** Transparency at the bottom right of what the page shows: 0 is nothing at all. */
async function cornerAlpha(page: Page): Promise<number> {
  const shot = await page.screenshot({ omitBackground: true })
  return page.evaluate(async base64 => {
    const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0))
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const canvas = new OffscreenCanvas(picture.width, picture.height)
    const context = canvas.getContext('2d')
    context?.drawImage(picture, 0, 0)
    const corner = context?.getImageData(picture.width - 2, picture.height - 2, 1, 1)
    return corner?.data[3] ?? -1
  }, shot.toString('base64'))
}

/** The clock of a machine that is an hour ahead. */
const otherClock = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const { now } = Date
    Date.now = () => now() + 3_600_000
    Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + 3_600_000 })
  })

describe.skipIf(!hasChromium)('U9 S26 overlays', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('show one panel each, by address, on nothing', async () => {
    const { url } = await startTraining({ stepMillis: 5 })
    const shown: [string, RegExp][] = [
      ['metrics?names=train/loss,no/such', /train\/loss[\s\S]*No such metric in this run/],
      [
        'milestones?max=2&seconds=1200',
        /Best return[\s\S]*Longest episode|Longest episode[\s\S]*Best return/,
      ],
      ['latency', /Live[\s\S]*trainer's cost[\s\S]*%/],
      ['episode?agent=walker', /Episode[\s\S]*Return[\s\S]*Energy/],
    ]
    for (const [address, text] of shown) {
      const isTimed = address.startsWith('milestones')
      const { page, errors } = await open(
        `${url}overlay/${address}`,
        isTimed ? otherClock : undefined,
      )
      await eventually(() => page.locator('main').textContent()).toMatch(text)
      if (!address.startsWith('episode')) expect(await cornerAlpha(page)).toBe(0)
      expect(errors).toEqual([])
      await page.close()
    }
  })

  test('say what is wrong with their address', async () => {
    const { url } = await startTraining()
    const { page } = await open(`${url}overlay/metrics?scael=2`)
    await page.getByRole('alert').getByText('found scael').waitFor()
  })

  test('come back by themselves, also to a server that was started anew', async () => {
    const first = await startTraining()
    const port = Number(new URL(first.url).port)
    const { page } = await open(`${first.url}overlay/latency`)
    await page.getByRole('status').getByText('Live').waitFor()
    await first.stop()
    await page.getByText('connecting …').waitFor()
    await startTraining({ port })
    await eventually(() => page.getByText('connecting …').count()).toBe(0)
    await page.getByRole('status').getByText('Live').waitFor()
  })
})

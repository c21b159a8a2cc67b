// The way in by a link, in a real browser.
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Grants } from '../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../src/gateway/access/place.ts'
import { startRun } from '../../src/runtime/run.ts'
import { tempDir } from '../runtime/harness.ts'
import { BUSY_MILLIS, declareBrowser, hasChromium, useBrowser } from './browser.ts'

declareBrowser()

describe.skipIf(!hasChromium)('A5 K3 K5 a link', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('lets in once, leaves no token behind, and its cookie lets in until it is taken back', async () => {
    const dir = join(tempDir(), 'run')
    const live = { port: 0, token: true }
    const run = await startRun({ dir, live, handleSignals: false })
    onTestFinished(() => run.close())
    const secret = run.link!.split('#token=')[1]!
    const { page } = await open(run.link!)
    await page.locator('header [role=status]').getByText(/live/i).waitFor()
    const seen = await page.evaluate(() => ({
      address: location.href,
      cookies: document.cookie,
      asked: performance.getEntriesByType('resource').map(({ name }) => name),
      stored: JSON.stringify([localStorage, sessionStorage]),
    }))
    expect(seen).toMatchObject({ address: `${run.url}#/`, cookies: '' })
    expect(JSON.stringify(seen)).not.toContain(secret)
    // The next visit needs no link.
    await page.goto('about:blank')
    await page.goto(run.url!)
    await page.locator('header [role=status]').getByText(/live/i).waitFor()
    // Another browser is told what is missing, with the link that was used as without one.
    for (const address of [run.link!, run.url!]) {
      const { page: other } = await open(address)
      await other
        .getByRole('alert')
        .getByText(/asks for a token/)
        .waitFor()
      expect(other.url()).not.toContain(secret)
    }
    new Grants(accessDirectory(dir), systemClock).revoke(secret.split('.')[0]!)
    await page
      .getByRole('alert')
      .getByText(/asks for a token/)
      .waitFor()
  })
})

// Every view, dialog and overlay by the rules of axe-core, in both themes.
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startRun } from '../../src/runtime/run.ts'
import { serveRuns } from '../../src/runtime/serve-runs.ts'
import { tempDir } from '../runtime/harness.ts'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

type Theme = 'dark' | 'light'

/** What axe has to say against what the page shows: each rule with the elements that break it. */
async function findings(page: Page, theme: Theme): Promise<string[]> {
  await page.evaluate(name => document.documentElement.setAttribute('data-theme', name), theme)
  return page.evaluate(async shownTheme => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    // Nothing but its colours depends on the theme.
    const rules = shownTheme === 'light' ? { runOnly: ['color-contrast'] } : {}
    const { violations } = await axe.run(document, { resultTypes: ['violations'], ...rules })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 150)}: ${failureSummary}`),
    )
  }, theme)
}

describe.skipIf(!hasChromium)('U8 S23 axe has nothing to say', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('U8 S23 against any view, dialog or overlay, dark or light', async () => {
    const { url } = await startTraining({ agents: ['a', 'b'], stepMillis: 20, episodeSteps: 20 })
    const { page } = await open(url, async one => {
      // What is still fading in has no colours yet.
      await one.emulateMedia({ reducedMotion: 'reduce' })
      await one.addInitScript(axe.source)
    })
    const found: Record<string, string[]> = {}
    const look = async (name: string): Promise<void> => {
      for (const theme of ['dark', 'light'] as const) {
        found[`${name}, ${theme}`] = await findings(page, theme)
      }
    }
    const go = (hash: string) => page.evaluate(to => location.assign(to), hash)
    await page.locator('[id^="episode-"]').nth(1).waitFor()
    await look('live')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await look('help')
    await page.keyboard.press('Escape')
    await page.getByLabel('Filter the episodes').fill('return >')
    await page
      .getByText(/expected/)
      .first()
      .waitFor()
    await look('a filter that cannot be read')
    await go('#/episode/1')
    await page.getByRole('group', { name: /Replay of episode/ }).waitFor()
    await look('episode')
    await go('#/grid')
    await eventually(() => page.locator('.tile').count()).toBe(2)
    await look('grid')
    await go('#/compare/1/2')
    await page.getByRole('heading', { name: /^Episode 2/ }).waitFor()
    await look('comparison')
    await go('#/system')
    await page.getByRole('img', { name: /The machine recorder/ }).waitFor()
    await look('system')
    for (const overlay of ['episode', 'metrics', 'milestones', 'latency', 'metrics?max=0']) {
      await page.goto(`${url}overlay/${overlay}`)
      await page.locator('main').waitFor()
      await look(`overlay ${overlay}`)
    }
    const dir = tempDir()
    await (await startRun({ dir: join(dir, 'a run'), handleSignals: false })).close()
    const serving = await serveRuns({ dir, live: { port: 0 }, onProblem: () => {} })
    onTestFinished(() => serving.close())
    await page.goto(`${serving.url}runs`)
    await page.getByRole('link', { name: 'a run' }).waitFor()
    await look('runs')
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map(name => [name, []])))
  })
})

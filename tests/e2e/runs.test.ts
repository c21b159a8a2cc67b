// A directory of runs in a real browser: the list, the way to each run, and what begins later.
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startRun } from '../../src/runtime/run.ts'
import { serveRuns } from '../../src/runtime/serve-runs.ts'
import { tier } from '../faults/tier.ts'
import { tempDir } from '../runtime/harness.ts'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'

declareBrowser()

/** A run that is closed, with as many episodes. */
async function record(dir: string, episodes: number): Promise<void> {
  const run = await startRun({ dir, handleSignals: false })
  const recorder = run.recorder('walker')
  for (let episode = 0; episode < episodes; episode++) {
    recorder.begin()
    for (let step = 0; step < 5; step++) recorder.step({ reward: 2 })
    recorder.end()
  }
  await run.close()
}

async function serve(dir: string, token = false) {
  const problems: unknown[] = []
  const onProblem = (_: string, error: unknown): void => void problems.push(error)
  const serving = await serveRuns({ dir, live: { port: 0, token }, onProblem })
  onTestFinished(async () => {
    await serving.close()
    expect(problems).toEqual([])
  })
  return serving
}

describe.skipIf(!hasChromium)('U10 a directory of runs', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('U10 the list shows each run and leads to it, and one that begins later shows up by itself', async () => {
    const dir = tempDir()
    const { url } = await serve(dir)
    const { page, errors } = await open(`${url}runs`)
    await page.getByText(/There is no run in .* yet/).waitFor()
    await record(join(dir, 'first & best'), 3)
    const row = page.getByRole('row', { name: /first & best/ })
    await row.waitFor()
    await eventually(async () => {
      const cells = await row.getByRole('cell').allTextContents()
      return [cells[0], ...cells.slice(2, 5)]
    }).toEqual(['finished', '3', '15', '10'])
    await page.getByRole('link', { name: 'first & best' }).click()
    await page
      .locator('header [role=status]')
      .getByText(/checkpoint/i)
      .waitFor()
    expect(new URL(page.url()).pathname).toBe('/run/first%20%26%20best/')
    await page.getByText('first & best').first().waitFor()
    // On a phone there is room for all of the tabs, as far from the right as from the left.
    const width = 360
    await page.setViewportSize({ width, height: 800 })
    const tabs = page.getByRole('navigation', { name: 'Views' })
    await eventually(() => tabs.getByRole('link').count()).toBe(5)
    const ends = await tabs.evaluate(bar => {
      const { left, right } = bar.getBoundingClientRect()
      return left + Math.max(right, left + bar.scrollWidth)
    })
    expect(ends).toBeLessThanOrEqual(width)
    await page.setViewportSize({ width: 1440, height: 900 })
    await record(join(dir, 'second'), 1)
    await page.getByText('A newer run has begun: second.').waitFor()
    await page.getByRole('button', { name: 'Watch it', exact: true }).click()
    await eventually(() => new URL(page.url()).pathname).toBe('/run/second/')
    await page.getByRole('link', { name: 'Runs' }).click()
    await eventually(() => page.locator('.runs tbody tr').count()).toBe(2)
    await page.goto(url)
    expect(new URL(page.url()).pathname).toBe('/run/second/')
    expect(errors).toEqual([])
  })

  test.skipIf(tier !== 'slow')(
    'K3 U10 the link of a server of runs leads to the newest of them',
    async () => {
      const dir = tempDir()
      await record(join(dir, 'only'), 1)
      const { link } = await serve(dir, true)
      const { page } = await open(link!)
      await eventually(() => new URL(page.url()).pathname).toBe('/run/only/')
      await page
        .locator('header [role=status]')
        .getByText(/checkpoint/i)
        .waitFor()
    },
  )
})

// The page in a real browser: what a person sees while a run is recorded, when an episode is
// replayed, when the server goes and comes back, and when there is no run.
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkOptions } from '../../src/runtime/options.ts'
import { startPlaying } from '../../src/runtime/play.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import { tempDir } from '../runtime/harness.ts'
import { chromiumPath } from '../setup/packages.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const hasChromium = existsSync(chromiumPath)
if (!hasChromium) console.error(`SKIPPED: the browser tests, because there is no ${chromiumPath}`)
test('CI has the browser that the browser tests need', () => {
  expect(hasChromium || process.env['CI'] === undefined).toBe(true)
})

describe.skipIf(!hasChromium)('the page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: flags })
  })
  afterAll(() => browser?.close())

  /** Opens the page; anything that it logs as an error, or asks of another address, is kept. */
  async function open(url: string): Promise<{ page: Page; errors: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const errors: string[] = []
    page.on('pageerror', error => errors.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('request', request => {
      if (new URL(request.url()).origin !== new URL(url).origin) errors.push(request.url())
    })
    onTestFinished(() => page.close())
    await page.goto(url)
    return { page, errors }
  }

  async function startTraining(
    port = 0,
    dir = tempDir(),
  ): Promise<{ run: Run; stop(): Promise<void> }> {
    const run = await start(checkOptions({ dir, live: { port }, handleSignals: false }), {
      faults: true,
    })
    const recorder = run.recorder('walker')
    const pixels = new Uint8Array(16 * 16 * 3)
    let step = 0
    const timer = setInterval(() => {
      if (recorder.episode === 0) recorder.begin({ stage: 2, epsilon: 0.25 })
      const terminated = step % 60 === 59
      recorder.step({
        reward: 0.5,
        action: step % 3,
        position: [step % 8, 3],
        qValues: [0.1, 0.2, 0.9],
        meters: { energy: 0.75 },
        terminated,
      })
      recorder.frame({ width: 16, height: 16, data: pixels.fill((step * 5) & 255) })
      if (terminated) {
        recorder.metrics({ 'train/loss': 1 / (1 + step) }, step)
        recorder.end()
      }
      step++
    }, 10)
    const stop = async (): Promise<void> => {
      clearInterval(timer)
      await run.close()
    }
    onTestFinished(stop)
    return { run, stop }
  }

  const badge = (page: Page) => page.locator('header [role=status]')

  /** The colours that the canvas has, as one number; 0 while nothing is drawn. */
  const canvasSum = (page: Page): Promise<number> =>
    page.evaluate(() => {
      const canvas = document.querySelector('canvas.stage-canvas') as HTMLCanvasElement | null
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
      return data ? data.reduce((sum, value) => sum + value, 0) : 0
    })

  test('U4 L11 shows a run live, as it is played, and replays an episode by click and by key', async () => {
    const { run } = await startTraining()
    const { page, errors } = await open(run.url ?? '')
    await badge(page).getByText('LIVE').waitFor()
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    const first = await canvasSum(page)
    await expect.poll(() => canvasSum(page)).not.toBe(first)
    await page.getByText('energy', { exact: false }).first().waitFor()
    const rows = page.getByRole('grid').getByRole('row')
    await expect.poll(() => rows.count()).toBeGreaterThan(3)
    await rows.nth(2).click()
    await badge(page).getByText('REPLAY').waitFor()
    await page.getByRole('group', { name: /Replay of episode/ }).waitFor()
    await page.keyboard.press('End')
    await badge(page).getByText('LIVE').waitFor()
    expect(errors).toEqual([])
  })

  test('comes back by itself after the broadcaster has died', async () => {
    const { run } = await startTraining()
    const { page } = await open(run.url ?? '')
    await badge(page).getByText('LIVE').waitFor()
    run.host.crash('broadcaster', 'throw')
    await page
      .getByText(/reconnecting/i)
      .first()
      .waitFor()
    await badge(page).getByText('LIVE').waitFor()
    const shown = await canvasSum(page)
    await expect.poll(() => canvasSum(page)).not.toBe(shown)
  })

  test('waits for a run when there is none', async () => {
    const playing = await startPlaying({
      dir: null,
      task: 'serve',
      live: { host: '127.0.0.1', port: 0 },
    })
    onTestFinished(async () => {
      await playing.close()
    })
    const { page, errors } = await open(playing.url ?? '')
    await page
      .getByText(/waiting for a run/i)
      .first()
      .waitFor()
    expect(errors).toEqual([])
  })
})

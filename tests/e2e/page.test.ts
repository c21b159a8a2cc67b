// The page in a real browser: what a person sees while a run is recorded, when an episode is
// replayed, when the server goes and comes back, and when there is no run.
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startPlaying } from '../../src/runtime/play.ts'
import {
  declareBrowser,
  framesInASecond,
  hasChromium,
  stagePicture,
  useBrowser,
} from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

describe.skipIf(!hasChromium)('the page', () => {
  const open = useBrowser()

  const badge = (page: Page) => page.locator('header [role=status]')

  /** The colours that the stage shows, as one number; 0 while nothing is drawn. */
  const canvasSum = async (page: Page): Promise<number> =>
    (await stagePicture(page))?.pixels.reduce((sum, value) => sum + value, 0) ?? 0

  test('U4 L11 shows a run live, as it is played, and replays an episode by click and by key', async () => {
    const { run } = await startTraining({ logits: [-1.25, 0.5, 2] })
    const { page, errors } = await open(run.url ?? '')
    await badge(page).getByText('LIVE').waitFor()
    const logits = page.getByRole('region', { name: 'Policy logits' }).getByText('−1.25')
    await logits.waitFor()
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    const first = await canvasSum(page)
    await expect.poll(() => canvasSum(page)).not.toBe(first)
    await page.getByText('energy', { exact: false }).first().waitFor()
    const rows = page.getByRole('grid').getByRole('row')
    await expect.poll(() => rows.count()).toBeGreaterThan(3)
    await rows.nth(2).click()
    await badge(page).getByText('REPLAY').waitFor()
    await page.getByRole('group', { name: /Replay of episode/ }).waitFor()
    await logits.waitFor()
    // Metrics are those of then.
    for (const place of [/^at episode [\d.]+k?$/, /^at step [\d.]+k?$/]) {
      await page.getByText(place).first().waitFor()
    }
    await page.keyboard.press('End')
    await badge(page).getByText('LIVE').waitFor()
    expect(errors).toEqual([])
  })

  test('F10 shows frames by the fast lane, and by the log when the lane is stuck', async () => {
    let isStuck = false
    const { run } = await startTraining({ isLaneStuck: () => isStuck })
    const { page } = await open(run.url ?? '')
    const isMoving = async (): Promise<void> => {
      const first = await canvasSum(page)
      await expect.poll(() => canvasSum(page)).not.toBe(first)
    }
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    await isMoving()
    await expect.poll(() => run.status?.lane).toMatchObject({ source: 'lane' })
    await expect.poll(() => run.status?.lane?.shown).toBeGreaterThan(20)
    isStuck = true
    await expect.poll(() => run.status?.lane?.source, { timeout: 10_000 }).toBe('log')
    const published = run.status?.lane?.published
    await isMoving()
    await isMoving()
    expect(run.status?.lane?.published).toBe(published)
    isStuck = false
    await expect.poll(() => run.status?.lane?.source, { timeout: 10_000 }).toBe('lane')
    await isMoving()
  })

  test('U12 shows the newest picture of a trainer that pauses, and no number where there is none', async () => {
    const { url, steps, pause } = await startTraining({ episodeSteps: 1_000_000 })
    await expect.poll(steps).toBeGreaterThan(20)
    pause()
    const { page, errors } = await open(url)
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    await page.getByText('Each finished episode is a point here.').waitFor()
    expect(await page.getByText('∞').count()).toBe(0)
    expect(errors).toEqual([])
  })

  test('U4 draws no animation frames while nothing changes, and goes on with the trainer', async () => {
    const { run, url, pause } = await startTraining({ episodeSteps: 1_000_000 })
    const { page } = await open(url)
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    pause()
    await expect.poll(() => framesInASecond(page)).toBeLessThan(15)
    const still = await canvasSum(page)
    const recorder = run.recorder('walker')
    recorder.step({ reward: 1 })
    recorder.frame({ width: 16, height: 16, data: new Uint8Array(16 * 16 * 3).fill(123) })
    await expect.poll(() => canvasSum(page)).not.toBe(still)
  })

  test('U12 shows the newest picture between two episodes, and says that no step has come', async () => {
    const { run, url, steps, pause } = await startTraining({ episodeSteps: 1_000_000 })
    await expect.poll(steps).toBeGreaterThan(20)
    pause()
    run.recorder('walker').end()
    const { page } = await open(url)
    await expect.poll(() => canvasSum(page)).toBeGreaterThan(0)
    await expect.poll(() => page.getByText('No step of it has come yet.').count()).toBe(2)
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

  test('U4 L9 shows the next run at its address, also to who had picked an agent of the last', async () => {
    const { url, stop } = await startTraining({ agents: ['walker', 'runner'] })
    const { page } = await open(url)
    const picker = page.getByRole('combobox', { name: 'Agent', exact: true })
    await picker.selectOption('runner')
    await page.getByRole('img', { name: /of agent runner/ }).waitFor()
    await stop()
    await page
      .getByText(/reconnecting/i)
      .first()
      .waitFor()
    await startTraining({ port: Number(new URL(url).port), agents: ['jumper'] })
    const gone = picker.getByRole('option', { name: 'runner (not in this run yet)' })
    await gone.waitFor({ state: 'attached' })
    expect(await picker.inputValue()).toBe('runner')
    await picker.selectOption('')
    await page.getByRole('img', { name: /of agent jumper/ }).waitFor()
    await badge(page).getByText('LIVE').waitFor()
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

// The playback bar and its keys in a real browser: of a replay, and of the live run, which is paused
// and gone back in while the trainer goes on.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

const badge = (page: Page) => page.locator('header [role=status]')
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** The figure under `label` over the stage. */
const figure = (page: Page, label: string): Promise<number> =>
  page
    .locator('.figure', { hasText: label })
    .first()
    .locator('dd')
    .textContent()
    .then(text => Number.parseFloat(text ?? ''))

describe.skipIf(!hasChromium)('U5 L16 the playback bar', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  /** The page with an episode that has just been opened from the list, and its number. */
  async function replay() {
    const { url } = await startTraining({ stepMillis: 5, episodeSteps: 120 })
    const opened = await open(url)
    const { page } = opened
    await badge(page).getByText('LIVE').waitFor()
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(3)
    await page.keyboard.press('[')
    await badge(page).getByText('REPLAY').waitFor()
    return opened
  }

  test('plays, pauses, steps, scrubs and repeats an episode, by button and by key', async () => {
    const { page, errors } = await replay()
    await page.keyboard.press('k')
    await button(page, 'Play').waitFor()
    await page.keyboard.press('Home')
    await eventually(() => figure(page, 'Step')).toBe(0)
    await page.keyboard.press('.')
    await page.keyboard.press('.')
    await eventually(() => figure(page, 'Step')).toBe(2)
    await page.keyboard.press(',')
    await eventually(() => figure(page, 'Step')).toBe(1)
    await page.keyboard.press('l')
    await eventually(() => figure(page, 'Step')).toBe(51)
    await page.keyboard.press('ArrowRight')
    await eventually(() => figure(page, 'Step')).toBe(61)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('j')
    await eventually(() => figure(page, 'Step')).toBe(1)
    await button(page, 'Forward one step').click()
    await eventually(() => figure(page, 'Step')).toBe(2)
    await page.getByRole('slider', { name: 'Step' }).fill('100')
    await eventually(() => figure(page, 'Step')).toBe(100)
    const speed = page.getByRole('combobox', { name: 'Speed' })
    const before = await speed.inputValue()
    await page.locator('body').click({ position: { x: 700, y: 10 } })
    await page.keyboard.press('>')
    await eventually(() => speed.inputValue()).not.toBe(before)
    await page.keyboard.press('r')
    expect(await button(page, 'Repeat the episode').getAttribute('aria-pressed')).toBe('true')
    await page.keyboard.press(' ')
    await button(page, 'Pause').waitFor()
    // It passes the end and is at the beginning again, without a stop.
    await eventually(() => figure(page, 'Step')).toBeLessThan(50)
    await button(page, 'Pause').waitFor()
    await page.keyboard.press('End')
    await badge(page).getByText('LIVE').waitFor()
    expect(errors).toEqual([])
  })

  test('leads to the next and previous episode, and to those with a milestone', async () => {
    const { page } = await replay()
    const shown = () => figure(page, 'Episode')
    const first = await shown()
    await button(page, 'Previous episode').click()
    await eventually(shown).toBe(first - 1)
    await page.keyboard.press(']')
    await eventually(shown).toBe(first)
    // All episodes are alike: only the first ones set records.
    await page.keyboard.press('p')
    await eventually(shown).toBe(1)
    expect(new URL(page.url()).hash).toMatch(/^#\/episode\/1/)
  })

  test('pauses the live run, goes back in it, and End is live again; the trainer goes on', async () => {
    // One episode, however long the machine takes: its steps only grow.
    const { url, steps } = await startTraining({ stepMillis: 10, episodeSteps: 1_000_000 })
    const { page, errors } = await open(url)
    await badge(page).getByText('LIVE').waitFor()
    // What the page has not shown is no way back: the run was under way when it came.
    const first = await figure(page, 'Step')
    await eventually(() => figure(page, 'Step')).toBeGreaterThan(first + 50)
    await page.keyboard.press(' ')
    await badge(page).getByText('PAUSED').waitFor()
    const paused = await figure(page, 'Step')
    const taken = steps()
    await eventually(steps).toBeGreaterThan(taken + 20)
    expect(await figure(page, 'Step')).toBe(paused)
    await page.keyboard.press('ArrowLeft')
    await eventually(() => figure(page, 'Step')).toBeLessThan(paused)
    await page.getByRole('slider', { name: 'Time behind live' }).waitFor()
    await button(page, 'Play').click()
    await badge(page).getByText('BEHIND LIVE').waitFor()
    await button(page, 'Go live').click()
    await badge(page)
      .getByText(/^live$/i)
      .waitFor()
    await eventually(() => figure(page, 'Step')).toBeGreaterThan(paused)
    expect(errors).toEqual([])
  })

  test('lists all keys under a question mark', async () => {
    const { url } = await startTraining()
    const { page } = await open(url)
    await badge(page).waitFor()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    for (const does of ['Play or pause', 'Go live', 'Filter the episodes', 'Next interesting']) {
      await help.getByText(does).waitFor()
    }
    await page.keyboard.press('Escape')
    await eventually(() => help.isVisible()).toBe(false)
  })

  test('L17 an address leads to a moment of an episode', async () => {
    const { page, errors } = await replay()
    const base = page.url().split('#')[0]
    await page.goto(`${base}#/episode/2?t=0.1`)
    await page.reload()
    await page.getByRole('group', { name: 'Replay of episode 2' }).waitFor()
    await button(page, 'Play').waitFor()
    await eventually(() => figure(page, 'Step')).toBeGreaterThan(3)
    await page.goBack()
    await badge(page).getByText('REPLAY').waitFor()
    expect(errors).toEqual([])
  })
})

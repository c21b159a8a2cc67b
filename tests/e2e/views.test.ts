// The other views in a real browser: all agents at once, two episodes beside each other, the system.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import {
  BUSY_MILLIS,
  declareBrowser,
  eventually,
  framesInASecond,
  hasChromium,
  press,
  useBrowser,
} from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

const badge = (page: Page) => page.locator('header [role=status]')

const comparedSteps = async (page: Page): Promise<number[]> => {
  const texts = await page.locator('.figure', { hasText: 'Step' }).locator('dd').allTextContents()
  return texts.map(text => Number.parseInt(text, 10))
}

/** Every key and button of a comparison that stands still at step 20 of 60, counted by steps. */
async function checkClock(page: Page): Promise<void> {
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const click = (name: string) => () => button(name).click()
  const key = (name: string) => () => press(page, name)
  for (const [move, to] of [
    [click('Forward one step'), 21],
    [key('.'), 22],
    [click('Back one step'), 21],
    [key(','), 20],
    [key('ArrowLeft'), 10],
    [key('ArrowRight'), 20],
    [key('l'), 59],
    [key('j'), 9],
    [key('Home'), 0],
  ] as const) {
    await move()
    await eventually(() => comparedSteps(page)).toEqual([to, to])
  }
  const speed = page.getByRole('combobox', { name: 'Speed' })
  await speed.selectOption('0.01')
  await press(page, '>')
  await eventually(() => speed.inputValue()).toBe('0.1')
  await press(page, '<')
  await eventually(() => speed.inputValue()).toBe('0.01')
  const isRepeated = () => button('Repeat').getAttribute('aria-pressed')
  await button('Repeat').click()
  await eventually(isRepeated).toBe('true')
  await press(page, 'r')
  await eventually(isRepeated).toBe('false')
  await button('Play').click()
  await button('Pause').waitFor()
  await press(page, ' ')
  await button('Play').waitFor()
}

describe.skipIf(!hasChromium)('U7 the views', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('L14 eight agents are seen at once, and one that is chosen in full', async () => {
    const agents = Array.from({ length: 8 }, (_, index) => `env-${index}`)
    const { url } = await startTraining({ agents, stepMillis: 100 })
    const { page, errors } = await open(url)
    await page.getByRole('link', { name: 'Agents' }).click()
    const tiles = page.locator('.tile')
    await eventually(() => tiles.count()).toBe(8)
    const drawn = page.locator('.tile .stage-picture[data-shows="frame"]')
    await eventually(() => drawn.count()).toBe(8)
    const step = () => tiles.nth(7).locator('.tile-figures').textContent()
    const before = await step()
    await eventually(step).not.toBe(before)
    await page.getByRole('button', { name: 'Watch env-5' }).click()
    await page.getByRole('img', { name: /of agent env-5/ }).waitFor()
    expect(new URL(page.url()).hash).toBe('#/')
    expect(errors).toEqual([])
  })

  test('L16 two episodes are compared on one clock, and the address says which', async () => {
    const { url, pause } = await startTraining({ stepMillis: 5 })
    const { page, errors } = await open(url)
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(2)
    await page.goto(`${url}#/compare/1/2`)
    await page.getByRole('heading', { name: 'Episode 1 · walker' }).waitFor()
    await page.getByRole('heading', { name: 'Episode 2 · walker' }).waitFor()
    await page.getByRole('combobox', { name: 'One clock by' }).selectOption('steps')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('slider', { name: 'Place in both episodes' }).fill('1000')
    await eventually(() => comparedSteps(page)).toEqual([20, 20])
    await checkClock(page)
    await page.getByRole('button', { name: 'Swap' }).click()
    await eventually(() => new URL(page.url()).hash).toBe('#/compare/2/1')
    await page.goto(`${url}#/compare/2/999999`)
    const right = page.getByRole('region', { name: 'The right episode' })
    await right.getByText('Episode 999999 cannot be replayed').waitFor()
    // The trainer goes on, and nothing of that is shown for the episode.
    expect(await right.locator('.stage-picture, .hud').count()).toBe(0)
    // At the end of both nothing moves, and nothing is drawn.
    pause()
    await page.goto(`${url}#/compare/1/2`)
    await eventually(() => comparedSteps(page)).toEqual([59, 59])
    await eventually(() => framesInASecond(page)).toBeLessThan(15)
    expect(errors).toEqual([])
  })

  test('the system is drawn from its machines, and shows where an actor stands', async () => {
    const { run, url } = await startTraining()
    const { page, errors } = await open(url)
    await page.getByRole('link', { name: 'System', exact: true }).click()
    const recorder = page.getByRole('region', { name: 'recorder', exact: true })
    await recorder.getByRole('img', { name: 'The machine recorder, now running' }).waitFor()
    await recorder.locator('figcaption').getByText('stop → stopped').waitFor()
    expect(await recorder.locator('.state.active text').allTextContents()).toEqual(['running'])
    const live = recorder.getByRole('row').filter({ hasText: 'recorder.live' })
    await live.getByRole('cell', { name: /^\d+ \/ 1\.02k$/ }).waitFor()
    await page.getByText(/^\d+, p50 [\d.]+ ms, p99 [\d.]+ ms$/).waitFor()
    const aggregator = page.getByRole('region', { name: 'aggregator', exact: true })
    await aggregator.getByText(/0 restarts/).waitFor()
    run.host.crash('aggregator', 'throw')
    await aggregator.getByText(/1 restarts/).waitFor()
    expect(errors).toEqual([])
  })

  test('what cannot be drawn for the moment is told, and drawn when it can be', async () => {
    const { url } = await startTraining()
    let asked = 0
    const { page } = await open(url, page =>
      page.route('**/api/machines', route => {
        asked++
        if (asked === 1) return route.abort()
        return asked === 2 ? route.fulfill({ status: 503 }) : route.continue()
      }),
    )
    await page.getByRole('link', { name: 'System', exact: true }).click()
    await page.getByRole('alert').getByText('cannot be drawn').waitFor()
    await page.getByRole('img', { name: 'The machine recorder, now running' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    expect(asked).toBe(3)
  })

  test('what a run does not have is said, and nothing is made up', async () => {
    const { url } = await startTraining({ bare: true })
    const { page } = await open(url)
    await badge(page).getByText('LIVE').waitFor()
    await page.getByText('No Q-values in this run.').waitFor()
    await page.getByText('This agent records no meters.').waitFor()
  })
})

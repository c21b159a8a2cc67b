// The table of episodes in a real browser: filtered, sorted, and never more rows drawn than are seen.
import { describe, expect, test } from 'vitest'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

describe.skipIf(!hasChromium)('U6 the table of episodes', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  async function listed(stepMillis = 2) {
    const { url } = await startTraining({ agents: ['a', 'b'], stepMillis, episodeSteps: 4 })
    const opened = await open(url)
    const rows = opened.page.locator('tr[id^=episode-]')
    await eventually(() => rows.count()).toBeGreaterThan(8)
    return { ...opened, rows }
  }

  test('L13 shows what the filter means, and points at what is wrong with it', async () => {
    const { page, rows, errors } = await listed()
    await page.keyboard.press('/')
    await page.keyboard.type('agent = b and')
    const error = page.locator('.filter-error')
    await error.getByText('column 14').waitFor()
    expect(await page.locator('.filter-pointed').textContent()).toBe(
      `agent = b and\n${' '.repeat(13)}^`,
    )
    await page.keyboard.type(' episode <= 20')
    await eventually(() => error.count()).toBe(0)
    const agents = () => rows.locator('td:nth-child(2)').allTextContents()
    await eventually(async () => [...new Set(await agents())]).toEqual(['b'])
    await page.keyboard.press('Escape')
    await eventually(async () => new Set(await agents()).size).toBe(2)
    expect(errors).toEqual([])
  })

  test('L13 the server finds what the page has not loaded, and P, N and the button play it', async () => {
    const { page, rows, errors } = await listed(1)
    await eventually(async () =>
      Number(await page.getByRole('grid', { name: 'Episodes' }).getAttribute('aria-rowcount')),
    ).toBeGreaterThan(150)
    await page.keyboard.press('/')
    await page.keyboard.type('episode in (3, 4, 90)')
    const numbers = () => rows.locator('td:first-child').allTextContents()
    await eventually(numbers).toEqual(['90', '4', '3'])
    await page.getByText('3 found', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Play only these' }).click()
    await page.getByRole('group', { name: 'Replay of episode 90' }).waitFor()
    await page.getByRole('grid', { name: 'Episodes' }).focus()
    await page.keyboard.press('p')
    await page.getByRole('group', { name: 'Replay of episode 4' }).waitFor()
    await page.keyboard.press('p')
    await page.getByRole('group', { name: 'Replay of episode 3' }).waitFor()
    await page.keyboard.press('n')
    await page.getByRole('group', { name: 'Replay of episode 4' }).waitFor()
    await page.keyboard.press('End')
    await page.getByRole('group', { name: 'Live playback' }).waitFor()
    const button = page.getByRole('button', { name: 'Play only these' })
    expect(await button.getAttribute('aria-pressed')).toBe('false')
    expect(errors).toEqual([])
  })

  test('S22 is sorted by its heads, and draws only what is in sight', async () => {
    // So slow that the page holds all episodes from the first on, however late it was opened.
    const { page, rows } = await listed(25)
    await page.getByRole('button', { name: '#', exact: true }).click()
    const first = () => rows.first().locator('td').first().textContent()
    await eventually(first).toBe('1')
    await page.getByRole('button', { name: 'agent', exact: true }).click()
    await eventually(() => rows.first().locator('td').nth(1).textContent()).toBe('b')
    const grid = page.getByRole('grid', { name: 'Episodes' })
    const total = async () => Number(await grid.getAttribute('aria-rowcount'))
    await eventually(total).toBeGreaterThan(100)
    expect(await rows.count()).toBeLessThan(60)
  })

  test('S23 is walked through by the keyboard alone', async () => {
    const { page } = await listed(25)
    await page.getByRole('grid', { name: 'Episodes' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    const active = await page.locator('tr.active td').first().textContent()
    await page.keyboard.press('Enter')
    await page.getByRole('group', { name: `Replay of episode ${active}` }).waitFor()
  })
})

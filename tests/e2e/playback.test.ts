// The playback bar and its keys in a real browser: of a replay, and of the live run, which is paused
// and gone back in while the trainer goes on.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { keyBindings } from '../../web/keyboard.ts'
import {
  BUSY_MILLIS,
  declareBrowser,
  eventually,
  hasChromium,
  press,
  useBrowser,
} from './browser.ts'
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

  const steps = 120
  /** The records are those of episodes 1, 4, 7, ...: this is the last one before `episode`. */
  const recordBefore = (episode: number): number => episode - 1 - ((episode - 2) % 3)

  /** The page with an episode that has just been opened from the list, the seventh or a later one. */
  async function replay() {
    const reward = (step: number): number => 1 + Math.floor(step / (3 * steps))
    const { url } = await startTraining({ stepMillis: 5, episodeSteps: steps, reward })
    const opened = await open(url)
    const { page } = opened
    await badge(page).getByText('LIVE').waitFor()
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(6)
    await page.keyboard.press('[')
    await badge(page).getByText('REPLAY').waitFor()
    return opened
  }

  test('U5 every key and every button does what it says', async () => {
    const { page, errors } = await replay()
    const episode = await figure(page, 'Episode')
    const record = recordBefore(episode)
    const speed = page.getByRole('combobox', { name: 'Speed' })
    const [keys, buttons] = [new Set<string>(), new Set<string>()]
    const buttonsShown = () =>
      page
        .locator('.transport button')
        .evaluateAll(found => found.map(one => one.getAttribute('aria-label')))

    const key = (name: string) => () => {
      keys.add(name)
      return press(page, name)
    }
    const click = (name: string) => () => {
      buttons.add(name)
      return button(page, name).click()
    }
    const choose = (name: string) => () => speed.selectOption(name)
    const scrub = (to: string) => () => page.getByRole('slider', { name: 'Step' }).fill(to)
    const seen = {
      step: () => figure(page, 'Step'),
      episode: () => figure(page, 'Episode'),
      speed: () => speed.inputValue(),
      plays: () => button(page, 'Pause').isVisible(),
      repeats: () => button(page, 'Repeat the episode').getAttribute('aria-pressed'),
      view: async () => new URL(page.url()).hash.split('/')[1],
      focus: () => page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
      help: () => page.getByRole('dialog', { name: 'Keyboard shortcuts' }).isVisible(),
    }
    type Row = [act: () => Promise<unknown>, what: keyof typeof seen, is: unknown]
    async function check(rows: readonly Row[]): Promise<void> {
      for (const [at, [act, what, is]] of rows.entries()) {
        await act()
        await eventually(async () => [at, what, await seen[what]()]).toEqual([at, what, is])
      }
    }

    await key('k')()
    await button(page, 'Play').waitFor()
    await check([
      [key('Home'), 'step', 0],
      [key('.'), 'step', 1],
      [key(','), 'step', 0],
      [key('l'), 'step', 50],
      [key('L'), 'step', 100],
      [key('J'), 'step', 50],
      [key('j'), 'step', 0],
      [key('ArrowRight'), 'step', 10],
      [key('ArrowLeft'), 'step', 0],
      [click('Forward one step'), 'step', 1],
      [click('Back one step'), 'step', 0],
      [choose('2'), 'speed', '2'],
      [key('>'), 'speed', '4'],
      [key('+'), 'speed', '8'],
      [key('<'), 'speed', '4'],
      [key('-'), 'speed', '2'],
      [click('Repeat the episode'), 'repeats', 'true'],
      [click('Repeat the episode'), 'repeats', 'false'],
      [key('r'), 'repeats', 'true'],
    ])
    // It passes the end and is at the beginning again, without a stop.
    await check([
      [choose('0.5'), 'speed', '0.5'],
      [scrub('100'), 'step', 100],
      [key(' '), 'plays', true],
    ])
    await eventually(seen.step).toBeLessThan(50)
    expect(await seen.plays()).toBe(true)
    await check([
      [choose('0.01'), 'speed', '0.01'],
      [key('R'), 'repeats', 'false'],
      [key('k'), 'plays', false],
      [key('K'), 'plays', true],
      [click('Pause'), 'plays', false],
      [click('Play'), 'plays', true],
      [key('['), 'episode', episode - 1],
      [key(']'), 'episode', episode],
      [click('Previous episode'), 'episode', episode - 1],
      [click('Next episode'), 'episode', episode],
      [key('p'), 'episode', record],
      [key('P'), 'episode', record - 3],
      [key('n'), 'episode', record],
      [click('Previous interesting episode'), 'episode', record - 3],
      [key('N'), 'episode', record],
      [key('p'), 'episode', record - 3],
      [click('Next interesting episode'), 'episode', record],
    ])
    expect(new URL(page.url()).hash).toMatch(`#/episode/${record}`)
    for (const name of await buttonsShown()) if (name !== 'Go live') expect(buttons).toContain(name)
    await check([
      [key('c'), 'view', 'compare'],
      [key('End'), 'view', ''],
      [key('C'), 'view', 'compare'],
      [key('End'), 'view', ''],
      [key('['), 'view', 'episode'],
      [click('Go live'), 'view', ''],
      [key('/'), 'focus', 'Filter the episodes'],
      [key('?'), 'help', true],
      // Behind the dialog no key does anything.
      [key('['), 'help', true],
      [() => page.keyboard.press('Escape'), 'help', false],
    ])
    expect(await seen.view()).toBe('')
    expect([...keys].toSorted()).toEqual(keyBindings.flatMap(({ keys }) => keys).toSorted())
    expect(errors).toEqual([])
  })

  test('pauses the live run, goes back in it, and End is live again; trainer and others go on', async () => {
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
    // To another viewer it is as live as before.
    const { page: other } = await open(url)
    await badge(other)
      .getByText(/^live$/i)
      .waitFor()
    const seen = await figure(other, 'Step')
    await eventually(() => figure(other, 'Step')).toBeGreaterThan(seen)
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

  test('L17 an address leads to a moment of an episode', async () => {
    const { page, errors } = await replay()
    const base = page.url().split('#')[0]
    await page.goto(`${base}#/episode/2?t=0.1`)
    await page.reload()
    await page.getByRole('group', { name: 'Replay of episode 2' }).waitFor()
    await button(page, 'Play').waitFor()
    await page.locator('.place').getByText('0:00.1', { exact: true }).waitFor()
    await page.goBack()
    await badge(page).getByText('REPLAY').waitFor()
    expect(errors).toEqual([])
  })
})

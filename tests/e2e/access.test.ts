// Whether everybody can use the page: names of controls for screen readers, the keyboard alone, small
// and large screens, reduced motion. What axe would ask first, asked in a few lines.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { startTraining } from './training.ts'

declareBrowser()

const views = ['#/', '#/grid', '#/compare/1/2', '#/system'] as const

/** What is wrong with the roles and names of what the page shows, each in a sentence. */
const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = []
    const nameOf = (element: Element): string => {
      const by = element.getAttribute('aria-labelledby')
      const labelled = by === null ? '' : (document.getElementById(by)?.textContent ?? '')
      const labels = (element as Partial<HTMLInputElement>).labels ?? []
      return (
        labelled ||
        element.getAttribute('aria-label') ||
        [...labels].map(label => label.textContent).join(' ') ||
        element.getAttribute('alt') ||
        element.textContent ||
        ''
      ).trim()
    }
    const named =
      'button, a, input, select, dialog, nav, section, fieldset, [role=img], [role=grid], img'
    for (const element of document.querySelectorAll(named)) {
      if (nameOf(element) === '') faults.push(`no name: ${element.outerHTML.slice(0, 120)}`)
    }
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    for (const id of ids) {
      if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice the id ${id}`)
    }
    for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-activedescendant']) {
      for (const element of document.querySelectorAll(`[${attribute}]`)) {
        const id = element.getAttribute(attribute) ?? ''
        if (document.getElementById(id) === null) faults.push(`${attribute} leads nowhere: ${id}`)
      }
    }
    for (const element of document.querySelectorAll('[aria-hidden=true]')) {
      if (element.matches('button, a, input') || element.querySelector('button, a, input')) {
        faults.push(`hidden, and takes the focus: ${element.outerHTML.slice(0, 120)}`)
      }
    }
    if (document.querySelectorAll('main').length !== 1) faults.push('not one main')
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1')
    if (document.documentElement.lang === '') faults.push('no language')
    const levels = [...document.querySelectorAll('h1, h2, h3')].map(({ tagName }) => tagName)
    if (levels[0] !== 'H1') faults.push(`the first heading is ${levels[0]}`)
    return faults
  })

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

/** Of what is to be pressed in every view: what is not shown, or beside its bar. */
const unreachable = (page: Page): Promise<(string | null)[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.transport button, .transport select, nav a')]
      .filter(element => {
        const [own, bar] = [element, element.closest('.transport, nav')!].map(one =>
          one.getBoundingClientRect(),
        )
        return own!.width === 0 || own!.left < bar!.left || own!.right > bar!.right
      })
      .map(element => element.ariaLabel ?? element.textContent),
  )

describe.skipIf(!hasChromium)('U8 S23 everybody', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  test('can be told what is on every view, no view is wider than its screen, and all controls are on it', async () => {
    const { url } = await startTraining({ agents: ['a', 'b'] })
    const { page, errors } = await open(url)
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(3)
    for (const view of views) {
      await page.goto(`${url}${view}`)
      await page.locator('header [role=status]').getByText(/live/i).waitFor()
      await page.locator('main').waitFor()
      expect([view, await faultsOf(page)]).toEqual([view, []])
      for (const width of [360, 768, 1180, 1920]) {
        await page.setViewportSize({ width, height: width < 700 ? 800 : 1080 })
        await eventually(() => overflow(page)).toBe(0)
        expect([view, width, await unreachable(page)]).toEqual([view, width, []])
      }
    }
    expect(errors).toEqual([])
  })

  test('comes to everything with the Tab key, and sees where it is', async () => {
    const { url } = await startTraining()
    const { page } = await open(url)
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(1)
    const reached = new Set<string>()
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press('Tab')
      const focus = await page.evaluate(() => {
        const element = document.activeElement
        if (element === null || element === document.body) return null
        const { outlineStyle, outlineWidth } = getComputedStyle(element)
        const name = element.getAttribute('aria-label') ?? element.textContent ?? ''
        return { name, isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' }
      })
      if (focus === null) continue
      expect(focus).toMatchObject({ isSeen: true })
      reached.add(focus.name)
    }
    const wanted = ['Agents', 'Pause', 'Previous episode', 'Filter the episodes', 'Episodes']
    expect([...reached]).toEqual(expect.arrayContaining(wanted))
  })

  test('who wants no motion gets none', async () => {
    const { url } = await startTraining()
    const { page } = await open(url, one => one.emulateMedia({ reducedMotion: 'reduce' }))
    await page.locator('header [role=status]').getByText(/live/i).waitFor()
    const moving = await page.evaluate(
      () => document.getAnimations().filter(one => one.playState === 'running').length,
    )
    expect(moving).toBe(0)
  })
})

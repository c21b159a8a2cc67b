// A real browser, and what a person sees of the stage in it.
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { chromiumFlags, chromiumPath } from '../setup/packages.ts'

export const hasChromium = existsSync(chromiumPath)

/** To be called once in each file of browser tests: without a browser they are skipped loudly. */
export function declareBrowser(): void {
  if (!hasChromium) console.error(`SKIPPED: browser tests, because there is no ${chromiumPath}`)
  test('CI has the browser that the browser tests need', () => {
    expect(hasChromium || process.env['CI'] === undefined).toBe(true)
  })
}

/** How long a browser test may take on a machine that has much else to do. */
export const BUSY_MILLIS = 180_000

/** As `expect.poll`, with the patience that a browser on a busy machine needs. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 40_000 })

export interface OpenPage {
  readonly page: Page
  /** Whatever it logged as an error, or asked of another address. */
  readonly errors: string[]
}

/** Starts a browser for the tests of a `describe`; the result opens pages that end with their test. */
export function useBrowser(): (
  url: string,
  prepare?: (page: Page) => unknown,
) => Promise<OpenPage> {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags] })
  })
  afterAll(() => browser?.close())
  return async (url, prepare) => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const errors: string[] = []
    page.on('pageerror', error => errors.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('request', request => {
      const { origin, protocol } = new URL(request.url())
      if (protocol !== 'blob:' && origin !== new URL(url).origin) errors.push(request.url())
    })
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') await tellPage(page, errors)
      await page.close()
    })
    await prepare?.(page)
    await page.goto(url)
    return { page, errors }
  }
}

/** What a person would see of a test that failed, and what the page complained of. */
async function tellPage(page: Page, errors: readonly string[]): Promise<void> {
  const shown = await page.locator('body').ariaSnapshot().catch(String)
  console.error(`${page.url()} shows:\n${shown.slice(0, 2_000)}\nerrors: ${errors.join('\n')}`)
}

/** Presses a key that is meant for the page, not for what has the focus. */
export async function press(page: Page, key: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press(key)
}

/** How many animation frames the page asks for in a second. */
export function framesInASecond(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const request = window.requestAnimationFrame.bind(window)
    let asked = 0
    window.requestAnimationFrame = callback => {
      asked++
      return request(callback)
    }
    await new Promise(resolve => setTimeout(resolve, 1000))
    window.requestAnimationFrame = request
    return asked
  })
}

export interface StagePicture {
  readonly width: number
  readonly height: number
  /** RGBA, rows from the top left. */
  readonly pixels: Uint8Array
}

/** What the stage shows of a frame; null while it shows none. */
export async function stagePicture(page: Page): Promise<StagePicture | null> {
  const found = await page.evaluate(() => {
    const shown = document.querySelector<HTMLCanvasElement>(
      '.stage-picture[data-shows="frame"] canvas:not(.trail)',
    )
    if (shown === null || shown.width === 0) return null
    // The canvas itself belongs to the drawing thread.
    const copy = document.createElement('canvas')
    const { width, height } = shown
    copy.width = width
    copy.height = height
    const context = copy.getContext('2d')
    context?.drawImage(shown, 0, 0)
    const { data } = context?.getImageData(0, 0, width, height) ?? { data: [] }
    // A call for many bytes: a million characters, each put to the others, take a second.
    let text = ''
    for (let at = 0; at < data.length; at += 4096) {
      text += String.fromCharCode(...data.slice(at, at + 4096))
    }
    return { width, height, base64: btoa(text) }
  })
  return found && { ...found, pixels: Buffer.from(found.base64, 'base64') }
}

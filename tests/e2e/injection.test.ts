// W17: names, reasons, insights and errors that are scripts. They come from the server under attack in
// every field that has words, so that the page and each overlay show all of them, and none is run.
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { openGateway } from '../../src/gateway/server.ts'
import type { EpisodeMaterial } from '../../src/protocol/thread-messages.ts'
import { pageDirectory } from '../../src/runtime/software.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import {
  beganOf,
  materialOf,
  milestoneOf,
  projectionOf,
  rowOf,
  seriesOf,
  stepOf,
  steppedOf,
  systemOf,
  TestStage,
} from '../gateway/stage.ts'
import { BUSY_MILLIS, declareBrowser, eventually, hasChromium, useBrowser } from './browser.ts'
import { payloads } from './payloads.ts'

declareBrowser()

const said = (index: number): string => payloads[index % payloads.length]!
const meters = Object.fromEntries(payloads.slice(0, 12).map(name => [name, 0.5]))
const FAILING = 999

const rowSaying = (episode: number) =>
  rowOf(episode, { agent: said(episode), reason: said(episode + 1) })

/** An episode whose every word is a payload. */
function materialSaying(episode: number): EpisodeMaterial {
  const material = materialOf(episode, 4)
  const steps = material.steps.map(step => ({ ...step, meters }))
  return { ...material, row: { ...rowSaying(episode), steps: 4 }, steps }
}

/** A server that says nothing else; it goes on saying it until the test has finished. */
async function startSlanderer(): Promise<string> {
  const stage = new TestStage()
  stage.name = said(0)
  stage.agents = payloads.slice(0, 8)
  stage.defaultAgent = said(0)
  stage.openEpisodes.set(said(0), beganOf(7, said(0)))
  const rows = payloads.map((_, index) => rowSaying(index + 1))
  const hub = new Hub({
    clock: systemClock,
    stage,
    history: {
      episodes: async () => ({ rows: rows.toReversed(), more: false, next: null }),
      episode: async episode => {
        if (episode === FAILING) throw new RollcastError('NOT_FOUND', payloads.join('\n'))
        return { material: materialSaying(episode) }
      },
      frames: async () => ({ frames: [], next: null }),
      frame: async () => ({ frame: null }),
    },
  })
  const gateway = await openGateway({ hub, pageDirectory: pageDirectory(), port: 0 })
  hub.showProjection({
    projection: projectionOf(40, {
      name: said(0),
      episodes: rows,
      metrics: payloads.map(seriesOf),
      milestones: payloads.slice(0, 200).map((agent, index) => ({
        ...milestoneOf(index + 1, index + 1),
        agent,
        milestone: 'best_return' as const,
      })),
    }),
    changedMetrics: payloads,
  })
  const [actor] = systemOf().actors
  const [channel] = actor!.channels
  hub.showSystem(
    systemOf({
      healthy: false,
      problem: payloads.slice(0, 8).join(' '),
      actors: payloads.slice(0, 12).map((name, index) => ({
        ...actor!,
        name,
        machine: index === 0 ? 'recorder' : said(index + 1),
        state: index === 0 ? 'running' : said(index + 2),
        reason: said(index + 3),
        channels: [{ ...channel!, name: said(index + 4), policy: said(index + 5) }],
      })),
    }),
  )
  let step = 0
  const timer = setInterval(() => {
    step++
    const stepped = steppedOf(7, step, 100 + step, said(0))
    const kind = said(step)
    hub.publish([
      { ...stepped, step: stepOf(step, { meters }) },
      {
        kind: 'insight',
        insight: kind,
        agent: null,
        time: step,
        data: { [kind]: [kind] },
        bytes: 99,
      },
    ])
  }, 50)
  onTestFinished(async () => {
    clearInterval(timer)
    await gateway.stop()
  })
  return gateway.url
}

/** The control: a script that is kept from running is noticed. */
async function expectNoticed(page: Page, hits: string[]): Promise<void> {
  await page.evaluate(() => {
    try {
      document.body.innerHTML = '<img src=x onerror=hit(1)>'
    } catch {
      // The policy keeps it from coming into the document.
    }
  })
  await eventually(() => hits).toEqual([expect.stringMatching(/^script: require-trusted/)])
}

describe.skipIf(!hasChromium)('W17 P13 words that are scripts', { timeout: BUSY_MILLIS }, () => {
  const open = useBrowser()

  /** Opens a page; every script that runs, dialog and report of the policy comes into `hits`. */
  async function openWatched(url: string, hits: string[]) {
    const opened = await open(url, async page => {
      await page.exposeFunction('hit', (what: unknown) => hits.push(`script: ${String(what)}`))
      page.on('dialog', dialog => {
        hits.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await page.addInitScript(() =>
        addEventListener('securitypolicyviolation', ({ violatedDirective, sample }) => {
          const report = (globalThis as unknown as { hit(what: string): void }).hit
          report(`${violatedDirective} ${sample}`)
        }),
      )
    })
    return opened
  }

  /** All that is written in the document, with what is said to screen readers and on hovering. */
  const wordsOf = (page: Page): Promise<string> =>
    page.evaluate(() => {
      const attributes = ['title', 'aria-label', 'alt', 'value', 'placeholder']
      const hidden = attributes.flatMap(name =>
        [...document.querySelectorAll(`[${name}]`)].map(one => one.getAttribute(name)),
      )
      return [document.body.textContent, ...hidden].join('\n')
    })

  test('W17 are shown as words, in every view', async () => {
    expect(new Set(payloads).size).toBeGreaterThanOrEqual(runs(40, 200))
    const url = await startSlanderer()
    const hits: string[] = []
    const { page, errors } = await openWatched(url, hits)
    let words = ''
    const look = async (): Promise<void> => {
      words += await wordsOf(page)
    }
    await eventually(() => page.locator('tr[id^=episode-]').count()).toBeGreaterThan(0)
    const more = page.getByRole('button', { name: /^Show \d+ more/ })
    while ((await more.count()) > 0) await more.click()
    await look()
    // As names of metrics alone all of them are there.
    expect(payloads.filter(payload => !words.includes(payload))).toEqual([])
    for (const view of [
      '#/grid',
      '#/episode/3',
      '#/compare/4/5',
      '#/system',
      `#/episode/${FAILING}`,
    ]) {
      await page.evaluate(hash => location.assign(hash), view)
      await page.locator('main').waitFor()
      if (view === '#/episode/3') await page.getByRole('group', { name: /Replay of/ }).waitFor()
      if (view.endsWith(String(FAILING))) await page.getByText('data:text/html').first().waitFor()
      await look()
    }
    // An address is somebody else's words, too.
    for (const payload of payloads) {
      await page.evaluate(hash => location.assign(hash), `#/${encodeURI(payload)}`)
      await page.evaluate(hash => location.assign(hash), `#/episode/${payload}`)
    }
    await page.locator('main').waitFor()
    expect({ hits, errors }).toEqual({ hits: [], errors: [] })
    figure('W17', { payloads: payloads.length })
  })

  test('W17 are shown as words in overlays, which also have them in their address', async () => {
    const url = await startSlanderer()
    const hits: string[] = []
    const { page, errors } = await openWatched(`${url}overlay/metrics?max=20`, hits)
    await page.getByText(said(0), { exact: true }).first().waitFor()
    for (const overlay of ['episode', 'milestones?max=20', 'latency']) {
      await page.goto(`${url}overlay/${overlay}`)
      await page.locator('main').waitFor()
    }
    for (const payload of [
      ...payloads.slice(0, runs(2, payloads.length)),
      'constructor',
      '__proto__',
    ]) {
      const query = new URLSearchParams({
        names: payload,
        agent: payload,
        theme: payload,
        [payload]: payload,
      })
      await page.goto(`${url}overlay/metrics?${query}`)
      await eventually(() => wordsOf(page)).toContain(`found ${payload}`)
    }
    expect({ hits, errors }).toEqual({ hits: [], errors: [] })
    await expectNoticed(page, hits)
  })
})

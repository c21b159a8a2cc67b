// Makes the pictures of the page for README.md and docs/page.md, from runs of the demo: all that they
// show has happened. `node docs/pictures.ts` takes two minutes, and needs the built page
// (`npm run build:page`) and Debian's Chromium.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumFlags, chromiumPath } from '../tests/setup/packages.ts'

const command = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
/** Until the gridworld's agent has something to show. */
const EPISODES = 2_000
const EPISODES_MILLIS_MAX = 300_000
const WIDE = { width: 1440, height: 900 }

interface Rollcast {
  readonly url: string
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
}

/** A command that shows a page; resolves when it has told the address. */
async function rollcast(...args: string[]): Promise<Rollcast> {
  const argv = [command, ...args, '--port', '0']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = new PassThrough()
  child.stdout.pipe(said, { end: false })
  child.stderr.pipe(said)
  const ended = new Promise(resolve => child.once('exit', resolve))
  for await (const line of createInterface({ input: said })) {
    const url = /http:\/\/\S+/.exec(line)?.[0]
    if (url === undefined) continue
    said.resume()
    return { url, process: child, ended }
  }
  throw new Error(`rollcast ${args.join(' ')}: expected the address of a page, found its end`)
}

const demo = (dir: string, ...args: string[]): Promise<Rollcast> =>
  rollcast('demo', '--no-open', '--dir', dir, ...args)

async function end({ process, ended }: Rollcast, signal: NodeJS.Signals): Promise<void> {
  process.kill(signal)
  await ended
}

interface Picture {
  readonly name: string
  readonly url: string
  readonly size?: { readonly width: number; readonly height: number }
  /** Only this much of the page, on nothing; else all of it. */
  readonly of?: string
  /** What is to be there before it is taken. */
  readonly ready: (page: Page) => Promise<unknown>
}

async function take(browser: Browser, picture: Picture): Promise<void> {
  const { name, url, size = WIDE, of, ready } = picture
  const page = await browser.newPage({ viewport: size, colorScheme: 'dark' })
  await page.goto(url)
  await ready(page)
  const path = fileURLToPath(new URL(`./${name}.png`, import.meta.url))
  if (of === undefined) await page.screenshot({ path })
  else await page.locator(of).screenshot({ path, omitBackground: true })
  await page.close()
}

/** Long enough for charts and badges to have something to say. */
const look = (seconds: number) => (): Promise<void> => pause(seconds * 1000)

/** Episodes of the agent with the camera that are worth a look, as `--where` finds them. */
function episodes(dir: string, where: string, limit: number): number[] {
  const argv = [command, 'episodes', 'ls', dir, '--json', '--where', where, '--limit', `${limit}`]
  const { episodes: rows } = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }))
  return (rows as { episode: number }[]).map(({ episode }) => episode)
}

async function learnedEnough(dir: string): Promise<void> {
  const giveUpAt = performance.now() + EPISODES_MILLIS_MAX
  while ((episodes(dir, 'all', 1)[0] ?? 0) < EPISODES) {
    if (performance.now() > giveUpAt)
      throw new Error(`expected ${EPISODES} episodes in five minutes`)
    await pause(1_000)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'rollcast-pictures-'))
const runs = join(folder, 'runs')
const browser = await chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags] })
const running: Rollcast[] = []
try {
  const cartpole = await demo(join(runs, 'cartpole-ppo'), '--env', 'cartpole')
  running.push(cartpole)
  await pause(8_000)
  await take(browser, { name: 'page-agents', url: `${cartpole.url}#/grid`, ready: look(4) })
  await end(cartpole, 'SIGINT')

  const crashed = await demo(join(runs, 'gridworld-seed-7'), '--seed', '7')
  running.push(crashed)
  await pause(6_000)
  await end(crashed, 'SIGKILL')

  const dir = join(runs, 'gridworld-dqn')
  const { url, ...gridworld } = await demo(dir, '--seconds', '900')
  running.push({ url, ...gridworld })
  await learnedEnough(dir)
  await take(browser, { name: 'page', url, ready: look(6) })
  await take(browser, { name: 'page-system', url: `${url}#/system`, ready: look(4) })
  const panels = {
    episode: { width: 420, height: 560 },
    metrics: { width: 420, height: 380 },
    milestones: { width: 420, height: 380 },
    latency: { width: 420, height: 120 },
  }
  for (const [panel, size] of Object.entries(panels)) {
    const address = `${url}overlay/${panel}`
    await take(browser, {
      name: `overlay-${panel}`,
      url: address,
      size,
      of: 'main',
      ready: look(4),
    })
  }

  const server = await rollcast('serve', runs)
  running.push(server)
  const [early] = episodes(dir, 'frames > 0 and stage == 1 and best(40)', 1)
  const [late] = episodes(dir, 'frames > 0 and not terminated', 1)
  const pair = `${server.url}run/gridworld-dqn/#/compare/${early}/${late}`
  await take(browser, { name: 'page-compare', url: pair, ready: look(5) })
  await take(browser, {
    name: 'page-runs',
    url: `${server.url}runs`,
    size: { width: 1440, height: 330 },
    ready: look(2),
  })
} finally {
  for (const one of running) await end(one, 'SIGKILL')
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}

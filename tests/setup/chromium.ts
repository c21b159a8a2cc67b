// The browser tests need Chromium: taken from Debian's packages where it is missing and we may.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts it. */
export const chromiumPath = '/usr/bin/chromium'

/** Vitest's global set-up. */
export default function installChromium(): void {
  if (existsSync(chromiumPath)) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`no ${chromiumPath}: install Debian's package chromium for the browser tests`)
    return
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], env }
  execFileSync('apt-get', ['update', '-qq'], quiet)
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], quiet)
}

// Programs that the tests and benches use and that npm cannot bring: taken from Debian's packages where they
// are missing and we may.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian puts the browser. */
export const chromiumPath = '/usr/bin/chromium'

/** Without a screen, and asking nothing of any network. */
export const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const

/** Of Debian's own Python, and where it has them. */
export const pythonLibraries = {
  'python3-websockets': '/usr/lib/python3/dist-packages/websockets',
  'python3-autobahn': '/usr/lib/python3/dist-packages/autobahn',
} as const

const packages = {
  chromium: chromiumPath,
  strace: '/usr/bin/strace',
  gcc: '/usr/bin/gcc',
  'libc6-dev': '/usr/include/stdio.h',
  faketime: '/usr/bin/faketime',
  e2fsprogs: '/usr/sbin/mkfs.ext4',
  ffmpeg: '/usr/bin/ffmpeg',
  ...pythonLibraries,
}

/** Vitest's global set-up. */
export default function installPackages(): void {
  const missing = Object.entries(packages).flatMap(([name, file]) => (existsSync(file) ? [] : name))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`missing for the tests, please install from Debian: ${missing.join(' ')}`)
    return
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], env }
  execFileSync('apt-get', ['update', '-qq'], quiet)
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], quiet)
}

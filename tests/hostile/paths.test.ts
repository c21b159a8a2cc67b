// Paths that lead elsewhere (W15): nothing outside the page's directory is ever sent, whoever spells it
// how, and no name that a trainer or viewer chose leads out of a run.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { videoPath } from '../../src/protocol/video-files.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { useAttackedGateway } from './gateway.ts'
import { anyCharacters } from './json-texts.ts'
import { inParallel } from './peer.ts'

/** In every file that must not be seen. */
const SECRET = 'what nobody may read'
let directory: string
let page: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcast-paths-'))
  page = join(directory, 'page')
  mkdirSync(join(page, 'assets'), { recursive: true })
  mkdirSync(join(directory, 'page-2'))
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(page, 'assets/plain.css'), 'a{}')
  for (const file of ['secret.txt', 'page-2/secret.txt', 'page/.secret.txt', 'page/secret']) {
    writeFileSync(join(directory, file), SECRET)
  }
  symlinkSync(join(directory, 'secret.txt'), join(page, 'link.txt'))
  symlinkSync(directory, join(page, 'up'))
  symlinkSync(join(directory, 'page-2'), join(page, 'assets/beside'))
  symlinkSync('/etc', join(page, 'etc'))
  symlinkSync(join(page, 'loop.txt'), join(page, 'loop.txt'))
  mkdirSync(join(page, 'folder.txt'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const ups = [
  ...['..', '%2e%2e', '%2E.', '.%2e', '%252e%252e', '%c0%ae%c0%ae', '%e0%80%ae%e0%80%ae'],
  ...['%uff0e%uff0e', '．．', '..;', '..%00', '...', '....', '. .', '..%20', '․․', '%00..'],
]
const slashes = ['/', '%2f', '%252f', '\\', '%5c', '%c0%af', '//', '∕']

/** Over a hundred and twenty ways out. */
const waysOut = (): string[] => [
  ...ups.flatMap(up => slashes.map(slash => `/${up}${slash}secret.txt`)),
  ...ups.map(up => `/assets/${up}/${up}/secret.txt`),
  ...[
    '/link.txt',
    '/up/secret.txt',
    '/assets/beside/secret.txt',
    '/etc/hostname.txt',
    '/etc/passwd',
  ],
  ...[
    '/loop.txt',
    '/folder.txt',
    '/.secret.txt',
    '/secret',
    '/assets',
    '/assets/',
    '/./secret.txt',
  ],
  ...[
    '/%2esecret.txt',
    '/../page-2/secret.txt',
    '/../page/.secret.txt',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
  ],
  ...[directory, `/${directory}`, encodeURIComponent(directory)].map(path => `/${path}/secret.txt`),
  ...['/%00', '/index.html%00', '/index.html%00.txt', '/%', '/%zz', '/%f', '/%ff', '/%ed%a0%80'],
  ...['/con', '/nul.txt', '/index.html::$DATA', '/secret.txt.', '/secret.txt%20', '/SECRET~1.TXT'],
  ...['/~/secret.txt', '/~root/.bashrc', '/file:///etc/passwd', '/$HOME/secret.txt', '/`id`.txt'],
  ...[`/${'a'.repeat(511)}`, `/${'a'.repeat(5_000)}.txt`, `/${'../'.repeat(500)}etc/passwd`],
  ...[
    `/${'a/'.repeat(250)}x.txt`,
    '/a\u0301.txt',
    '/\u00e1.txt',
    '/assets/plain.css/../../../secret.txt',
  ],
  ...[
    '/overlay/..',
    '/overlay/../secret.txt',
    '/overlay/%2e%2e',
    '/overlay/metrics/../../secret.txt',
  ],
  ...['/ws/../secret.txt', '/api/../../secret.txt', '/metrics/..%2f..%2fsecret.txt'],
]

/** Everything that comes back until the server closes. */
function ask(port: number, method: string, target: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1').on('data', text => {
      received += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    )
  })
}

describe('W15 P12 names that lead elsewhere', () => {
  const attacked = useAttackedGateway(() => ({ pageDirectory: page }))

  test('W15 no spelling of a path gets a byte from outside', async () => {
    const paths = waysOut()
    expect(new Set(paths).size).toBeGreaterThanOrEqual(120)
    const wrong: unknown[] = []
    await inParallel(paths, 8, async path => {
      const answer = await ask(attacked().port, 'GET', path)
      const status = Number(answer.split(' ', 2)[1])
      const isRefused = status === 400 || status === 404
      if (!isRefused || answer.includes(SECRET) || answer.includes('root:')) {
        wrong.push({ path, answer: answer.slice(0, 300) })
      }
    })
    expect(wrong).toEqual([])
    // What is there is still there for who asks as one should.
    expect(await ask(attacked().port, 'GET', '/assets/plain.css')).toMatch(
      /^HTTP\/1.1 200 .*a\{\}$/s,
    )
    await attacked().expectUnharmed()
    figure('W15', { paths: paths.length })
  })

  test('W15 no name of a camera leads out of the folder of videos', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyCharacters(40),
          fc.constantFrom(...waysOut(), '..', '.', '/', '\u0000', 'a'.repeat(10_000)),
        ),
        camera => {
          const path = videoPath('agent', camera, 1, 0)
          expect(normalize(path)).toBe(path)
          expect(path).toMatch(/^video\/agent~[^/\0]*\/[^/]+\.mp4$/)
          expect(Buffer.byteLength(path.split('/')[1]!)).toBeLessThanOrEqual(255)
        },
      ),
      { numRuns: runs(30, 10_000) },
    )
  })
})

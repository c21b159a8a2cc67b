// Where a gateway listens, and what refuses to start.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkListening, type Listening } from '../../../src/gateway/access/listening.ts'
import { accessDirectory } from '../../../src/gateway/access/place.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { startPlaying } from '../../../src/runtime/play.ts'
import { startRun } from '../../../src/runtime/run.ts'
import { serveGateway } from '../serve-gateway.ts'

function runDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rollcast-listening-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

/** The addresses at which this machine listens on `port`, as the kernel writes them. */
const listeners = (port: number): string[] =>
  ['tcp', 'tcp6'].flatMap(kind =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map(line => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => state === '0A' && portOf(local) === port)
      .map(([, local = '']) => local.split(':')[0]!),
  )

const portOf = (local: string): number => Number.parseInt(local.split(':')[1] ?? '', 16)

const refusal = (listening: Partial<Listening>): string | null => {
  try {
    checkListening({ host: '127.0.0.1', token: false, runDir: null, ...listening })
    return null
  } catch (error) {
    expect(error).toMatchObject({ code: 'USAGE' })
    return (error as Error).message
  }
}

describe('P12 K2 where the gateway listens', () => {
  test('A2 as it comes, on 127.0.0.1 and nowhere else', async () => {
    const { port } = await serveGateway()
    expect(listeners(port)).toEqual(['0100007F'])
  })

  test('A2 a host of one family is listened at alone, and all there are only with a token', async () => {
    const six = await serveGateway({ host: '::1' })
    expect(listeners(six.port)).toEqual(['00000000000000000000000001000000'])
    const all = await serveGateway({ host: '0.0.0.0', token: true })
    expect(listeners(all.port)).toEqual(['00000000'])
  })

  test('A3 where others could reach it, it does not start without tokens', async () => {
    const hosts = ['0.0.0.0', '::', '192.168.1.5', '10.0.0.1', '203.0.113.9']
    for (const host of [...hosts, '2001:db8::1', '2001:db8::ffff:9']) {
      expect([host, refusal({ host })]).toEqual([host, expect.stringContaining('--token')])
      expect([host, refusal({ host, token: true, runDir: runDirectory() })]).toEqual([host, null])
      await expect(serveGateway({ host })).rejects.toMatchObject({ code: 'USAGE' })
    }
    const live = { host: '0.0.0.0', port: 0 }
    const dir = join(runDirectory(), 'run')
    await expect(startRun({ dir, live })).rejects.toMatchObject({ code: 'USAGE' })
    const serving = startPlaying({ dir: null, task: 'serve', live })
    await expect(serving).rejects.toMatchObject({ code: 'USAGE' })
    expect(checkOptions({ dir, live: true }).live).toMatchObject({ host: '127.0.0.1' })
  })

  test('A4 what would let in who should stay out does not start', () => {
    const token = true
    const own = runDirectory()
    const open = runDirectory()
    chmodSync(open, 0o777)
    const ofGroup = runDirectory()
    chmodSync(ofGroup, 0o770)
    const seen = runDirectory()
    mkdirSync(accessDirectory(seen))
    chmodSync(accessDirectory(seen), 0o755)
    const linked = runDirectory()
    symlinkSync(own, accessDirectory(linked))
    const file = runDirectory()
    writeFileSync(accessDirectory(file), '')
    const combinations: readonly (readonly [Partial<Listening>, RegExp])[] = [
      [{ host: '0.0.0.0' }, /expected a token/],
      [{ host: '::' }, /expected a token/],
      [{ host: '192.168.1.5' }, /expected a token/],
      [{ host: 'localhost', token, runDir: own }, /another IP address, found localhost/],
      [{ host: 'example.org', token, runDir: own }, /another IP address, found example\.org/],
      [{ host: '127.1' }, /another IP address, found 127\.1/],
      [{ host: '0x7f.0.0.1' }, /another IP address/],
      [{ host: '2130706433' }, /another IP address/],
      [{ host: '' }, /another IP address/],
      [{ host: '::ffff:127.0.0.1' }, /in its own form/],
      [{ host: 'fe80::1%lo', token, runDir: own }, /without a zone/],
      [{ host: '224.0.0.1', token, runDir: own }, /a group/],
      [{ host: '255.255.255.255', token, runDir: own }, /a group/],
      [{ host: 'ff02::1', token, runDir: own }, /a group/],
      [{ token }, /expected a run/],
      [{ host: '0.0.0.0', token }, /expected a run/],
      [{ token, runDir: open }, /others may write to it \(mode 0777\)/],
      [{ token, runDir: ofGroup }, /others may write to it \(mode 0770\)/],
      [{ token, runDir: seen }, /others have access to it \(mode 0755\)/],
      [{ token, runDir: linked }, /no folder, or a link to one/],
      [{ token, runDir: file }, /no folder, or a link to one/],
    ]
    for (const [listening, message] of combinations) expect(refusal(listening)).toMatch(message)
    for (const host of ['127.0.0.1', '127.0.0.2', '::1']) expect(refusal({ host })).toBe(null)
    expect(refusal({ token, runDir: own })).toBe(null)
  })

  test.skipIf(process.getuid?.() !== 0)("A4 nor with tokens in another user's folder", () => {
    const runDir = runDirectory()
    mkdirSync(accessDirectory(runDir), { mode: 0o700 })
    expect(refusal({ token: true, runDir })).toBe(null)
    chownSync(accessDirectory(runDir), 65_534, 65_534)
    expect(refusal({ token: true, runDir })).toMatch(/it belongs to another user/)
  })
})

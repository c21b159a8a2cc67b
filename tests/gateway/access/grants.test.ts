import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { Grants, SESSION_MILLIS_MAX } from '../../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../../src/gateway/access/place.ts'
import { logDirectory, makeDirectory } from '../../../src/store/place.ts'

const HOUR_MILLIS = 3_600_000
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

let clock: SimulatedClock
let runDir: string
let grants: Grants
beforeEach(() => {
  clock = new SimulatedClock()
  const place = mkdtempSync(join(tmpdir(), 'rollcast-grants-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  chmodSync(place, 0o755)
  runDir = join(place, 'run')
  makeDirectory(logDirectory(runDir))
  grants = another()
})

/** As another process would have it. */
const another = (): Grants => new Grants(accessDirectory(runDir), clock)

const key = { kind: 'key', role: 'viewer', replay: false, lifeMillis: HOUR_MILLIS } as const
const link = { ...key, kind: 'link' } as const

const files = (): string[] => readdirSync(grants.directory)
const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('A5 K3 tokens', () => {
  test('a token has 256 bits, all of them its own, and none of them is kept', () => {
    const tokens = Array.from({ length: 200 }, () => grants.issue(key).token)
    expect(new Set(tokens).size).toBe(200)
    const secrets = tokens.map(token => Buffer.from(token.split('.')[1]!, 'base64url'))
    expect(secrets.every(secret => secret.byteLength === 32)).toBe(true)
    // Of a fair bit 200 times over fewer than 50 or more than 150 ones do not happen.
    for (let bit = 0; bit < 256; bit++) {
      const ones = secrets.filter(secret => (secret[bit >> 3]! >> (bit & 7)) & 1).length
      expect(Math.abs(ones - 100)).toBeLessThan(50)
    }
    const kept = files().map(file => readFileSync(join(grants.directory, file), 'latin1'))
    for (const token of tokens) {
      const secret = token.split('.')[1]!
      expect(kept.some(text => text.includes(secret))).toBe(false)
    }
  })

  test('A7 the run, its log and its tokens are for their owner alone', () => {
    grants.issue(key)
    for (const directory of [runDir, logDirectory(runDir), grants.directory]) {
      expect([directory, modeOf(directory)]).toEqual([directory, 0o700])
    }
    for (const file of files()) expect(modeOf(join(grants.directory, file))).toBe(0o600)
  })

  test.skipIf(!isRoot)('A7 another user can neither list, read nor add tokens', () => {
    grants.issue(key)
    // Even where the run's own directory was opened to all.
    chmodSync(runDir, 0o755)
    const file = join(grants.directory, files()[0]!)
    for (const script of [
      `fs.readdirSync(${JSON.stringify(grants.directory)})`,
      `fs.readFileSync(${JSON.stringify(file)})`,
      `fs.writeFileSync(${JSON.stringify(`${grants.directory}/x.json`)}, '{}')`,
    ]) {
      const code = `try { ${script}; console.log('done') } catch (error) { console.log(error.code) }`
      const rights = { uid: NOBODY, gid: NOBODY, encoding: 'utf8' } as const
      expect(execFileSync(process.execPath, ['-e', code], rights).trim()).toBe('EACCES')
    }
  })

  test('it is found by any process until it expires', () => {
    const { token, grant } = grants.issue(key)
    expect(another().find(token)).toEqual(grant)
    clock.advance(HOUR_MILLIS - 1)
    expect(grants.find(token)).toEqual(grant)
    clock.advance(1)
    for (const one of [grants, another()]) expect(one.find(token)).toBe(undefined)
    expect(another().all()).toEqual([])
    // What has expired is tidied away.
    grants.refresh()
    expect(files()).toEqual([])
  })

  test('all of them are listed, the oldest first', () => {
    const issued = Array.from({ length: 8 }, () => {
      clock.advance(1)
      return grants.issue(key).grant
    })
    expect(another().all()).toEqual(issued)
  })

  test('nothing but itself is taken for it', () => {
    const { token, grant } = grants.issue(key)
    const other = grants.issue(key).token
    const [id, secret] = [token.slice(0, 12), token.slice(13)]
    const flipped = secret.replace(/^./, first => (first === 'A' ? 'B' : 'A'))
    const wrong = [
      ...['', '.', id, secret, `${id}.`, `${id}.${flipped}`, `${id}.${secret}x`, ` ${token}`],
      ...[`${other.slice(0, 12)}.${secret}`, `${id}.${grant.hash}`, token.toUpperCase()],
      ...[`../${id}.${secret}`, `${id}%00.${secret}`, `__proto__.${secret}`, `${token}\n`],
    ]
    for (const text of wrong) expect([text, grants.find(text)]).toEqual([text, undefined])
  })

  test('one that works once is used by one of all who try at the same time', () => {
    for (let trial = 0; trial < 20; trial++) {
      const { token } = grants.issue(link)
      const tries = Array.from({ length: 5 }, () => {
        const process = another()
        return { process, grant: process.find(token)! }
      })
      const sessions = tries.map(({ process, grant }) => process.exchange(grant))
      expect(sessions.filter(session => session !== undefined)).toHaveLength(1)
      expect(another().find(token)).toBe(undefined)
      const session = sessions.find(one => one !== undefined)!
      expect(another().find(session.token)).toMatchObject({ kind: 'session', role: 'viewer' })
    }
  })

  test('a session ends by itself, and with the key that it was exchanged for', () => {
    const ofLink = grants.exchange(grants.issue(link).grant)!
    const ofKey = grants.exchange(grants.issue(key).grant)!
    clock.advance(HOUR_MILLIS)
    expect(grants.find(ofKey.token)).toBe(undefined)
    expect(grants.find(ofLink.token)).toEqual(ofLink.grant)
    clock.advance(SESSION_MILLIS_MAX)
    expect(grants.find(ofLink.token)).toBe(undefined)
  })

  test('taken back by any process it takes its sessions with it, also that of a used link', () => {
    const used = grants.issue(link).grant
    const ofLink = grants.exchange(used)!
    const whole = grants.issue(key)
    const sessions = [1, 2].map(() => grants.exchange(whole.grant)!)
    const stays = grants.issue(key)
    expect(another().revoke(used.id)).toBe(1)
    expect(another().revoke(whole.grant.id)).toBe(3)
    for (const { token } of [ofLink, whole, ...sessions]) expect(grants.find(token)).toBe(undefined)
    expect(grants.find(stays.token)).toEqual(stays.grant)
    expect(another().revoke(whole.grant.id)).toBe(0)
    const beside = join(runDir, `${'a'.repeat(12)}.json`)
    writeFileSync(beside, 'x')
    for (const path of ['../../etc/passwd', '../aaaaaaaaaaaa', 'bbbbbbbbbbbb/../../aaaaaaaaaaaa']) {
      expect(another().revoke(path)).toBe(0)
    }
    expect(readFileSync(beside, 'utf8')).toBe('x')
  })

  test('a key has 64 sessions at most, and the oldest makes room', () => {
    const { grant } = grants.issue(key)
    const tokens: string[] = []
    for (let count = 0; count < 70; count++) {
      clock.advance(1)
      tokens.push(grants.exchange(grant)!.token)
    }
    const alive = tokens.map(token => grants.find(token) !== undefined)
    expect(alive).toEqual([...Array(6).fill(false), ...Array(64).fill(true)])
  })

  test('a file that is no grant lets nobody in, and disturbs nobody', () => {
    const { token, grant } = grants.issue(key)
    const file = join(grants.directory, `${grant.id}.json`)
    const whole = readFileSync(file, 'utf8')
    const broken = ['', '{', '[]', 'null', whole.slice(0, -1), whole.replace('viewer', 'owner')]
    const others = [whole.replace('"v":1', '"v":2')]
    // Of a right length, and no hash at all.
    others.push(whole.replace(grant.hash, '!'.repeat(43)))
    for (const text of [...broken, ...others]) {
      writeFileSync(file, text)
      expect([text, another().find(token)]).toEqual([text, undefined])
    }
    writeFileSync(join(grants.directory, 'notes.txt'), 'x')
    writeFileSync(file, whole)
    expect(another().all()).toEqual([grant])
  })

  test('a folder that cannot be read just now tells nothing new; one that is gone has no tokens', () => {
    const { token, grant } = grants.issue(key)
    renameSync(grants.directory, `${grants.directory}-aside`)
    writeFileSync(grants.directory, '')
    grants.refresh()
    expect(grants.isValid(grant.id)).toBe(true)
    rmSync(grants.directory)
    expect(grants.find(token)).toBe(undefined)
    expect(grants.isValid(grant.id)).toBe(false)
    renameSync(`${grants.directory}-aside`, grants.directory)
    expect(grants.find(token)).toEqual(grant)
    rmSync(grants.directory, { recursive: true })
    expect(grants.all()).toEqual([])
    expect(grants.knows(token)).toBe(false)
  })

  test('A7 none is given out where others could see it, or where no file can be made', () => {
    const refused = (message: RegExp): void =>
      expect(() => grants.issue(key)).toThrow(
        expect.objectContaining({
          code: 'CANNOT_CREATE',
          message: expect.stringMatching(message),
        }),
      )
    writeFileSync(grants.directory, '')
    refused(/it is no folder/)
    rmSync(grants.directory)
    grants.issue(key)
    chmodSync(grants.directory, 0o750)
    refused(/others have access to it \(mode 0750\)/)
    rmSync(runDir, { recursive: true })
    writeFileSync(runDir, '')
    refused(/expected a folder of our own/)
  })
})

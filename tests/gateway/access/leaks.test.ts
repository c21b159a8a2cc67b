// Where a token might turn up that should not: canaries are shown in every right and wrong place,
// and then looked for in everything that was written, said or answered.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { Grants } from '../../../src/gateway/access/grants.ts'
import { accessDirectory } from '../../../src/gateway/access/place.ts'
import { startRun } from '../../../src/runtime/run.ts'
import { tempDir } from '../../runtime/harness.ts'
import { ask, bearer, ownHost, upgrade } from '../raw-http.ts'
import { WsClient } from '../ws-client.ts'

const CANARIES = 20
/** Those that are shown everywhere; the others, where tokens belong. */
const EVERYWHERE = 5

/** All that a run's directory holds. */
const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

test('W14 K5 no token is in a log, an event, an error, an answer or a figure', async () => {
  const dir = join(tempDir(), 'run')
  const said: string[] = []
  const note = (problem: unknown): void => void said.push(String(problem))
  process.on('warning', note)
  const run = await startRun({
    ...{ dir, live: { port: 0, token: true }, handleSignals: false },
    onProblem: note,
  })
  onTestFinished(async () => {
    process.off('warning', note)
    await run.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const url = new URL(run.url!)
  const port = Number(url.port)
  const [, first = ''] = run.link!.split('#token=')
  expect(run.link).toBe(`${run.url}#token=${first}`)
  const grants = new Grants(accessDirectory(dir), systemClock)
  const asked = { kind: 'key', role: 'admin', replay: true, lifeMillis: 60_000 } as const
  const issued = Array.from({ length: CANARIES - 1 }, () => grants.issue(asked).token)
  const own = ownHost(port)
  const peer = { port }
  const signedIn = await ask(peer, '/session', [own, bearer(first)], 'POST')
  const cookie = /set-cookie: ([^;]+)/i.exec(signedIn)![1]!
  const answers: string[] = []
  const hear = async (asking: Promise<string>): Promise<void> => void answers.push(await asking)
  for (const [index, token] of issued.entries()) {
    // Wrong ones come from elsewhere: their address would be locked out.
    const stranger = { port, from: `127.0.1.${index + 1}` }
    const headers = [own, bearer(token), `X-Token: ${token}`, `Referer: ${url}#token=${token}`]
    for (const path of ['/', '/session', '/healthz', '/readyz', '/metrics', '/api/system', '/no']) {
      await hear(ask(peer, path, headers))
    }
    if (index >= EVERYWHERE) continue
    await hear(ask(stranger, '/metrics', [own, bearer(`${token}x`)]))
    await hear(ask(peer, `/?token=${token}`, [own]))
    await hear(ask(peer, `/${token}`, [own]))
    await hear(ask(peer, '/', [`Host: ${token}`]))
    await hear(ask(peer, '/', [own, `Origin: http://${token}`]))
    await hear(ask(stranger, '/', [own, `Cookie: rollcast_${port}=${token}`]))
    await hear(ask(peer, '/', [own], token.slice(0, 8)))
    await hear(upgrade(peer, [own, bearer(token)], `/${token}`))
    await hear(upgrade(peer, [own, `Sec-WebSocket-Protocol: rollcast.token.${token}`]))
    const client = new WsClient(port, { agent: token }, { token })
    await client.opened()
    client.say({ type: token })
    client.say({ type: 'set', max_fps: token })
    client.say({ type: 'get_episode', request: 1, episode: 99 })
    await client.until(() => client.of('error').length === 3)
    expect(client.socket.protocol).toBe('rollcast.v1+json')
    answers.push(...client.messages.map(message => JSON.stringify(message)))
    client.close()
    await hear(
      ask(peer, '/session', headers, 'POST').then(text => text.replace(/set-cookie.*/i, '')),
    )
  }
  const recorder = run.recorder()
  recorder.begin({ seed: 1 })
  recorder.step({ reward: 1, terminated: true })
  recorder.end()
  expect(await run.flush()).toBe(true)
  await run.host.crash('broadcaster', 'throw')
  await run.close()
  const files = filesIn(dir)
  expect(files.some(file => file.endsWith('rollcast.log'))).toBe(true)
  expect(files.some(file => file.endsWith('data.mdb'))).toBe(true)
  const texts = [...files.map(file => readFileSync(file, 'latin1')), ...answers, ...said]
  const secrets = [first, ...issued, cookie.split('=')[1]!].map(token => token.split('.')[1]!)
  expect(secrets).toHaveLength(CANARIES + 1)
  for (const secret of secrets) {
    expect(texts.filter(text => text.includes(secret)).map(text => text.slice(0, 300))).toEqual([])
  }
  // The search finds what is there: the public half of each token names its file.
  expect(files.join()).toContain(issued[0]!.split('.')[0])
})

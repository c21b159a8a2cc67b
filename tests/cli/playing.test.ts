import { cpSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aggregatorVersion } from '../../src/actors/aggregator/logic.ts'
import { runListSchema } from '../../src/protocol/run-list.ts'
import { openLog } from '../../src/store/open-log.ts'
import { until } from '../runtime/harness.ts'
import { episodesOfA, recordWorkspace, type Workspace } from './recorded-run.ts'
import { jsonOf, rollcast, start } from './rollcast.ts'

let workspace: Workspace
let run: string
beforeAll(async () => {
  workspace = await recordWorkspace()
  run = workspace.run
})
afterAll(() => workspace.remove())

/** The error of a new connection; one of `fetch` may be an old one that has yet to hear of its end. */
const refused = (url: string): Promise<string | undefined> =>
  new Promise(resolve => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })

describe('replay', () => {
  test('folds the whole log as fast as it can and says what came of it', async () => {
    const args = ['--speed', 'max', '--no-serve', '--json']
    const end = await rollcast('replay', run, ...args)
    expect(end).toMatchObject({ code: 0, stderr: '' })
    const { last_seq: lastSeq } = jsonOf(await rollcast('log', 'verify', run, '--json'))
    expect(jsonOf(end)).toEqual({
      run_dir: run,
      events: lastSeq,
      seconds: expect.any(Number),
      events_per_second: expect.any(Number),
      projection_crc: expect.any(Number),
      seq: lastSeq,
    })
    const again = await rollcast('replay', run, ...args)
    expect(jsonOf(again)['projection_crc']).toBe(jsonOf(end)['projection_crc'])
  })

  test('comes to the projection that the live run came to', async () => {
    const end = await rollcast('replay', run, '--check', '--json')
    expect(end.code).toBe(0)
    const { same, recorded_crc: recorded, projection_crc: replayed } = jsonOf(end)
    expect(same).toBe(true)
    expect(replayed).toBe(recorded)
    const said = await rollcast('replay', run, '--check')
    expect(said).toMatchObject({ code: 0, stdout: '' })
    expect(said.stderr).toMatch(/^the same projection as the live run's, at event \d+$/m)
  })

  test('exits with 1 when the recorded projection is another one', async () => {
    const dir = workspace.copy('other')
    await writeProjection(dir, 20)
    const end = await rollcast('replay', dir, '--check', '--json')
    expect(end.code).toBe(1)
    expect(jsonOf(end)).toMatchObject({ same: false, seq: 20, recorded_seq: 20 })
    const said = await rollcast('replay', dir, '--check')
    expect(said.stderr).toMatch(/^NOT the live run's projection: at event 20 that was [\da-f]{8}$/m)
  })

  test('has nothing to check where no projection was recorded', async () => {
    const dir = join(workspace.dir, 'bare')
    const { writer } = await openLog(dir)
    await writer.close()
    const { code, stderr } = await rollcast('replay', dir, '--check')
    expect(code).toBe(66)
    expect(stderr).toBe(`rollcast: NOT_FOUND: ${dir}: the live run recorded no projection\n`)
  })

  test('keeps its page until it is interrupted', async () => {
    const replay = start(['replay', run, '--speed', 'max', '--port', '0'])
    const [, url = ''] = await replay.said(/replaying at (http:\S+)/)
    await replay.said(/its page stays until Ctrl-C/)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    replay.interrupt()
    expect(await replay.ended).toMatchObject({ code: 130, stdout: '' })
    expect(await refused(url)).toBe('ECONNREFUSED')
  })

  test('L17 shows only the episodes that are asked for', async () => {
    const args = ['--where', 'agent = a and episode > 1', '--speed', 'max', '--port', '0']
    const replay = start(['replay', run, ...args])
    const [, count, url = ''] = await replay.said(/replaying (\d+) episodes? at (http:\S+)/)
    expect(Number(count)).toBe(episodesOfA - 1)
    await replay.said(/its page stays until Ctrl-C/)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    replay.interrupt()
    expect((await replay.ended).code).toBe(130)
  })

  test('says so when no episode is meant, or nothing would show the choice', async () => {
    const none = await rollcast('replay', run, '--where', 'return > 1e9')
    expect(none).toMatchObject({ code: 66, stdout: '' })
    expect(none.stderr).toContain('expected episodes that --where means, found none')
    for (const way of ['--check', '--no-serve']) {
      const { code, stderr } = await rollcast('replay', run, '--where', 'all', way)
      expect(code).toBe(2)
      expect(stderr).toContain("'--where' says what the page shows")
    }
    const wrong = await rollcast('replay', run, '--where', 'lenght > 3')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('^')
  })

  test('is over when it is interrupted in the middle', async () => {
    const replay = start(['replay', run, '--speed', '0.000001', '--port', '0'])
    await replay.said(/replaying at/)
    replay.interrupt()
    expect((await replay.ended).code).toBe(130)
  })
})

describe('serve', () => {
  test('serves a run until it is interrupted, and prints the address', async () => {
    const serve = start(['serve', run, '--port', '0'])
    const [url] = await serve.said(/^http:\/\/127\.0\.0\.1:\d+\/$/m)
    expect((await fetch(`${url}healthz`)).status).toBe(200)
    serve.interrupt()
    expect(await serve.ended).toMatchObject({ code: 130, stdout: `${url}\n` })
    expect(await refused(url)).toBe('ECONNREFUSED')
  })

  test('a port that was asked for and is taken is ADDRESS_IN_USE', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = other.address() as AddressInfo
      const { code, stdout, stderr } = await rollcast('serve', run, '--port', `${port}`)
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
      expect(stderr).toMatch(/^rollcast: ADDRESS_IN_USE: .*is taken by another program.*\n$/)
    } finally {
      await new Promise(resolve => other.close(resolve))
    }
  })

  test('U10 a directory of runs has one address, and a run that begins later is in the list', async () => {
    const dir = join(workspace.dir, 'runs')
    const serve = start(['serve', '--port', '0'], { cwd: workspace.dir })
    await serve.said(/^runs: no run yet, served until Ctrl-C/m)
    const [url] = await serve.said(/^http:\/\/127\.0\.0\.1:\d+\/$/m)
    const list = async () =>
      v.parse(runListSchema, await (await fetch(`${url}api/runs`)).json()).runs.map(run => run.name)
    expect(await list()).toEqual([])
    expect((await fetch(`${url}api/machines`)).status).toBe(200)
    cpSync(run, join(dir, 'two words'), { recursive: true })
    await until('the run in the list', async () => (await list()).length === 1)
    const root = await fetch(url, { redirect: 'manual' })
    expect(root.headers.get('location')).toBe('/run/two%20words/')
    expect((await fetch(`${url}run/two%20words/api/machines`)).status).toBe(200)
    expect((await fetch(`${url}run/two/api/machines`)).status).toBe(404)
    serve.interrupt()
    expect((await serve.ended).code).toBe(130)
    rmSync(dir, { recursive: true })
  })

  test('B5 a file is said to be no directory of runs, and not served', async () => {
    const file = await rollcast('serve', join(run, 'log', 'data.mdb'))
    expect([file.code, file.stderr]).toEqual([
      66,
      expect.stringContaining('found a file in place of a directory'),
    ])
  })
})

/** Puts another projection in the place of the one that the live run recorded. */
async function writeProjection(dir: string, position: number): Promise<void> {
  const { writer } = await openLog(dir)
  const bytes = new Uint8Array([1, 2, 3])
  const snapshot = { name: 'aggregator', version: aggregatorVersion, position, bytes }
  writer.append({ producer: 'test', position: 1, records: new Uint8Array(), count: 0, snapshot })
  await writer.close()
}

describe('A5 K3 tokens from the command line', () => {
  test('serve --token prints a link once; add gives another, ls lists it, revoke takes it back', async () => {
    const dir = workspace.copy('closed')
    const serving = start(['serve', dir, '--port', '0', '--token'])
    const [, url = ''] = await serving.said(/^(http:\S+\/)$/m)
    const [, link = ''] = await serving.said(/#token=(\S+)$/m)
    const status = async (token: string, method = 'GET', path = 'api/machines') => {
      const headers = { authorization: `Bearer ${token}` }
      return (await fetch(`${url}${path}`, { method, headers })).status
    }
    expect((await fetch(`${url}api/machines`)).status).toBe(401)
    expect(await status(link, 'POST', 'session')).toBe(200)
    expect(await status(link, 'POST', 'session')).toBe(401)
    const added = await rollcast('token', 'add', dir, '--role', 'viewer', '--hours', '2', '--json')
    const { id, token, kind } = jsonOf(added) as Record<string, string>
    expect([added.code, kind]).toEqual([0, 'key'])
    expect(await status(token!)).toBe(200)
    const [listed, wrong] = await Promise.all([
      rollcast('token', 'ls', dir),
      // The whole of it by mistake.
      rollcast('token', 'revoke', dir, token!),
    ])
    expect(listed.stdout).toMatch(new RegExp(`^${id}\\s+key\\s+viewer\\s`, 'm'))
    expect(wrong.code).toBe(66)
    for (const said of [listed.stdout, wrong.stderr]) expect(said).not.toContain(token!.slice(13))
    expect(await rollcast('token', 'revoke', dir, id!)).toMatchObject({ code: 0, stdout: '' })
    expect(await status(token!)).toBe(401)
    serving.interrupt()
    const { code, stdout } = await serving.ended
    expect([code, stdout]).toEqual([130, `${url}\n`])
  })
})

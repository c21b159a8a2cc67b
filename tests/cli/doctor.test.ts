import { truncateSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataFile } from '../../src/store/open-log.ts'
import { recordWorkspace, type Workspace } from './recorded-run.ts'
import { jsonOf, rollcast } from './rollcast.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await recordWorkspace()
})
afterAll(() => workspace.remove())

describe('doctor', () => {
  test('checks this machine', async () => {
    const end = await rollcast('doctor', '--json')
    const { ok, checks, run_dir: run } = jsonOf(end)
    expect(checks).toMatchObject([
      { name: 'node', ok: true, required: true },
      { name: 'log', ok: true, required: true, detail: 'lmdb loads, a log can be written' },
      { name: 'space', ok: true, required: true },
      { name: 'video', ok: true, required: false, detail: 'FFmpeg loads' },
      { name: 'page', required: false },
      { name: 'chromium', required: false },
    ])
    expect({ code: end.code, ok, run }).toEqual({ code: 0, ok: true, run: null })
  })

  test('verifies a run', async () => {
    const end = await rollcast('doctor', workspace.run, '--json')
    expect(end.code).toBe(0)
    const { last_good_seq: lastGoodSeq } = jsonOf(end)
    expect(lastGoodSeq).toBeGreaterThan(1000)
    const { code, stdout, stderr } = await rollcast('doctor', workspace.run)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^ok +run +.*: whole up to event ${lastGoodSeq}$`, 'm'))
  })

  test('P6 says how far a run is whole that cannot be opened, and exits with 65', async () => {
    const dir = workspace.copy('cut')
    truncateSync(dataFile(dir), 100_000)
    const end = await rollcast('doctor', dir, '--json')
    expect(end.code).toBe(65)
    const { ok, last_good_seq: lastGoodSeq } = jsonOf(end)
    expect(ok).toBe(false)
    expect(lastGoodSeq).toBeGreaterThan(0)
    const { stderr } = await rollcast('doctor', dir)
    expect(stderr).toMatch(/^WRONG +run +.*cut off; +whole up to event .*rollcast log salvage/m)
  })
})

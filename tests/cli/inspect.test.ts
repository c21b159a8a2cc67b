import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRun, recordWorkspace, type Workspace } from './recorded-run.ts'
import { jsonOf, rollcast, start } from './rollcast.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await recordWorkspace()
})
afterAll(() => workspace.remove())

interface MachineJson {
  readonly machine: string
  readonly actors: readonly { readonly actor: string; readonly state: string }[]
  readonly description: { readonly states: readonly unknown[] }
}

const machineOf = (json: Record<string, unknown>, name: string): MachineJson => {
  const found = (json['machines'] as MachineJson[]).find(({ machine }) => machine === name)
  if (found === undefined) throw new Error(`no machine ${name} in ${JSON.stringify(json)}`)
  return found
}

describe('inspect', () => {
  test('lists the machines', async () => {
    const { machines } = jsonOf(await rollcast('inspect', '--list', '--json'))
    expect(machines).toEqual(expect.arrayContaining(['run', 'recorder', 'viewer', 'supervisor']))
    const { stdout } = await rollcast('inspect', '--list')
    expect(stdout.trimEnd().split('\n')).toEqual(machines)
  })

  test('shows the machines of a running process as they stand now', async () => {
    const live = await openRun(join(workspace.dir, 'live'), { port: 0 })
    try {
      const end = await rollcast('inspect', live.dir, '--json')
      expect(end.code).toBe(0)
      const json = jsonOf(end)
      expect(json).toMatchObject({ source: 'live', pid: process.pid, url: live.url })
      expect(json['system']).toMatchObject({ healthy: true, trainerAttached: true })
      const { actors } = machineOf(json, 'recorder')
      expect(actors).toMatchObject([{ actor: 'recorder', state: 'running', restarts: 0 }])
      const drawn = await rollcast('inspect', live.dir, '--mermaid', 'run')
      expect(drawn.stdout).toMatch(/^ {2}class recording\w* active$/m)
      const said = await rollcast('inspect', live.dir)
      expect(said.stderr).toBe(`process ${process.pid} runs at ${live.url}, healthy\n`)
      expect(said.stdout).toMatch(/^recorder +recorder +running +0 +0 +\d{4}-/m)
    } finally {
      await live.close()
    }
  })

  test('shows those of a run that is over as they were last recorded', async () => {
    const end = await rollcast('inspect', workspace.run, '--json')
    expect(end.code).toBe(0)
    const json = jsonOf(end)
    expect(json).toMatchObject({ source: 'recorded', pid: null, url: null, system: null })
    const aggregator = machineOf(json, 'aggregator')
    expect(aggregator.actors).toMatchObject([{ actor: 'aggregator', restarts: 0 }])
    // The recorder is the last to stop, so nobody records that it did: the log was closed.
    for (const name of ['recorder', 'encoder', 'aggregator']) {
      expect(machineOf(json, name).actors).toMatchObject([{ actor: name, state: 'stopped' }])
    }
    expect(aggregator.description.states.length).toBeGreaterThan(3)
  })

  test('draws a machine without any run', async () => {
    const drawing = start(['inspect', '--mermaid', 'viewer'], { cwd: workspace.dir })
    const { code, stdout, stderr } = await drawing.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^stateDiagram-v2\n/)
    expect(stdout).not.toContain(' active')
  })
})

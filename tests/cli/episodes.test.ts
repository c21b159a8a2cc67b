import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longEpisodeSteps, recordWorkspace, stepsOfA, type Workspace } from './recorded-run.ts'
import { jsonOf, rollcast } from './rollcast.ts'

let workspace: Workspace
let run: string
beforeAll(async () => {
  workspace = await recordWorkspace()
  run = workspace.run
})
afterAll(() => workspace.remove())

describe('episodes ls', () => {
  test('lists finished episodes, newest first', async () => {
    const end = await rollcast('episodes', 'ls', run, '--json')
    expect(end.code).toBe(0)
    const { run_dir: dir, episodes, more } = jsonOf(end)
    expect({ dir, more }).toEqual({ dir: run, more: false })
    const rows = episodes as Record<string, unknown>[]
    expect(rows.map(row => row['episode'])).toEqual([4, 3, 2, 1])
    expect(rows[0]).toMatchObject({
      agent: 'b',
      steps: longEpisodeSteps,
      frames: 0,
      reason: 'died: of boredom',
      stage: null,
    })
    expect(rows[1]).toMatchObject({
      agent: 'a',
      total_reward: stepsOfA,
      terminated: true,
      stage: 1,
    })
    expect(rows[3]).toMatchObject({ total_reward: 'NaN' })
  })

  test('goes on in pages', async () => {
    const first = jsonOf(await rollcast('episodes', 'ls', run, '--limit', '2', '--json'))
    expect(first).toMatchObject({ more: true, episodes: [{ episode: 4 }, { episode: 3 }] })
    const args = ['--limit', '2', '--before', '3', '--json']
    const second = jsonOf(await rollcast('episodes', 'ls', run, ...args))
    expect(second).toMatchObject({ more: false, episodes: [{ episode: 2 }, { episode: 1 }] })
  })

  test('is a table for people', async () => {
    const { code, stdout, stderr } = await rollcast('episodes', 'ls', run, '--limit', '1')
    expect(code).toBe(0)
    const [titles, row] = stdout.split('\n')
    expect(titles).toMatch(/^episode +agent +steps +return +stage +reason +released +ended$/)
    expect(row).toMatch(
      /^ +4 +b +1500 +150 +- +died: of boredom +- +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
    )
    expect(stderr).toBe('there are more: --before 4\n')
  })
})

describe('episodes show', () => {
  test('prints the row and every step', async () => {
    const end = await rollcast('episodes', 'show', run, '2', '--json')
    expect(end.code).toBe(0)
    const { row, steps, thinned_by: thinnedBy, frames } = jsonOf(end)
    expect(row).toMatchObject({ episode: 2, agent: 'a', steps: stepsOfA, seed: 1 })
    expect({ thinnedBy, frames }).toEqual({ thinnedBy: 1, frames: stepsOfA })
    expect((steps as Record<string, unknown>[])[stepsOfA - 1]).toMatchObject({
      step: stepsOfA - 1,
      action: stepsOfA - 1,
      reward: 1,
      cumulative_reward: stepsOfA,
      meters: { energy: 0.5 },
      done: true,
    })
  })

  test('is two tables for people', async () => {
    const { code, stdout } = await rollcast('episodes', 'show', run, '1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^step +ms +reward +return +action +position +energy$/m)
    expect(stdout).toMatch(/^ +0 +\d+ +NaN +NaN +0 +0 0 +0\.50$/m)
  })

  test('of an episode that there is not is NOT_FOUND', async () => {
    const { code, stdout, stderr } = await rollcast('episodes', 'show', run, '99', '--json')
    expect({ code, stdout }).toEqual({ code: 66, stdout: '' })
    expect(stderr).toBe('rollcast: NOT_FOUND: the run has no finished episode 99\n')
  })
})

// What is in the way of a dataset that is made while recording: others, directories, deaths, time.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RollcastError } from '../../src/base/errors.ts'
import { lockDataset } from '../../src/export/dataset-lock.ts'
import { startRun } from '../../src/index.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { start } from '../../src/runtime/run.ts'
import { tempDir, until } from '../runtime/harness.ts'
import {
  checked,
  options,
  play,
  refused,
  restartsOf,
  saved,
  sound,
  stateOf,
} from './recorded-dataset.ts'

describe('X6 a run that makes a dataset', () => {
  test('waits while another process writes the dataset, and says so', async () => {
    const dir = tempDir()
    const root = join(dir, 'elsewhere')
    mkdirSync(root, { recursive: true })
    const lock = await lockDataset(root, 0)
    const told: RollcastError[] = []
    const onProblem = (problem: RollcastError) => void told.push(problem)
    const run = await startRun(options(dir, { dataset: { dir: root }, onProblem }))
    play(run)
    await until('it is locked out', () => stateOf(run) === 'running.lockedOut')
    await until('the program is told', () => told.length > 0)
    expect(told).toMatchObject([{ code: 'UNAVAILABLE', temporary: true }])
    expect(await saved(dir)).toEqual([])
    await lock.release()
    await until('it works', async () => (await saved(dir)).length === 1)
    expect(stateOf(run)).toMatch(/^running/)
    await run.close()
    expect(await checked(dir, root)).toEqual(sound(1, 12))
    // The lock was given back.
    await (await lockDataset(root, 0)).release()
    expect(existsSync(join(dir, 'dataset'))).toBe(false)
  })

  test('X6 waits for a directory that it can write, says so, and the trainer does not wait', async () => {
    const dir = tempDir()
    const root = join(dir, 'dataset')
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'notes.txt'), 'mine')
    const told: RollcastError[] = []
    const onProblem = (problem: RollcastError) => void told.push(problem)
    const run = await startRun(options(dir, { video: false, onProblem }))
    play(run, { cameras: [] })
    await until('it is hindered', () => stateOf(run) === 'running.hindered')
    expect(await run.flush()).toBe(true)
    await until('the program is told', () => told.length > 0)
    const { code, temporary, message } = told[0]!
    expect({ code, temporary }).toEqual({ code: 'UNAVAILABLE', temporary: false })
    expect(message).toContain('expected an empty directory or a dataset, found notes.txt')
    rmSync(join(root, 'notes.txt'))
    await until('it works', async () => (await saved(dir)).length === 1)
    await run.close()
    expect(await checked(dir)).toEqual(sound(1, 12))
    expect(told).toHaveLength(1)
  })

  test('A6 in a process of its own does the same, and what a killed one owed comes in', async () => {
    const dir = tempDir()
    const made = checkOptions(options(dir, { encoderPlacement: 'process' }))
    const run = await start(made, { faults: true })
    play(run, { cameras: ['eye'] })
    await until('the episode is saved', async () => (await saved(dir)).length === 1)
    play(run, { cameras: ['eye'] })
    run.host.crash('dataset', 'exit')
    await until('it is back', () => restartsOf(run) === 1)
    await run.close()
    expect(await saved(dir)).toEqual([
      [1, 0, 12],
      [2, 1, 12],
    ])
    expect(await checked(dir)).toEqual(sound(2, 24))
  })

  test('that has too little time to close owes what is left to the next run', async () => {
    const dir = tempDir()
    const run = await startRun(options(dir, { closeMillisMax: 1_000 }))
    for (let episode = 0; episode < 40; episode++) play(run)
    // Encoders, whose time it is as well, may be late.
    await run
      .close()
      .catch((error: Error) => expect(error.message).toMatch(/did not (close|stop|drain)/))
    const next = await startRun(options(dir))
    await until('all are saved', async () => (await saved(dir)).length === 40)
    await next.close()
    expect(await saved(dir)).toEqual(Array.from({ length: 40 }, (_, n) => [n + 1, n, 12]))
    expect(await checked(dir)).toEqual(sound(40, 480))
  })

  test('what was owed at the end comes in when the run goes on', async () => {
    const dir = tempDir()
    const root = join(dir, 'dataset')
    mkdirSync(root, { recursive: true })
    const lock = await lockDataset(root, 0)
    const locked = await startRun(options(dir))
    play(locked)
    await locked.close()
    await lock.release()
    expect(await saved(dir)).toEqual([])
    const run = await startRun(options(dir))
    play(run)
    await run.close()
    expect(await saved(dir)).toEqual([
      [1, 0, 12],
      [2, 1, 12],
    ])
    expect(await checked(dir)).toEqual(sound(2, 24))
  })

  test('A3 V8 whose maker dies again and again has every episode once', async () => {
    const dir = tempDir()
    const run = await start(checkOptions(options(dir)), { faults: true })
    const deaths = ['throw', 'exit', 'throw', 'exit'] as const
    for (const how of deaths) {
      for (let episode = 0; episode < 3; episode++) play(run, { steps: 5 })
      const restarts = restartsOf(run)
      run.host.crash('dataset', how)
      await until('it is back', () => restartsOf(run) > restarts)
    }
    play(run, { steps: 5 })
    await run.close()
    const episodes = deaths.length * 3 + 1
    expect(await saved(dir)).toEqual(Array.from({ length: episodes }, (_, n) => [n + 1, n, 5]))
    expect(await refused(dir)).toEqual([])
    expect(await checked(dir)).toEqual(sound(episodes, episodes * 5))
  })
})

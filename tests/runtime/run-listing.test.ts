// U10: a directory of runs as rows of a list, while runs begin, end, are killed and go.
import { cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, onTestFinished, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { startRun } from '../../src/index.ts'
import { runListSchema } from '../../src/protocol/run-list.ts'
import { RunListing } from '../../src/runtime/run-listing.ts'
import { dataFile } from '../../src/store/open-log.ts'
import { tempDir } from './harness.ts'

/** As one that was recorded: episodes of `steps` steps, each with a return of its number. */
async function record(dir: string, episodes: number, steps: number) {
  const run = await startRun({ dir, name: `of ${episodes}`, handleSignals: false })
  const recorder = run.recorder('a')
  for (let episode = 1; episode <= episodes; episode++) {
    recorder.begin()
    for (let step = 0; step < steps; step++) recorder.step({ reward: episode / steps })
    recorder.end()
  }
  await run.flush()
  return run
}

function listingOf(dir: string) {
  const clock = new SimulatedClock()
  const others = new Set<string>()
  const listing = new RunListing(dir, clock, {
    has: name => others.has(name),
    settled: async () => {},
  })
  onTestFinished(() => listing.close())
  const rows = async () => {
    clock.advance(1_000)
    const runs = await listing.rows(await listing.runs())
    return v.parse(runListSchema, { directory: 'test', runs, total: runs.length }).runs
  }
  return { listing, rows, clock }
}

test('U10 each run is listed with its state and figures, and what changes is read again', async () => {
  const dir = tempDir()
  const { listing, rows } = listingOf(dir)
  expect(await rows()).toEqual([])
  const finished = await record(join(dir, 'b finished'), 3, 4)
  await finished.close()
  expect(await rows()).toEqual([
    {
      ...{ name: 'b finished', title: 'of 3', state: 'finished', problem: null },
      ...{ started_at: expect.any(Number), written_at: expect.any(Number) },
      ...{ episodes: 3, steps: 12, best_return: 3, log_bytes: expect.any(Number) },
    },
  ])
  const recording = await record(join(dir, 'a recording'), 2, 5)
  // As a kill would leave it.
  cpSync(join(dir, 'a recording'), join(dir, 'c interrupted'), { recursive: true })
  cpSync(join(dir, 'b finished'), join(dir, 'd damaged'), { recursive: true })
  truncateSync(dataFile(join(dir, 'd damaged')), 5_000)
  for (const [age, name] of ['b finished', 'c interrupted', 'd damaged'].entries()) {
    utimesSync(dataFile(join(dir, name)), 1_000 - age, 1_000 - age)
  }
  mkdirSync(join(dir, 'access'))
  symlinkSync(join(dir, 'b finished'), join(dir, 'e link'))
  const listed = await rows()
  expect(listed.map(({ name, state }) => [name, state])).toEqual([
    ['a recording', 'recording'],
    ['b finished', 'finished'],
    ['c interrupted', 'interrupted'],
    ['d damaged', 'unreadable'],
  ])
  expect(listed[0]).toMatchObject({ title: 'of 2', problem: null })
  expect(listed[3]).toMatchObject({ problem: expect.stringContaining('LOG_CORRUPT'), steps: null })
  expect(listing.hasOpen('a recording')).toBe(true)
  expect(listing.hasOpen('b finished')).toBe(false)
  await recording.close()
  expect((await rows())[0]).toMatchObject({ state: 'finished', episodes: 2, steps: 10 })
  expect(listing.hasOpen('a recording')).toBe(false)
  rmSync(join(dir, 'd damaged'), { recursive: true })
  expect((await rows()).map(({ name }) => name)).toEqual([
    'a recording',
    'b finished',
    'c interrupted',
  ])
})

test('U10 the directory of one run is a list of one', async () => {
  const dir = join(tempDir(), 'only')
  await (await record(dir, 1, 2)).close()
  const { listing, rows } = listingOf(dir)
  expect((await rows()).map(({ name, state }) => [name, state])).toEqual([['only', 'finished']])
  expect((await listing.find('only'))?.dir).toBe(dir)
  expect(await listing.find('other')).toBe(undefined)
})

test('U10 asked again and again, the directory is looked at once a second', async () => {
  const dir = tempDir()
  const { listing, clock } = listingOf(dir)
  clock.advance(1_000)
  expect(await listing.runs()).toEqual([])
  const run = await record(join(dir, 'later'), 1, 1)
  await run.close()
  clock.advance(999)
  expect(await listing.runs()).toEqual([])
  clock.advance(1)
  expect((await listing.runs()).map(({ name }) => name)).toEqual(['later'])
})

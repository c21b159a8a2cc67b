// D3: the power goes between any two writes. Real writers run under a recorder; a simulated disk
// makes of each recording thousands of images, every one of which is opened, judged and appended to.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { memory } from '../../store/run-directory.ts'
import { type Finding, faultsOf, judgeCrashes, sum } from './campaign.ts'
import { SimulatedDisk } from './disk.ts'
import { Judge } from './judge.ts'
import { compileRecorder, type Recording, readRecording, record } from './recording.ts'
import { strictWorkloads } from './workloads.ts'

const TIMEOUT_MILLIS = 1_800_000
const WRITER = fileURLToPath(new URL('./writer.child.ts', import.meta.url))
const NO_SYNC = fileURLToPath(new URL('./no-sync.ts', import.meta.url))

const judge = new Judge()
let base: string
let recorder: string

beforeAll(() => {
  base = mkdtempSync(join(memory, 'rollcast-power-'))
  if (requireTool('gcc')) recorder = compileRecorder(base)
})

afterAll(() => {
  judge.close()
  rmSync(base, { recursive: true, force: true })
})

/** A recording of a workload. */
function play(workload: string, seed: number, options: readonly string[] = []): Promise<Recording> {
  const folder = mkdtempSync(join(base, `${workload}-`))
  const dir = join(folder, 'disk', 'run')
  return record(recorder, folder, [...options, WRITER, dir, workload, `${seed}`])
}

function missesNothing({ root, file }: Recording): boolean {
  const calls = readRecording(file, root)
  const disk = new SimulatedDisk()
  for (const call of calls) disk.finish(call)
  const image = disk.image('everything', seededRandom(1), calls.at(-1)!)
  const data = image.find(({ path }) => path === 'run/log/data.mdb')!.bytes!
  return Buffer.compare(data, readFileSync(join(root, 'run', 'log', 'data.mdb'))) === 0
}

/** Findings of `images` crashes, spread over recordings with the seeds 1 to `seeds`. */
async function campaign(
  workload: string,
  images: number,
  seeds: number,
  options: readonly string[] = [],
): Promise<Finding[]> {
  const found: Finding[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const recording = await play(workload, seed, options)
    expect(missesNothing(recording), 'played again, a recording gives the file that was left').toBe(
      true,
    )
    const acknowledgedOnly = options.includes(NO_SYNC)
    const crashes = { workload, seed, count: images / seeds, acknowledgedOnly }
    found.push(...(await judgeCrashes(judge, recording, crashes)))
    rmSync(join(recording.root, '..'), { recursive: true })
  }
  return found
}

describe.skipIf(!requireTool('gcc'))('power loss, write by write', () => {
  const all: Finding[] = []

  for (const workload of strictWorkloads) {
    test(
      `P1 P3 D3 ${workload}: whatever of the unflushed survives, nothing acknowledged is lost`,
      async () => {
        const found = await campaign(workload, runs(200, 2000), runs(1, 4))
        all.push(...found)
        expect(faultsOf(found)).toEqual([])
        expect(sum(found, 'missing')).toBe(0)
        expect(sum(found, 'acknowledged')).toBeGreaterThan(found.length)
      },
      TIMEOUT_MILLIS,
    )
  }

  afterAll(() => {
    figure('D3', {
      images: all.length,
      acknowledgedEvents: sum(all, 'acknowledged'),
      lost: sum(all, 'missing'),
      faults: faultsOf(all).length,
    })
  })

  test(
    'D3 negative control: with noSync at least half of the images lose or break something',
    async () => {
      const found: Finding[] = []
      for (const workload of strictWorkloads) {
        found.push(...(await campaign(workload, runs(20, 120), 1, ['--import', NO_SYNC])))
      }
      const bad = found.filter(({ faults }) => faults.length > 0)
      figure('D3.control', { images: found.length, bad: bad.length })
      expect(bad.length).toBeGreaterThanOrEqual(found.length / 2)
    },
    TIMEOUT_MILLIS,
  )

  test(
    'P1 P3 D3 relaxed: the file stays whole, and a power cut takes at most the last second',
    async () => {
      const found = await campaign('relaxed', runs(100, 1000), runs(1, 5))
      expect(faultsOf(found)).toEqual([])
      const millis = Math.round(Math.max(...found.map(({ missingMillis }) => missingMillis)))
      figure('D3.relaxed', {
        images: found.length,
        withLoss: found.filter(({ missing }) => missing > 0).length,
        lostMillisMax: millis,
        lostEventsMax: Math.max(...found.map(({ missing }) => missing)),
      })
      expect(millis).toBeLessThanOrEqual(1000)
    },
    TIMEOUT_MILLIS,
  )
})

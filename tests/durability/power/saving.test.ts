// D14: the power goes while videos are finished, joined and put in their places, and while tables are
// written. Every episode that is called saved is whole, and all others are made again from the log.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../faults/figures.ts'
import type { Plant } from '../../faults/plant.ts'
import { runs, tier } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { memory } from '../../store/run-directory.ts'
import { compileRecorder } from './recording.ts'
import { judgeSaving, recordSaving, type SavingFindings } from './saving.ts'

const TIMEOUT_MILLIS = 1_800_000
const IMAGES = runs(50, 1000)
/** They differ in the encoder, and in whether the log keeps its frames. */
const RECORDINGS = runs(1, 4)
const EPISODES = runs(2, 8)

let base: string
let recorder: string

beforeAll(() => {
  base = mkdtempSync(join(memory, 'rollcast-saving-'))
  if (requireTool('gcc')) recorder = compileRecorder(base)
})

afterAll(() => rmSync(base, { recursive: true, force: true }))

async function campaign(
  number: number,
  count: number,
  goesOnEvery: number,
  plants: readonly Plant[] = [],
): Promise<SavingFindings> {
  const folder = mkdtempSync(join(base, 'run-'))
  const saving = await recordSaving(recorder, folder, number, EPISODES, plants)
  const found = await judgeSaving(saving, { seed: number + 1, count, goesOnEvery })
  rmSync(folder, { recursive: true })
  return found
}

describe.skipIf(!requireTool('gcc'))('power loss on videos and tables', () => {
  test(
    'P1 V8 D14 whatever of the unflushed survives, every episode that is saved is whole',
    async () => {
      const found: SavingFindings[] = []
      for (let number = 0; number < RECORDINGS; number++) {
        found.push(await campaign(number, IMAGES / RECORDINGS, runs(Number.POSITIVE_INFINITY, 30)))
      }
      const sum = (key: 'images' | 'bad' | 'durable' | 'goneOn'): number =>
        found.reduce((total, each) => total + each[key], 0)
      figure('D14', {
        images: sum('images'),
        bad: sum('bad'),
        durableEpisodes: sum('durable'),
        goneOn: sum('goneOn'),
        recoveredEpisodes: found.reduce((total, { fates }) => total + fates.recovered, 0),
      })
      expect(found.flatMap(({ problems }) => problems)).toEqual([])
      expect(sum('images')).toBe(IMAGES)
      expect(sum('durable')).toBeGreaterThan(IMAGES / 2)
    },
    TIMEOUT_MILLIS,
  )

  if (tier === 'commit') return
  const carelessness: Readonly<Record<string, Plant>> = {
    'puts videos in their places before they are flushed': {
      file: 'src/media/place-file.ts',
      find: 'if (isFlushed) syncPath(aside)',
      replace: '',
    },
    'changes a dataset before what is new is flushed': {
      file: 'src/export/lerobot/commit.ts',
      find: 'flush(...fresh, ',
      replace: 'flush(',
    },
  }
  test.each(Object.entries(carelessness))(
    'D14 control: a run that %s loses episodes',
    async (_, plant) => {
      const { images, bad } = await campaign(0, 60, Number.POSITIVE_INFINITY, [plant])
      figure(`D14.control.${plant.file.split('/').at(-1)}`, { images, bad })
      expect(bad).toBeGreaterThanOrEqual(images / 5)
    },
    TIMEOUT_MILLIS,
  )
})

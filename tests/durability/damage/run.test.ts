// D8 (P6, P9), a whole run: `startRun` on a run directory whose log is damaged throws one clear
// error or goes on. Either way the trainer trains to its end.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { dataFile } from '../../../src/store/open-log.ts'
import { jsonOf, rollcast } from '../../cli/rollcast.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { places } from '../kills/places.ts'
import { some } from '../kills/strace.ts'
import { damagesOf } from './damages.ts'
import { putLog } from './trial.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
/** The codes of a log that cannot be used as it is. */
const CLEAR = ['LOG_CORRUPT', 'LOG_FOREIGN']

interface Trained {
  readonly trained: number
  readonly refused: { readonly code: string; readonly message: string } | null
  readonly problems: readonly string[]
}

/** Undefined when the trainer does not come to its end. */
async function train(dir: string): Promise<Trained | undefined> {
  const program = join(import.meta.dirname, 'trainer.child.ts')
  try {
    const timeout = 60_000
    const { stdout } = await promisify(execFile)(process.execPath, [program, dir, '7'], { timeout })
    return JSON.parse(stdout) as Trained
  } catch {
    return undefined
  }
}

describe('a run whose log is damaged', () => {
  const count = runs(3, 12)

  test(`D8 P6 P9: ${count} runs on damaged logs train to their end (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    const where = places('disk')
    const first = where.next()
    expect(await train(first)).toEqual({ trained: 500, refused: null, problems: [] })
    const log = { name: 'a run', bytes: readFileSync(dataFile(first)) }
    const all = (['flip', 'zeroed', 'truncation', 'garbage', 'metaFlip', 'swap'] as const).flatMap(
      kind => damagesOf(kind, 2, [log], random),
    )
    const tally = { runs: 0, refused: 0, wentOn: 0, problems: 0 }
    const deaths: string[] = []
    for (const damage of some(all, count)) {
      const dir = where.next()
      putLog(dir, damage.bytes())
      const doctor = jsonOf(await rollcast('doctor', dir, '--json'))
      expect(doctor).toMatchObject({ run_dir: dir })
      const end = await train(dir)
      tally.runs++
      if (end?.trained !== 500) deaths.push(damage.what)
      if (end?.refused) {
        const { code, message } = end.refused
        expect(CLEAR, `${damage.what}: ${message}`).toContain(code)
        // Whom a run is refused, the doctor tells that it is not whole.
        expect(doctor, damage.what).toMatchObject({ ok: false })
      }
      tally[end?.refused ? 'refused' : 'wentOn']++
      tally.problems += end?.problems.length ?? 0
    }
    figure('D8.runs', { ...tally, trainerDeaths: deaths.length })
    expect(deaths).toEqual([])
    expect(tally.refused).toBeGreaterThan(0)
  }, 600_000)
})

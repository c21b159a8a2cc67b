// D8 (P6): files that a disk has damaged. Each goes through the verdict, a reader and a writer, in a
// process that may die of it. No wrong value comes out, every case is classified in time, and what
// the verdict calls whole is whole.
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { episodeKey, seqKey } from '../../../src/store/keys.ts'
import { LmdbStorage } from '../../../src/store/lmdb-storage.ts'
import { logDirectory } from '../../../src/store/open-log.ts'
import { seal, unseal } from '../../../src/store/sealed-value.ts'
import { figure } from '../../faults/figures.ts'
import { runs } from '../../faults/tier.ts'
import { places } from '../kills/places.ts'
import { damagesOf, type Kind, kinds } from './damages.ts'
import { Judge } from './judge.ts'
import { makeSoundLog, makeSoundLogs } from './sound-log.ts'
import { type Class, putLog, type Trial, tryDamage } from './trial.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)
const ALL = Object.values(kinds).reduce<number>((sum, count) => sum + count, 0)
const count = runs(80, ALL)
const allKinds = Object.keys(kinds) as Kind[]
const countOf = (kind: Kind): number => Math.max(4, Math.round((kinds[kind] * count) / ALL))

async function withJudge<T>(body: (judge: Judge) => Promise<T>): Promise<T> {
  const judge = new Judge()
  try {
    return await body(judge)
  } finally {
    judge.close()
  }
}

describe('a damaged log', () => {
  test(`D8 P6: ${count} damaged files give no wrong value and are all classified (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    const where = places('memory')
    const logs = await makeSoundLogs(where.next)
    const verdicts: Record<Class, number> = {
      ...{ whole: 0, damaged: 0, refused: 0, died: 0, unclassified: 0 },
    }
    const files: Partial<Record<Kind, number>> = {}
    const all: Trial[] = []
    const millisMax = await withJudge(async judge => {
      for (const kind of allKinds) {
        for (const damage of damagesOf(kind, countOf(kind), logs, random)) {
          const trial = await tryDamage(judge, damage, where.next())
          files[kind] = (files[kind] ?? 0) + 1
          verdicts[trial.verdict]++
          all.push(trial)
        }
      }
      return judge.millisMax
    })
    const deaths = all.flatMap(trial => trial.deaths)
    const flips = all.slice(0, (files['flip'] ?? 0) + (files['metaFlip'] ?? 0))
    const salvaged = flips.filter(trial => trial.salvaged).length / flips.length
    figure('D8', {
      files: all.length,
      ...files,
      ...verdicts,
      wrong: all.reduce((sum, { wrong }) => sum + wrong, 0),
      nativeDeaths: deaths.length,
      cautious: all.filter(({ cautious }) => cautious).length,
      wentOn: all.filter(({ wentOn }) => wentOn).length,
      salvagedAll: all.filter(trial => trial.salvaged).length,
      salvagedFlips: `${(salvaged * 100).toFixed(2)} %`,
      answerMillisMax: Math.round(millisMax),
    })
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([])
    expect(all.reduce((sum, { wrong }) => sum + wrong, 0)).toBe(0)
    expect(deaths).toEqual([])
    expect(verdicts.unclassified).toBe(0)
    expect(salvaged).toBeGreaterThanOrEqual(0.99)
    // The campaign did damage, and not all of it met what LMDB stands on.
    expect(verdicts.damaged + verdicts.refused).toBeGreaterThan(all.length / 2)
    expect(verdicts.damaged).toBeGreaterThan(all.length / 20)
  }, 3_600_000)
})

describe('D8 negative controls', () => {
  test('values that were changed together with their checksums are seen as wrong', async () => {
    const where = places('memory')
    const { truth, bytes } = await makeSoundLog(where.next(), 'frames', 'closed')
    const dir = where.next()
    putLog(dir, bytes)
    await withJudge(async judge => {
      const read = (): Promise<unknown> => judge.ask({ ask: 'read', dir, truth })
      expect(await read()).toMatchObject({ answer: { wrong: [], missing: [], unclear: [] } })
      const [frame, episode] = [truth.frames.at(-1)!, truth.episodes.at(-1)!]
      await changeResealed(dir, frame, episode)
      const wrong = [`frame ${frame}`, `row ${episode}`, `row ${episode} of the index`]
      expect(await read()).toMatchObject({ answer: { wrong } })
    })
  })

  test('a file that is mapped without a look at it takes down the process, not the campaign', async () => {
    const where = places('memory')
    const { truth, bytes } = await makeSoundLog(where.next(), 'steps', 'closed')
    const dir = where.next()
    putLog(dir, bytes.subarray(0, 3 * 4096))
    await withJudge(async judge => {
      const died = await judge.ask({ ask: 'read', dir, truth, check: false })
      expect(died).toMatchObject({ is: 'died', how: 'SIGBUS' })
      expect(await judge.ask({ ask: 'read', dir, truth })).toMatchObject({ is: 'refused' })
    })
  })
})

/** Changes the pixels of `frame` and the row of `episode`, and their checksums to fit. */
async function changeResealed(dir: string, frame: number, episode: number): Promise<void> {
  const storage = new LmdbStorage(logDirectory(dir))
  const changes = [
    ['frames', seqKey(frame)],
    ['episodes', episodeKey(episode)],
  ] as const
  const writes = changes.map(([table, key]) => {
    const value = unseal(key, storage.get(table, key)!, table)
    value[value.byteLength - 1]! ^= 1
    return { table, key, value: seal(key, value) }
  })
  await storage.commit(storage.epoch(), writes)
  await storage.close()
}

// V8, P1, X6: a whole program that makes video and a dataset is killed while it records, finishes
// videos, joins them and writes tables. After each kill every video and every episode that was saved
// is whole by the format's checks, by a full decode and by another program; the run goes on, and in
// the end every episode is in the dataset once, or refused for what the kill took from it.
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { figure } from '../../faults/figures.ts'
import type { Plant } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'
import { places } from '../kills/places.ts'
import { killAndJudge } from './campaign.ts'
import type { Moment } from './moments.ts'

const seed = Number(process.env['ROLLCAST_SEED'] ?? Date.now() % 1e9)
const KILLS = runs(6, 30)
const ENDS = runs(2, 6)
/** Of the kills, those that meet videos being finished or the dataset being changed. */
const SHARE_MIN = 0.4

test(`V8 P1 X6 a program that is killed ${KILLS} times saves every episode once, and whole (seed ${seed})`, async () => {
  const campaign = await killAndJudge({
    ...{ kills: KILLS, random: seededRandom(seed), places: places('disk') },
  })
  const { landed, fates, problems, missed } = campaign
  figure('V8.program', { kills: KILLS, missed, ...landed, ...fates })
  expect(problems).toEqual([])
  const { starting = 0, recording = 0, closing = 0 } = landed
  expect(KILLS - starting - recording - closing).toBeGreaterThanOrEqual(KILLS * SHARE_MIN)
  expect(fates.interrupted).toBeGreaterThan(0)
  expect(fates.saved).toBeGreaterThan(KILLS)
}, 3_600_000)

test(`V8 A7 S7 a program that is asked to end ${ENDS} times while it makes video owes nothing in the end (seed ${seed})`, async () => {
  const aims = ['finishing', 'recording', 'remuxing', 'tables'] satisfies Moment[]
  const campaign = await killAndJudge({
    ...{ kills: ENDS, signal: 'SIGINT', random: seededRandom(seed), places: places('disk'), aims },
  })
  const { landed, fates, problems } = campaign
  figure('V8.SIGINT', { ends: ENDS, ...landed, ...fates })
  expect(problems).toEqual([])
  expect(fates.saved).toBeGreaterThan(ENDS)
}, 3_600_000)

test(`V8 control: a dataset that says first how many episodes it has is noticed (seed ${seed})`, async () => {
  const file = 'src/export/lerobot/commit.ts'
  const [files, put] = ['{ files: this.#files }', 'flush(dirname(list))']
  const infoFirst: readonly Plant[] = [
    { file, find: files, replace: '{ files: this.#files.reverse() }' },
    { file, find: put, replace: 'rmSync(list)' },
  ]
  const { problems } = await killAndJudge({
    ...{ kills: 12, random: seededRandom(seed), places: places('disk') },
    ...{ aims: ['moving'] satisfies Moment[], plants: infoFirst, untilProblem: true },
  })
  // Which of its files are there depends on when it was killed; between a directory and its first file
  // the next life finds what it takes for somebody else's.
  const signs = /something is missing|is in no file|total_episodes|expected an empty directory/
  expect(problems.join()).toMatch(signs)
}, 300_000)

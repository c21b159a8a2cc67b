// The campaigns with their full figures: an hour on two cores. `npm test` runs the same
// files with figures that fit a commit (tests/faults/tier.ts). The longest begin first; those that
// measure how soon something is back run last, with little or nothing beside.
import { defineConfig } from 'vitest/config'
import { longestFirst } from './tests/setup/longest-first.ts'

process.env['ROLLCAST_TIER'] = 'slow'
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/.tmp/compile-cache`

const all = [
  'tests/{bench,durability,supervision,models,simulation,hostile,soak}/**/*.test.ts',
  'tests/e2e/{injection,runs,soak}.test.ts',
  'tests/export/lerobot/round-trip.test.ts',
  'tests/gateway/front/front.test.ts',
  'tests/streams/fast-lane/hammer.test.ts',
]
/** They say how soon something is back or open. */
const timed = [
  'tests/supervision/{poison,ring-death,storms}.test.ts',
  'tests/durability/writers/writers.test.ts',
  'tests/durability/kills/{apart,random-*}.test.ts',
]
/**
 * As a quiet machine has it, to the last tenth of what is allowed; and thousands of deaths, which keep
 * both cores busy by themselves, and a trainer that streams until the last: beside others each would
 * take three times as long, and cost as much more.
 */
const exact = ['tests/supervision/{kills-*,pairs,recovery,stuck}.test.ts']
const longest = [
  'e2e/soak.test.ts',
  'simulation/even-seeds.test.ts',
  'simulation/odd-seeds.test.ts',
  'durability/damage/damage.test.ts',
  'supervision/shutdown.test.ts',
  'durability/datasets/kills.test.ts',
  'durability/power/power-loss.test.ts',
  'durability/kills/errors.test.ts',
  'supervision/outpaced.test.ts',
  'soak/soak.test.ts',
  'durability/power/saving.test.ts',
  'durability/kills/random-memory.test.ts',
  'durability/kills/random-disk.test.ts',
  'supervision/ring-death.test.ts',
]

const settings = { pool: 'forks', testTimeout: 3_600_000, hookTimeout: 600_000 } as const

export default defineConfig({
  test: {
    globalSetup: ['tests/setup/packages.ts'],
    sequence: { sequencer: longestFirst(longest) },
    reporters: ['verbose', ['json', { outputFile: '.tmp/slow-report.json' }]],
    projects: [
      {
        test: {
          ...settings,
          name: 'beside',
          include: all,
          exclude: [...timed, ...exact],
          // On two cores: the page's soak waits for most of its time, those that kill for most of
          // their time.
          maxWorkers: 5,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...settings,
          name: 'timed',
          include: timed,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...settings,
          name: 'exact',
          include: exact,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})

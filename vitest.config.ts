// One runner for every suite. Native addons need the forks pool: a worker that is terminated
// inside lmdb takes the whole process with it.
import { configDefaults, defineConfig } from 'vitest/config'
import { longestFirst } from './tests/setup/longest-first.ts'

// Programs that tests start have the same modules again and again.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/.tmp/compile-cache`

/** Those of half a minute and more; in the first two nothing waits. */
const longest = [
  'simulation/even-seeds.test.ts',
  'simulation/odd-seeds.test.ts',
  'durability/datasets/kills.test.ts',
  'cli/demo.test.ts',
  'supervision/kills-recording.test.ts',
  'supervision/kills-watching.test.ts',
  'kills/points.test.ts',
  'runtime/playing.test.ts',
  'e2e/playback.test.ts',
  'export/while-recording.test.ts',
  'kills/whole-run.test.ts',
  'power/power-loss.test.ts',
]

/** Nothing of a process is at stake in them: they share one, which is there sooner than a new one. */
const units = 'tests/{actors,base,examples,machines,protocol,replay,streams,web}/**/*.test.ts'
// How soon is a figure of a quiet machine: `npm run test:slow`.
const exclude = [...configDefaults.exclude, 'tests/supervision/recovery.test.ts']

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'units', include: [units], isolate: false } },
      {
        extends: true,
        test: { name: 'system', include: ['tests/**/*.test.ts'], exclude: [...exclude, units] },
      },
    ],
    globalSetup: ['tests/setup/packages.ts'],
    pool: 'forks',
    // On two cores: many tests wait, for a disk that is slow on purpose or an actor that is gone.
    maxWorkers: 4,
    sequence: { sequencer: longestFirst(longest) },
    // As long as a machine may take that has three times as much to do beside.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', ['json', { outputFile: '.tmp/test-report.json' }]],
  },
})

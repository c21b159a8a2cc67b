// One runner for every suite. Native addons need the forks pool: a worker that is terminated
// inside lmdb takes the whole process with it.
import { defineConfig } from 'vitest/config'

// Programs that tests start have the same modules again and again.
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/.tmp/compile-cache`

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/setup/packages.ts'],
    pool: 'forks',
    // On two cores: many tests wait, for a disk that is slow on purpose or an actor that is gone.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition is waited for as long as a busy machine may take.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', ['json', { outputFile: '.tmp/test-report.json' }]],
  },
})

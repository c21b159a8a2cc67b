// The campaigns with their full figures: up to an hour on two cores. `npm test` runs the same
// files with figures that fit a commit (tests/faults/tier.ts).
import { defineConfig } from 'vitest/config'

process.env['ROLLCAST_TIER'] = 'slow'
process.env['NODE_COMPILE_CACHE'] ??= `${import.meta.dirname}/.tmp/compile-cache`

export default defineConfig({
  test: {
    include: ['tests/{durability,supervision,models,simulation}/**/*.test.ts'],
    globalSetup: ['tests/setup/packages.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
    reporters: ['verbose', ['json', { outputFile: '.tmp/slow-report.json' }]],
  },
})

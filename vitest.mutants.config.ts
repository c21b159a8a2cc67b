// The tests that have to notice mutants (tests/mutants), those of one area, in threads. Property tests
// run with the same seeds each time, and campaigns with few runs; what waits for a condition that
// a mutant keeps from coming gives up soon.
import { defineConfig } from 'vitest/config'
import { type AreaName, areaNames, areas } from './tests/mutants/areas.ts'
import { longestFirst } from './tests/setup/longest-first.ts'

const area = (process.env['ROLLCAST_MUTANTS'] ?? areaNames[0]) as AreaName
const { tests } = areas[area]

// tests/models/campaign.ts
process.env['ROLLCAST_REPLAY'] ??= JSON.stringify({ numRuns: 25 })

export default defineConfig({
  test: {
    include: [...tests],
    setupFiles: ['tests/setup/fixed-seeds.ts'],
    pool: 'threads',
    isolate: false,
    sequence: { sequencer: longestFirst(tests) },
    testTimeout: 8_000,
    hookTimeout: 8_000,
    expect: { poll: { timeout: 4_000 } },
  },
})

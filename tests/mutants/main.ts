// `npm run test:mutants [-- AREA...]`: changes the code in one place at a time and looks whether a
// test of its area fails. Says which changes nobody noticed, and in the end a row for each area;
// exit code 1 when of all together fewer than 80 in 100 were noticed.
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { type AreaName, areaNames, areas } from './areas.ts'

const SCORE_MIN = 80
/** Beside what its tests take, on a machine that has much else to do. */
const MUTANT_MILLIS = 10_000

const usage = `npm run test:mutants -- [options] [AREA...]

  AREA             ${areaNames.join(', ')} (default: all of them)
  --concurrency N  mutants at a time (default 2)
`

function bad(problem: string): never {
  process.stderr.write(`test:mutants: ${problem}\n\n${usage}`)
  process.exit(2)
}

function parse(args: string[]) {
  try {
    const options = {
      concurrency: { type: 'string', default: '2' },
    } as const
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    return bad((error as Error).message)
  }
}

interface Score {
  readonly noticed: number
  readonly survived: number
  /** In code that no test of the area reaches. */
  readonly unreached: number
}

/** In percent. */
const shareOf = ({ noticed, survived, unreached }: Score): number =>
  (100 * noticed) / (noticed + survived + unreached)

const say = (name: string, score: Score): void => {
  const { noticed, survived, unreached } = score
  const counts = `${noticed} noticed, ${survived} survived, ${unreached} not reached`
  process.stdout.write(`${name.padEnd(12)}${shareOf(score).toFixed(1)} %  ${counts}\n`)
}

async function runArea(area: AreaName, concurrency: number): Promise<Score> {
  // For vitest.mutants.config.ts, in the processes that Stryker starts.
  process.env['ROLLCAST_MUTANTS'] = area
  const results = await new Stryker({
    testRunner: 'vitest',
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    vitest: { configFile: 'vitest.mutants.config.ts', related: false },
    mutate: [...areas[area].sources],
    ignorePatterns: ['.tmp', 'dist', 'runs', 'web', 'tests/golden', 'docs/**/*.png'],
    tempDirName: `.tmp/stryker/${area}`,
    disableTypeChecks: false,
    coverageAnalysis: 'perTest',
    concurrency,
    timeoutMS: MUTANT_MILLIS,
    reporters: ['clear-text', 'json', 'progress-append-only'],
    clearTextReporter: { reportTests: false },
    jsonReporter: { fileName: `.tmp/mutants/${area}.json` },
    thresholds: { high: 90, low: SCORE_MIN, break: null },
  }).runMutationTest()
  const count = (...statuses: string[]): number =>
    results.filter(({ status }) => statuses.includes(status)).length
  return {
    noticed: count('Killed', 'Timeout'),
    survived: count('Survived'),
    unreached: count('NoCoverage'),
  }
}

const { values, positionals } = parse(process.argv.slice(2))
const concurrency = Number(values.concurrency)
if (!(concurrency >= 1)) bad(`--concurrency ${values.concurrency}: expected a number from 1`)
const isArea = (name: string): name is AreaName => (areaNames as readonly string[]).includes(name)
const chosen = positionals.map(name => (isArea(name) ? name : bad(`${name}: expected an area`)))

const scores = new Map<AreaName, Score>()
for (const area of chosen.length === 0 ? areaNames : chosen) {
  scores.set(area, await runArea(area, concurrency))
}
for (const [area, score] of scores) say(area, score)
const sum = (field: keyof Score): number =>
  [...scores.values()].reduce((total, score) => total + score[field], 0)
const whole = {
  noticed: sum('noticed'),
  survived: sum('survived'),
  unreached: sum('unreached'),
}
say('together', whole)
process.exitCode = shareOf(whole) < SCORE_MIN ? 1 : 0

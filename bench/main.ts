// The benches: `npm run bench` for the few figures that matter, `npm run bench -- SUITE` for all of
// a suite. Peers run in the same process in turns; a table for people goes to stderr, with --json
// one object goes to stdout.
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { judge } from './bars.ts'
import { progressTo } from './progress.ts'
import { describeMachine, formatTable, formatVerdicts } from './report.ts'
import { saveResult } from './results.ts'
import type { BenchSettings, Figure, Growth, SuiteResult } from './suite.ts'
import { canonical, suites } from './suites.ts'

const MINUTES = 10
const SECONDS = 60

const usage = `npm run bench [-- SUITE] [options]

  SUITE          ${Object.keys(suites).join(', ')} or all;
                 without one: the figures that matter, and whether they meet their bars, in minutes
  --sweep        how the suite's figures go with a size (viewers, cameras, agents, log length, ...)
  --save         adds the result to bench/results; npm run bench:report publishes it
  --json         one object on stdout: {suite, machine, figures, growth}
  --small        a tiny setting that checks the benches themselves
  --pairs N      interleaved rounds (default: by suite)
  --minutes N    how long 'memory' runs (default ${MINUTES})
  --seconds N    how long 'encode' records for an encoder that is too slow (default ${SECONDS})
`

const bad = (problem: string): never => {
  process.stderr.write(`bench: ${problem}\n\n${usage}`)
  process.exit(2)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        sweep: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
        pairs: { type: 'string' },
        minutes: { type: 'string' },
        seconds: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return bad((error as Error).message)
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  return value > 0 && Number.isFinite(value) ? value : bad(`--${name} ${text}: expected a number`)
}

/** A suite that is to run, or its sweep. */
interface Task {
  readonly suite: string
  readonly pairs: number | undefined
}

function tasksOf(suite: string | undefined, sweep: boolean, pairs: number | undefined): Task[] {
  if (suite === undefined) {
    if (sweep) return bad('--sweep: expected a suite')
    return canonical.map(each => ({ ...each, pairs: pairs ?? each.pairs }))
  }
  if (suite === 'all') return Object.keys(suites).map(name => ({ suite: name, pairs }))
  return suite in suites ? [{ suite, pairs }] : bad(`there is no suite ${suite}`)
}

/** What to type for the same again. */
function commandOf(
  suite: string,
  sweep: boolean,
  asked: Readonly<Record<string, unknown>>,
): string {
  const given = Object.entries(asked).flatMap(([name, value]) =>
    value === undefined ? [] : `--${name} ${value}`,
  )
  return ['npm run bench --', suite, ...(sweep ? ['--sweep'] : []), ...given].join(' ')
}

async function runTask(
  { suite }: Task,
  sweep: boolean,
  settings: BenchSettings,
): Promise<SuiteResult> {
  const bench = suites[suite]!
  return sweep ? { figures: [], ...(await bench.sweep(settings)) } : await bench.run(settings)
}

async function main(): Promise<void> {
  const { values, positionals } = parse(process.argv.slice(2))
  const { sweep, save, json } = values
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const [named, ...others] = positionals
  if (others.length > 0) return bad('expected one suite')
  if (save && values.small) return bad('--save --small: figures of --small mean nothing')
  const asked = {
    pairs: positive('pairs', values.pairs),
    minutes: positive('minutes', values.minutes),
    seconds: positive('seconds', values.seconds),
  }
  const settings = {
    small: values.small,
    brief: named === undefined,
    minutes: asked.minutes ?? MINUTES,
    seconds: asked.seconds ?? SECONDS,
    onProgress: progressTo(process.stderr, systemClock),
  }
  if (save && settings.brief) return bad('--save: expected a suite')
  const machine = describeMachine()
  const figures: Figure[] = []
  const growth: Growth[] = []
  const pairs = asked.pairs && Math.ceil(asked.pairs)
  for (const task of tasksOf(named, sweep, pairs)) {
    const result = await runTask(task, sweep, { ...settings, pairs: task.pairs })
    figures.push(...result.figures)
    growth.push(...(result.growth ?? []))
    settings.onProgress('')
    if (!json && !settings.brief) {
      process.stderr.write(`${formatTable(task.suite, machine, result)}\n`)
    }
    if (!save) continue
    const command = commandOf(task.suite, sweep, asked)
    const file = saveResult(task.suite, sweep ? 'sweep' : 'figures', command, result)
    process.stderr.write(`saved in ${file}\n`)
  }
  if (settings.brief && !json) process.stderr.write(formatVerdicts(machine, judge(figures)))
  const suite = named ?? 'canonical'
  if (json) process.stdout.write(`${JSON.stringify({ suite, machine, figures, growth })}\n`)
}

await main()

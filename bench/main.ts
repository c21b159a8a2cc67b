// The benches: `npm run bench` for the few figures that matter, `npm run bench -- SUITE` for all of
// a suite. Peers run in the same process in turns; a table for people goes to stderr, with --json
// one object goes to stdout.
import { parseArgs } from 'node:util'
import { judge } from './bars.ts'
import { describeMachine, formatTable, formatVerdicts } from './report.ts'
import { saveResult } from './results.ts'
import type { BenchSettings, Figure, Growth, SuiteResult } from './suite.ts'
import { canonical, suites, sweeps } from './suites.ts'

const usage = `npm run bench [-- SUITE] [options]

  SUITE          ${Object.keys(suites).join(', ')} or all;
                 without one: the figures that matter, and whether they meet their bars, in minutes
  --sweep        how the suite's figures go with a size (${Object.keys(sweeps).join(', ')})
  --save         adds the result to bench/results; npm run bench:report publishes it
  --json         one object on stdout: {suite, machine, figures, growth}
  --small        a tiny setting that checks the benches themselves
  --pairs N      interleaved rounds (default: by suite)
  --minutes N    how long 'memory' runs (default 10)
  --seconds N    how long 'encode' records for an encoder that is too slow (default 60)
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
        minutes: { type: 'string', default: '10' },
        seconds: { type: 'string', default: '60' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return bad((error as Error).message)
  }
}

function positive(name: string, text: string): number {
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
  const known = Object.keys(sweep ? sweeps : suites)
  if (suite === 'all') return known.map(name => ({ suite: name, pairs }))
  if (!known.includes(suite)) {
    return bad(sweep && suite in suites ? `${suite} has no sweep` : `there is no suite ${suite}`)
  }
  return [{ suite, pairs }]
}

async function runTask(
  { suite }: Task,
  sweep: boolean,
  settings: BenchSettings,
): Promise<SuiteResult> {
  if (!sweep) return await suites[suite]!(settings)
  return { figures: [], ...(await sweeps[suite]!(settings)) }
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
  const pairs = values.pairs === undefined ? undefined : Math.ceil(positive('pairs', values.pairs))
  const settings = {
    small: values.small,
    brief: named === undefined,
    minutes: positive('minutes', values.minutes),
    seconds: positive('seconds', values.seconds),
    onProgress: (text: string) => {
      if (process.stderr.isTTY && !json) process.stderr.write(`\r\x1b[K${text}`)
    },
  }
  if (save && settings.brief) return bad('--save: expected a suite')
  const machine = describeMachine()
  const figures: Figure[] = []
  const growth: Growth[] = []
  for (const task of tasksOf(named, sweep, pairs)) {
    const result = await runTask(task, sweep, { ...settings, pairs: task.pairs })
    figures.push(...result.figures)
    growth.push(...(result.growth ?? []))
    settings.onProgress('')
    if (!json && !settings.brief) {
      process.stderr.write(`${formatTable(task.suite, machine, result)}\n`)
    }
    if (!save) continue
    const command = `npm run bench -- ${task.suite}${sweep ? ' --sweep' : ''}`
    const file = saveResult(task.suite, sweep ? 'sweep' : 'figures', command, result)
    process.stderr.write(`saved in ${file}\n`)
  }
  if (settings.brief && !json) process.stderr.write(formatVerdicts(machine, judge(figures)))
  const suite = named ?? 'canonical'
  if (json) process.stdout.write(`${JSON.stringify({ suite, machine, figures, growth })}\n`)
}

await main()

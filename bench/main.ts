// The benches: `npm run bench -- SUITE`, suites listed by `--help`. Peers run in the same
// process in turns; a table for people goes to stderr, with --json one object goes to stdout.
import { parseArgs } from 'node:util'
import { describeMachine, formatTable } from './report.ts'
import type { BenchSettings, Figure, Suite } from './suite.ts'
import { append } from './suites/append.ts'
import { compress } from './suites/compress.ts'
import { emit } from './suites/emit.ts'
import { encode } from './suites/encode.ts'
import { fanout } from './suites/fanout.ts'
import { fastlane } from './suites/fastlane.ts'
import { impact } from './suites/impact.ts'
import { latency } from './suites/latency.ts'
import { memory } from './suites/memory.ts'
import { preview } from './suites/preview.ts'
import { recover } from './suites/recover.ts'
import { replay } from './suites/replay.ts'
import { save } from './suites/save.ts'

const suites: Readonly<Record<string, Suite>> = {
  append,
  replay,
  impact,
  emit,
  latency,
  fastlane,
  fanout,
  compress,
  memory,
  preview,
  recover,
  encode,
  save,
}

const usage = `npm run bench -- SUITE [options]

  SUITE          ${Object.keys(suites).join(', ')} or all
  --json         one object on stdout: {suite, machine, figures}
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

async function main(): Promise<void> {
  const { values, positionals } = parse(process.argv.slice(2))
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const [suite, ...others] = positionals
  if (suite === undefined || others.length > 0) return bad('expected one suite')
  const names = suite === 'all' ? Object.keys(suites) : [suite]
  const settings: BenchSettings = {
    small: values.small,
    pairs: values.pairs === undefined ? undefined : Math.ceil(positive('pairs', values.pairs)),
    minutes: positive('minutes', values.minutes),
    seconds: positive('seconds', values.seconds),
    onProgress: text => {
      if (process.stderr.isTTY && !values.json) process.stderr.write(`\r\x1b[K${text}`)
    },
  }
  const machine = describeMachine()
  const figures: Figure[] = []
  for (const name of names) {
    const run = suites[name] ?? bad(`there is no suite ${name}`)
    const result = await run(settings)
    figures.push(...result.figures)
    settings.onProgress('')
    if (!values.json) process.stderr.write(`${formatTable(name, machine, result)}\n`)
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ suite, machine, figures })}\n`)
}

await main()

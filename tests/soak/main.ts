// `npm run soak -- --minutes N`: a line a minute on stderr, the verdict in the end; exit code 1 when
// anything grew, got lost or was not bounded.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { whenInterrupted } from '../../bench/when-interrupted.ts'
import type { ActorName } from '../../src/runtime/topology.ts'
import { allVictims, type SoakRound, soak } from './soak.ts'

const usage = `npm run soak -- [options]

  --minutes N   how long (default 30)
  --seed N      of what happens by chance (default: another each time)
  --kill NAMES  actors that are killed in turn, or none (default ${allVictims.join(',')})
  --json        the verdict as one object on stdout
`

function bad(problem: string): never {
  process.stderr.write(`soak: ${problem}\n\n${usage}`)
  process.exit(2)
}

function parse(args: readonly string[]) {
  try {
    const options = {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Date.now() % 1e9) },
      kill: { type: 'string', default: allVictims.join() },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    return bad((error as Error).message)
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  return value > 0 && Number.isFinite(value) ? value : bad(`--${name} ${text}: expected a number`)
}

function victimsOf(text: string): ActorName[] {
  const names = text === 'none' ? [] : text.split(',')
  return names.map(
    name =>
      allVictims.find(victim => victim === name) ?? bad(`--kill ${name}: there is no such actor`),
  )
}

const print = (text: string): void => void process.stderr.write(`${text}\n`)

function describe(round: SoakRound): string {
  const { minutes, kills, viewers, episodes, ownMib, fds, threads, logMib, eventMib } = round
  return (
    `${minutes.toFixed(1)} min: ${episodes} episodes, ${kills} kills, ${viewers} viewers;` +
    ` memory ${ownMib.toFixed(0)} MiB, ${fds} descriptors, ${threads} threads,` +
    ` log ${logMib.toFixed(0)} MiB with ${eventMib.toFixed(1)} MiB of events`
  )
}

const values = parse(process.argv.slice(2))
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const minutes = numberOf('minutes', values.minutes)
const seed = numberOf('seed', values.seed)
const victims = victimsOf(values.kill)
const dir = mkdtempSync(join(tmpdir(), 'rollcast-soak-'))
const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
whenInterrupted(remove)
let toldMinutes = 0
print(`soak: ${minutes} minutes, seed ${seed}, in ${dir}`)
try {
  const { problems, figures } = await soak({
    ...{ dir, minutes, seed, victims },
    onRound(round) {
      if (round.minutes < toldMinutes + 1 && round.rounds > 1) return
      toldMinutes = Math.floor(round.minutes)
      print(describe(round))
    },
  })
  if (values.json) process.stdout.write(`${JSON.stringify({ problems, figures })}\n`)
  for (const problem of problems.slice(0, 100)) print(`problem: ${problem}`)
  const words = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  print(`soak: ${problems.length === 0 ? 'good' : 'BAD'} (${words.join(', ')})`)
  process.exitCode = problems.length === 0 ? 0 : 1
} finally {
  remove()
}

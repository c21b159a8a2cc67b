// Makes the pages of docs/ that are drawn from data: the machines, the topology, the guarantees.
// Run `node docs/generate.ts` after changing one; a test compares. `--figures` first takes over
// what campaigns have measured (.tmp/figures).
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { toMermaid } from '../src/machines/mermaid.ts'
import { machines } from '../src/machines/registry.ts'
import { limits } from '../src/protocol/limits.ts'
import type { ChannelSpec } from '../src/protocol/policies.ts'
import {
  ingressSpec,
  playingTopology,
  recordingTopology,
  type Topology,
} from '../src/runtime/topology.ts'
import { type Guarantee, guarantees } from './guarantees.ts'

const fence = (diagram: string): string => `\`\`\`mermaid\n${diagram.trim()}\n\`\`\`\n`

/** Channels but for those of actors on demand, which are like those of the first of their kind. */
const drawn = ({ actors, channels }: Topology): Topology['channels'] => {
  const names = new Set<string>(['host', ...actors.map(({ name }) => name)])
  return channels.filter(({ from, to }) => names.has(from) && names.has(to))
}

function drawTopology(topology: Topology, source: string | null): string {
  const lines = ['flowchart LR']
  if (source) lines.push(`  trainer -->|${ingressSpec.name}| recorder`)
  for (const { spec, from, to } of drawn(topology)) {
    const arrow = spec.policy.kind === 'block' ? '==>' : '-->'
    lines.push(`  ${from} ${arrow}|${spec.name}| ${to}`)
  }
  return lines.join('\n')
}

const row = ({ name, policy, countMax, bytesMax }: ChannelSpec, from: string, to: string): string =>
  `| \`${name}\` | ${from} | ${to} | ${policy.kind} | ${countMax} | ${bytesMax} |`

function tabulate(topology: Topology): string {
  return [
    '| channel | from | to | policy | items at most | bytes at most |',
    '|---|---|---|---|---|---|',
    ...drawn(topology).map(({ spec, from, to }) => row(spec, from, to)),
  ].join('\n')
}

/** The text of docs/topology.md. */
export function topologyPage(): string {
  const recording = recordingTopology({
    live: true,
    encoderPlacement: 'thread',
    logPlacement: 'thread',
    dataset: true,
  })
  const playing = playingTopology(true)
  return `# Topology

Made by \`node docs/generate.ts\` from src/runtime/topology.ts. A thick arrow is lossless: a full channel holds its
sender. All others lose the oldest, or all but the newest, and count it.

## A run that is recorded

${fence(drawTopology(recording, 'trainer'))}
${tabulate(recording)}

Where video is made each further camera has an encoder of its own (${limits.encodersMax} at most, the last for all that follow), with channels
like the first one's.

The trainer's own channel, \`${ingressSpec.name}\`, is the ring in shared memory (${ingressSpec.bytesMax} bytes), with a
spill on the heap behind it.

## A run that is served or replayed

${fence(drawTopology(playing, null))}
${tabulate(playing)}
`
}

/** The text of docs/machines.md. */
export function machinesPage(): string {
  const parts = Object.entries(machines).map(
    ([name, machine]) => `## ${name}\n\n${fence(toMermaid(machine))}`,
  )
  return `# Lifecycle machines

Made by \`node docs/generate.ts\` from src/machines; \`rollcast inspect --mermaid NAME\` draws one with its present state
marked.

${parts.join('\n')}`
}

interface Figures {
  /** Where and when, in words. */
  readonly measured: string
  readonly figures: Readonly<Record<string, Readonly<Record<string, number | string>>>>
}

const figuresFile = new URL('./figures.json', import.meta.url)

/** What the slow tier measured last. */
export const readFigures = (): Figures => JSON.parse(readFileSync(figuresFile, 'utf8')) as Figures

/** The ids of measured figures that `id` stands for. */
export const figuresOf = ({ figures }: Figures, id: string): string[] =>
  Object.keys(figures).filter(name => name === id || name.startsWith(`${id}.`))

function describeFigures(measured: Figures, id: string): string[] {
  return figuresOf(measured, id).map(name => {
    const values = Object.entries(measured.figures[name] ?? {})
    return `${name}: ${values.map(([key, value]) => `${key} ${value}`).join(', ')}`
  })
}

function describeGuarantee(guarantee: Guarantee, measured: Figures): string {
  const { id, name, promise, restsOn, notPromised, proofs } = guarantee
  const lines = proofs.flatMap(({ at, what, figures }) => [
    `- [${at}](../${at}): ${what}`,
    ...figures.flatMap(figure => describeFigures(measured, figure)).map(line => `  - ${line}`),
  ])
  return `## ${id} ${name}

**${promise}**

It rests on: ${restsOn}

It does not promise: ${notPromised}

Proved by:

${lines.join('\n')}
`
}

/** The text of docs/guarantees.md. */
export function guaranteesPage(): string {
  const measured = readFigures()
  return `# Guarantees

Made by \`node docs/generate.ts\` from docs/guarantees.ts and docs/figures.json. \`npm test\` runs every campaign below with
figures that fit a commit, \`npm run test:slow\` with the full ones, which stand here where it has run since the
campaign changed (\`tier commit\` marks the others). Each campaign has a control: the same with a
planted fault, which must be caught. Controls that take long, and bounds on how soon an actor is back, are for the slow
tier alone. Times are of shared machines and say what to expect, not what is possible: a bar on how soon something is over
(a log opened, a writer refused, a ring usable again, an actor back) is held at the 99th percentile, and the maximum, which
such a machine decides, stands beside it.

Measured: ${measured.measured}

${guarantees.map(guarantee => describeGuarantee(guarantee, measured)).join('\n')}`
}

/** What campaigns of `tier` have left behind. */
function measuredIn(
  tier: 'commit' | 'slow',
): [string, Readonly<Record<string, number | string>>][] {
  const folder = new URL(`../.tmp/figures/${tier}/`, import.meta.url)
  if (!existsSync(folder)) return []
  return readdirSync(folder).map(file => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    return [file.replace(/\.json$/, ''), JSON.parse(text) as Record<string, number | string>]
  })
}

/** Replaces in docs/figures.json what has been measured since; the full figures count for more. */
function takeOverFigures(): void {
  const small = measuredIn('commit').map(([id, values]) => [id, { ...values, tier: 'commit' }])
  const { figures: earlier } = readFigures()
  const full = Object.entries(earlier).filter(([, values]) => values['tier'] !== 'commit')
  const figures = { ...Object.fromEntries(small), ...Object.fromEntries(full) }
  const sorted = Object.entries({ ...figures, ...Object.fromEntries(measuredIn('slow')) }).sort(
    ([a], [b]) => a.localeCompare(b, 'en', { numeric: true }),
  )
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`
  const date = new Date().toISOString().slice(0, 10)
  const next = {
    measured: `${date}, ${machine}, Node ${process.version}`,
    figures: Object.fromEntries(sorted),
  }
  writeFileSync(figuresFile, `${JSON.stringify(next, null, 2)}\n`)
}

if (import.meta.main) {
  if (process.argv.includes('--figures')) takeOverFigures()
  writeFileSync(new URL('./topology.md', import.meta.url), topologyPage())
  writeFileSync(new URL('./machines.md', import.meta.url), machinesPage())
  writeFileSync(new URL('./guarantees.md', import.meta.url), guaranteesPage())
}

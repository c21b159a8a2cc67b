// Draws what is data: the machines and the topology, as the two generated pages of docs/. Run
// `node docs/generate.ts` after changing either; a test compares.
import { writeFileSync } from 'node:fs'
import { toMermaid } from '../src/machines/mermaid.ts'
import { machines } from '../src/machines/registry.ts'
import type { ChannelSpec } from '../src/protocol/policies.ts'
import {
  ingressSpec,
  playingTopology,
  recordingTopology,
  type Topology,
} from '../src/runtime/topology.ts'

const fence = (diagram: string): string => `\`\`\`mermaid\n${diagram.trim()}\n\`\`\`\n`

function drawTopology(topology: Topology, source: string | null): string {
  const lines = ['flowchart LR']
  if (source) lines.push(`  trainer -->|${ingressSpec.name}| recorder`)
  for (const { spec, from, to } of topology.channels) {
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
    ...topology.channels.map(({ spec, from, to }) => row(spec, from, to)),
  ].join('\n')
}

/** The text of docs/topology.md. */
export function topologyPage(): string {
  const recording = recordingTopology({ live: true, encoderPlacement: 'thread' })
  const playing = playingTopology(true)
  return `# Topology

Made by \`node docs/generate.ts\` from src/runtime/topology.ts. A thick arrow is lossless: a full channel holds its
sender. All others lose the oldest, or all but the newest, and count it.

## A run that is recorded

${fence(drawTopology(recording, 'trainer'))}
${tabulate(recording)}

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

if (import.meta.main) {
  writeFileSync(new URL('./topology.md', import.meta.url), topologyPage())
  writeFileSync(new URL('./machines.md', import.meta.url), machinesPage())
}

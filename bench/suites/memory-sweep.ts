// What a run holds when its log is long: a process of its own records more and more, and is looked at
// whenever it is at rest (record-long.ts).
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ProcessMemory } from '../process-memory.ts'
import { inScratch } from '../scratch.ts'
import { growthOf, type Sweep } from '../suite.ts'

/** Steps; those of an episode are whole. */
const LENGTHS = [10_000, 30_000, 100_000, 300_000, 1_000_000]
const program = fileURLToPath(new URL('../record-long.ts', import.meta.url))

export const memorySweep: Sweep = async ({ small, pairs, onProgress }) => {
  const rounds = pairs ?? (small ? 1 : 2)
  const lengths = small ? [1000, 3000] : LENGTHS
  const held: ProcessMemory[][] = []
  for (let round = 0; round < rounds; round++) {
    onProgress(`memory: up to ${lengths.at(-1)} steps, round ${round + 1} of ${rounds}`)
    held.push(await inScratch(dir => recordLong(dir, lengths)))
  }
  const by = (kind: keyof ProcessMemory): Map<number, number[]> =>
    new Map(lengths.map((length, i) => [length, held.map(round => round[i]![kind])]))
  return {
    growth: [
      growthOf('memory.own_mib', 'MiB', 'steps in the log', by('own')),
      growthOf('memory.mapped_mib', 'MiB', 'steps in the log', by('mapped')),
    ],
    notes: [
      'one agent, episodes of 500 steps, a frame of 160x210 every 1000; no viewer and no video',
      "mapped: programs, and pages of the log in the kernel's cache that the process has looked at",
    ],
  }
}

async function recordLong(dir: string, lengths: readonly number[]): Promise<ProcessMemory[]> {
  const args = [program, dir, ...lengths.map(String)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as ProcessMemory[]
}

// What a long run holds: the demo as its users start it, in a process of its own, with its memory
// sampled from outside. What it held after the first minute (half of a short run) is the measure of
// all that comes after; and its log may have grown only by what was recorded.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { frameBytes } from '../../examples/gridworld/render.ts'
import { assert } from '../../src/base/assert.ts'
import { MIB } from '../../src/base/bytes.ts'
import { logStats } from '../../src/store/stats.ts'
import { type ProcessMemory, readMemory } from '../process-memory.ts'
import { inScratch } from '../scratch.ts'
import { medianOf } from '../statistics.ts'
import { type BenchSettings, figure, type SuiteResult } from '../suite.ts'
import { whenInterrupted } from '../when-interrupted.ts'

const SAMPLE_MILLIS = 500
/** Samples that make up "after the first minute" and "at the end". */
const WINDOW = 20
const demoCommand = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

interface DemoSummary {
  readonly episodes: number
  readonly steps: number
  readonly frames: number
  readonly events: number
  readonly dropped: Readonly<Record<string, number>>
  readonly healthy: boolean
}

export async function memory(settings: BenchSettings): Promise<SuiteResult> {
  const seconds = settings.small ? 8 : settings.minutes * 60
  const startSeconds = Math.min(60, seconds / 2)
  return await inScratch(async scratch => {
    const dir = join(scratch, 'run')
    const { samples, summary } = await runDemo(dir, seconds, settings)
    const early = samples.filter(({ at }) => at >= startSeconds).slice(0, WINDOW)
    const late = samples.slice(-WINDOW)
    assert(early.length > 0 && late.length > 0, `${samples.length} samples in ${seconds} s`)
    const growthOf = (kind: 'own' | 'mapped'): number =>
      medianOf(late.map(sample => sample[kind])) - medianOf(early.map(sample => sample[kind]))
    const stats = await logStats(dir)
    assert(summary.healthy, 'the demo ended healthy')
    assert(stats.eventsByType['step_taken'] === summary.steps, 'every step is on record')
    assert(stats.frames === summary.frames, 'every frame is on record')
    const recordedMib = (stats.eventBytes + stats.frames * frameBytes) / MIB
    return {
      figures: [
        figure('memory.growth_mib', 'MiB', [growthOf('own')]),
        figure(
          'memory.own_mib',
          'MiB',
          samples.map(({ own }) => own),
        ),
        figure('memory.mapped_growth_mib', 'MiB', [growthOf('mapped')]),
        figure('memory.log_mib', 'MiB', [stats.fileBytes / MIB]),
        figure('memory.recorded_mib', 'MiB', [recordedMib]),
        figure('memory.log_overhead', 'x', [stats.fileBytes / MIB / recordedMib]),
      ],
      notes: [
        `the demo for ${seconds} s: ${summary.episodes} episodes, ${summary.events} events,` +
          ` ${summary.frames} frames; no viewer`,
        `growth: from ${startSeconds} s to the end, medians of ${WINDOW} samples each`,
        "mapped: pages of the log in the kernel's cache that the process has looked at",
        'recorded: the records and the pixels; the log holds the index, snapshots and pages besides',
      ],
    }
  })
}

/** What the process held so many seconds after its start. */
interface Sample extends ProcessMemory {
  readonly at: number
}

/** Runs the demo to its end, with samples of its memory. */
async function runDemo(
  dir: string,
  seconds: number,
  settings: BenchSettings,
): Promise<{ samples: Sample[]; summary: DemoSummary }> {
  const limits = ['--seconds', String(seconds), '--dir', dir]
  const args = [demoCommand, 'demo', '--json', '--no-open', '--no-video', '--port', '0', ...limits]
  const demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  demo.once(
    'exit',
    whenInterrupted(() => void demo.kill('SIGKILL')),
  )
  const samples: Sample[] = []
  const startedAt = performance.now()
  const timer = setInterval(() => {
    const at = (performance.now() - startedAt) / 1000
    const held = demo.pid === undefined ? undefined : readMemory(demo.pid)
    if (held) samples.push({ at, ...held })
    settings.onProgress(`memory: ${at.toFixed(0)} of ${seconds} s`)
  }, SAMPLE_MILLIS)
  let output = ''
  for await (const chunk of demo.stdout) output += String(chunk)
  clearInterval(timer)
  return { samples, summary: JSON.parse(output) as DemoSummary }
}

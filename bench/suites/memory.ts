// What a long run holds: the demo as its users start it, in a process of its own, with its resident
// memory sampled from outside. What it held after the first minute (a tenth of a short run) is the
// measure of all that comes after; and its log may have grown only by what was recorded.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { frameBytes } from '../../examples/gridworld/render.ts'
import { assert } from '../../src/base/assert.ts'
import { MIB } from '../../src/base/bytes.ts'
import { logStats } from '../../src/store/stats.ts'
import { inScratch } from '../scratch.ts'
import { medianOf } from '../statistics.ts'
import { type BenchSettings, figure, type SuiteResult } from '../suite.ts'

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
    const growth = medianOf(late.map(({ mib }) => mib)) - medianOf(early.map(({ mib }) => mib))
    const stats = await logStats(dir)
    assert(summary.healthy, 'the demo ended healthy')
    assert(stats.eventsByType['step_taken'] === summary.steps, 'every step is on record')
    assert(stats.frames === summary.frames, 'every frame is on record')
    const recordedMib = (stats.eventBytes + stats.frames * frameBytes) / MIB
    return {
      figures: [
        figure('memory.rss_growth_mib', 'MiB', [growth]),
        figure(
          'memory.rss_mib',
          'MiB',
          samples.map(({ mib }) => mib),
        ),
        figure('memory.log_mib', 'MiB', [stats.fileBytes / MIB]),
        figure('memory.recorded_mib', 'MiB', [recordedMib]),
        figure('memory.log_overhead', 'x', [stats.fileBytes / MIB / recordedMib]),
      ],
      notes: [
        `the demo for ${seconds} s: ${summary.episodes} episodes, ${summary.events} events,` +
          ` ${summary.frames} frames; no viewer`,
        `growth: from ${startSeconds} s to the end, medians of ${WINDOW} samples each`,
        'recorded: the records and the pixels; the log holds the index, snapshots and pages besides',
      ],
    }
  })
}

/** Runs the demo to its end; resident memory by seconds since its start. */
async function runDemo(
  dir: string,
  seconds: number,
  settings: BenchSettings,
): Promise<{ samples: { at: number; mib: number }[]; summary: DemoSummary }> {
  const limits = ['--seconds', String(seconds), '--dir', dir]
  const args = [demoCommand, 'demo', '--json', '--no-open', '--port', '0', ...limits]
  const demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const samples: { at: number; mib: number }[] = []
  const startedAt = performance.now()
  const timer = setInterval(() => {
    const at = (performance.now() - startedAt) / 1000
    if (demo.pid !== undefined) samples.push({ at, mib: residentMib(demo.pid) })
    settings.onProgress(`memory: ${at.toFixed(0)} of ${seconds} s`)
  }, SAMPLE_MILLIS)
  let output = ''
  for await (const chunk of demo.stdout) output += String(chunk)
  clearInterval(timer)
  return {
    samples: samples.filter(({ mib }) => mib > 0),
    summary: JSON.parse(output) as DemoSummary,
  }
}

/** Resident memory of a process; 0 when it has just ended. */
function residentMib(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
    return Number(kib) / 1024
  } catch {
    return 0
  }
}

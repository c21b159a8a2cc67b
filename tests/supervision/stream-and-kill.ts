// Plays one run of a campaign: a program that streams and kills its own actors, a viewer that
// watches it all the time, and the judgement of the log that it leaves.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { Histogram } from '../../src/base/histogram.ts'
import type { Random } from '../../src/base/random.ts'
import { type Plant, plantArgv } from '../faults/plant.ts'
import { runs } from '../faults/tier.ts'
import { type Program, runCommand, tempDir, until } from '../runtime/harness.ts'
import { judgeRun, type Verdict } from './judge-run.ts'
import { judgeVideos } from './judge-videos.ts'
import type { Holdings, Shot, ShotTimes, StreamingTask, Told } from './programs/streaming.child.ts'
import { longestGaps, type SteadyViewer, watch } from './steady-viewer.ts'

const SHOT_MILLIS_MAX = 30_000
/** A test that plays campaigns; generous, because a machine may be busy with other things. */
export const CAMPAIGN_MILLIS_MAX = runs(180_000, 1_800_000)
/** Of the shots, the part after which memory that is only reused has been taken. */
const WARM_SHARE = 0.2
/**
 * glibc gives every thread an arena for malloc and keeps what the arena of a dead thread had, for the
 * next: with many arenas memory grows through hundreds of deaths before it is all used again.
 */
const fewArenas = 'MALLOC_ARENA_MAX=2'
/** The campaigns that do not ask about the disk leave it alone. */
const MEMORY = '/dev/shm'

const portCount = new URL('./programs/port-count.ts', import.meta.url).href
const streaming = fileURLToPath(new URL('./programs/streaming.child.ts', import.meta.url))

export interface CampaignOptions {
  readonly encoderPlacement: StreamingTask['encoderPlacement']
  readonly logPlacement?: StreamingTask['logPlacement']
  readonly video?: boolean
  readonly shots: readonly Shot[]
  /** On a real disk: an actor may die in the middle of a flush. */
  readonly onDisk?: boolean
  readonly plants?: readonly Plant[]
}

export interface Campaign {
  readonly told: Told
  readonly verdict: Verdict
  /** For each shot: the viewer's longest wait for a frame, and the time until all ran again. */
  readonly gaps: readonly number[]
  readonly recovery: readonly number[]
  /** What the process held before the shots, after a part of them, and after all. */
  readonly before: Holdings
  readonly warm: Holdings
  readonly after: Holdings
}

/** All die once, before anything is measured: an actor that was restarted holds a little more. */
const warmUp = (placement: CampaignOptions['encoderPlacement']): Shot => ({
  hits: (['recorder', 'encoder', 'aggregator', 'broadcaster'] as const).map(actor => ({
    actor,
    how: actor === 'encoder' && placement === 'process' ? 'SIGKILL' : 'throw',
    afterMillis: 0,
  })),
  pauseMillis: 250,
})

export async function streamAndKill(options: CampaignOptions): Promise<Campaign> {
  const { encoderPlacement, logPlacement = 'thread', video = false } = options
  const { onDisk = false, plants = [] } = options
  const shots = [warmUp(encoderPlacement), ...options.shots]
  const lookBefore = [1, 1 + Math.ceil(options.shots.length * WARM_SHARE)]
  const dir = onDisk ? tempDir() : tempDir(MEMORY)
  const task: StreamingTask = { encoderPlacement, logPlacement, video, shots, lookBefore }
  const argv = ['--import', portCount, ...plantArgv(plants), streaming, dir, JSON.stringify(task)]
  const program = runCommand('streaming', 'env', fewArenas, process.execPath, ...argv)
  const { url } = await program.hears('started')
  const viewer = watch(String(url))
  const times = await release(program, shots.length, viewer)
  const { code } = await program.exited
  viewer.close()
  // The main process never dies, whatever dies within it.
  expect(program.stderr()).toBe('')
  expect(code).toBe(0)
  const told = program.said.at(-1) as unknown as Told
  const [before, warm, after] = told.held as [Holdings, Holdings, Holdings]
  const verdict = await judgeRun(dir, { ...told, kills: killsOf(shots) })
  if (video) verdict.problems.push(...(await judgeVideos(dir)))
  rmSync(dir, { recursive: true })
  const measured = times.slice(1)
  const gaps = longestGaps(
    viewer.frameTimes,
    measured.map(({ beganAt, wholeAt }) => [beganAt, wholeAt]),
  )
  const recovery = measured.map(({ beganAt, wholeAt }) => wholeAt - beganAt)
  return { told, verdict, gaps, recovery, before, warm, after }
}

/** Releases one shot after the other, each when the viewer sees frames (again), and then the end. */
async function release(program: Program, shots: number, viewer: SteadyViewer) {
  const times: ShotTimes[] = []
  for (;;) {
    const since = times.at(-1)?.wholeAt ?? 0
    await until('the viewer to see frames', () => (viewer.frameTimes.at(-1) ?? 0) > since)
    // A viewer that sees nothing for a while has the log read for it (U12), by a thread that ends when
    // it is idle: so that it is there at each look at what is held.
    await viewer.browse()
    program.process.kill('SIGUSR2')
    if (times.length === shots) return times
    const key = `shot ${times.length}`
    times.push((await program.hears(key, SHOT_MILLIS_MAX))[key] as ShotTimes)
  }
}

function killsOf(shots: readonly Shot[]): Record<string, number> {
  const kills: Record<string, number> = {}
  for (const { actor } of shots.flatMap(({ hits }) => hits)) kills[actor] = (kills[actor] ?? 0) + 1
  return kills
}

/** Nothing is held afterwards that was not held before, but for a few. */
export function expectReleased({ before, after }: Campaign): void {
  for (const kind of ['fds', 'threads', 'ports'] as const) {
    expect(Math.abs(after[kind] - before[kind]), kind).toBeLessThanOrEqual(2)
  }
}

/** A pause after the last recovery, by chance: deaths meet every moment of an actor's work. */
export const anyPause = (random: Random): number => random.below(60)

/** Several campaigns as one. */
export function sumUp(campaigns: readonly Campaign[]) {
  const sum = { steps: 0, frames: 0, missing: 0, doubled: 0, shots: 0, grownMiB: 0 }
  for (const { told, verdict, recovery, warm, after } of campaigns) {
    sum.steps += told.steps
    sum.frames += told.frames
    sum.missing += verdict.missing
    sum.doubled += verdict.doubled
    sum.shots += recovery.length
    sum.grownMiB += after.anonymousMiB - warm.anonymousMiB
  }
  const { grownMiB, shots, ...counts } = sum
  return {
    ...counts,
    gaps: histogramOf(campaigns.flatMap(({ gaps }) => gaps)),
    recovery: histogramOf(campaigns.flatMap(({ recovery }) => recovery)),
    /** From the end of that actor until it ran again, but for the warm-up. */
    away: (actor: string) =>
      histogramOf(campaigns.flatMap(({ verdict }) => verdict.away[actor]?.slice(1) ?? [])),
    /** What was taken after the warm-up, for a thousand shots. */
    grownMiBPer1000: Math.round((grownMiB / (shots * (1 - WARM_SHARE))) * 1000),
  }
}

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

/** Median, 99th percentile and maximum, for figures. */
export function millisOf(name: string, histogram: Histogram): Record<string, number> {
  return {
    [`${name}MillisP50`]: Math.round(histogram.quantile(0.5)),
    [`${name}MillisP99`]: Math.round(histogram.quantile(0.99)),
    [`${name}MillisMax`]: Math.round(histogram.max),
  }
}

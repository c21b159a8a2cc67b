// The benches, run small: what they print has its shape, and what they check of themselves holds.
// Their figures mean nothing here.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { judge } from '../../bench/bars.ts'
import { ffmpegCommand } from '../../bench/ffmpeg-command.ts'
import { nats } from '../../bench/peers/nats.ts'
import { redis } from '../../bench/peers/redis.ts'
import { suites } from '../../bench/suites.ts'
import { runs } from '../faults/tier.ts'

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))

interface Figure {
  name: string
  unit: string
  median: number
  low: number
  high: number
  peer: string | null
  ratio: number | null
}

interface Growth {
  name: string
  over: string
  points: { at: number; median: number }[]
}

interface Printed {
  suite: string
  figures: Figure[]
  growth: Growth[]
  /** What was said on stderr meanwhile. */
  said: string
}

async function bench(...args: string[]): Promise<Printed> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args])
  return { ...(JSON.parse(stdout) as Printed), said: stderr }
}

/** A peer that needs the ffmpeg command, which a machine may lack. */
const besideFfmpeg = (peer: string): string | null => (ffmpegCommand ? peer : null)

/** Peers of the log on this machine; servers are there or not. */
const databases = [
  ...['raw', 'sqlite', 'sqlite-full', 'level', 'lmdb'],
  ...[redis, nats].filter(({ missing }) => missing?.() === undefined).map(({ name }) => name),
]

/** Names that others rely on, with the peers that they stand beside. */
const promised: Readonly<Record<string, readonly [name: string, peers: (string | null)[]][]>> = {
  append: [
    ['append.events_per_second', [...databases, 'process']],
    ['append.large_events_per_second', databases],
    ['append.frame_mib_per_second', databases],
  ],
  seek: [
    ['seek.p99_micros', ['sqlite', 'raw']],
    ['seek.p50_micros', ['sqlite', 'raw']],
  ],
  ring: [
    ['ring.events_per_second', ['postMessage', 'postMessage64']],
    ['ring.producer_nanos', ['postMessage', 'postMessage64', 'structuredClone']],
  ],
  replay: [['replay.events_per_second', ['raw']]],
  impact: [
    ['impact.loss_percent', [null]],
    ['impact.step_nanos', [null]],
  ],
  emit: [['emit.p99_micros', [null]]],
  latency: [
    ['latency.p99_millis', [null]],
    ['latency.pixels_millis', [null]],
  ],
  preview: [
    ['preview.frames_encoded_without_viewer', [null]],
    ['preview.jpeg_640x480_millis', [null]],
  ],
  fastlane: [
    ['fastlane.publish_ratio', ['memcpy']],
    ['fastlane.p99_micros', [null]],
    ['fastlane.torn_frames', [null]],
  ],
  fanout: [
    ['fanout.messages_per_second', ['ws-shared', 'ws-each', 'socket.io']],
    ['fanout.mean_millis', ['ws-shared']],
    ['fanout.p99_millis', ['ws-shared']],
    ['fanout.slow_viewer_mib', [null]],
    ['fanout.slow_others_ratio', [null]],
    ['fanout.slow_others_same_ratio', [null]],
  ],
  compress: [
    ['compress.gridworld_json_deflate1_ratio', [null]],
    ['compress.gridworld_frames_zstd1_speed', [null]],
  ],
  memory: [['memory.growth_mib', [null]]],
  recover: [['recover.open_8_millis', ['read']]],
  encode: [
    ['encode.frames_per_second', [besideFfmpeg('ffmpeg')]],
    ['encode.frames_lost', [null]],
    ['encode.rss_growth_mib', [null]],
  ],
  save: [
    ['save.millis', [besideFfmpeg('png')]],
    ['save.trainer_blocked_millis', ['copy']],
  ],
}

/** Those that keep both cores busy for long even when they are small: for the slow tier, the others for a commit. */
const lengthy = new Set([
  ...['append', 'seek', 'ring', 'encode', 'save', 'memory', 'impact', 'emit', 'latency', 'preview'],
  ...['fanout', 'compress', 'recover'],
])
const tried = Object.keys(promised).filter(suite => lengthy.has(suite) === runs(false, true))

test.each(tried)(
  'the bench %s holds what it checks, and prints its figures',
  async suite => {
    const result = await bench(suite, '--small', '--json')
    expect(result).toMatchObject({ suite, machine: expect.anything() as unknown })
    expect(result.said, 'says what it is at').toMatch(new RegExp(`^${suite}\\b`, 'm'))
    for (const { name, unit, median, low, high, peer, ratio } of result.figures) {
      expect(name.startsWith(`${suite}.`)).toBe(true)
      expect(unit).not.toBe('')
      expect([median, low, high].every(Number.isFinite)).toBe(true)
      expect(low).toBeLessThanOrEqual(high)
      expect(peer === null).toBe(ratio === null)
    }
    for (const [name, peers] of promised[suite] ?? []) {
      const found = result.figures.filter(figure => figure.name === name)
      expect(found.map(figure => figure.peer)).toEqual(peers)
    }
  },
  // Of encoders that are slow on purpose, and on a machine that has other things to do.
  180_000,
)

test.each(runs([], Object.keys(suites)))(
  'the sweep of %s says how its figures go with a size',
  async suite => {
    const { growth, figures, said } = await bench(suite, '--sweep', '--small', '--json')
    expect(figures).toEqual([])
    expect(said, 'says what it is at').toMatch(new RegExp(`^${suite}\\b`, 'm'))
    expect(growth.length).toBeGreaterThan(0)
    for (const { over, points } of growth) {
      expect(over).not.toBe('')
      expect(points.length).toBeGreaterThan(0)
      expect(points.every(({ median }) => median > 0)).toBe(true)
      expect(points.map(({ at }) => at)).toEqual(points.map(({ at }) => at).sort((a, b) => a - b))
    }
  },
  180_000,
)

test.runIf(runs(false, true))(
  'without a suite the figures that have bars are measured in one go',
  async () => {
    const { suite, figures } = await bench('--small', '--json')
    expect(suite).toBe('canonical')
    expect(judge(figures).length).toBeGreaterThan(15)
  },
  300_000,
)

test('B5 a suite that there is not, and an option that is none, are bad usage', async () => {
  await expect(bench('speed')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no suite speed') as string,
  })
  await expect(bench('append', '--fast')).rejects.toMatchObject({ code: 2 })
  await expect(bench('--sweep')).rejects.toMatchObject({ code: 2 })
})

// All suites by name, a sweep of each, and the round over those that have bars.
import type { Suite, Sweep } from './suite.ts'
import { append, appendSweep } from './suites/append.ts'
import { compress, compressSweep } from './suites/compress.ts'
import { emit, emitSweep } from './suites/emit.ts'
import { encode } from './suites/encode.ts'
import { encodeSweep } from './suites/encode-sweep.ts'
import { fanout, fanoutSweep } from './suites/fanout.ts'
import { fastlane, fastlaneSweep } from './suites/fastlane.ts'
import { impact } from './suites/impact.ts'
import { impactSweep } from './suites/impact-sweep.ts'
import { latency } from './suites/latency.ts'
import { latencySweep } from './suites/latency-sweep.ts'
import { memory } from './suites/memory.ts'
import { memorySweep } from './suites/memory-sweep.ts'
import { preview, previewSweep } from './suites/preview.ts'
import { recover, recoverSweep } from './suites/recover.ts'
import { replay, replaySweep } from './suites/replay.ts'
import { ring, ringSweep } from './suites/ring.ts'
import { save, saveSweep } from './suites/save.ts'
import { seek, seekSweep } from './suites/seek.ts'

/** A suite, and how its figures go with a size. */
interface Bench {
  readonly run: Suite
  readonly sweep: Sweep
}

export const suites: Readonly<Record<string, Bench>> = {
  append: { run: append, sweep: appendSweep },
  replay: { run: replay, sweep: replaySweep },
  seek: { run: seek, sweep: seekSweep },
  ring: { run: ring, sweep: ringSweep },
  impact: { run: impact, sweep: impactSweep },
  emit: { run: emit, sweep: emitSweep },
  latency: { run: latency, sweep: latencySweep },
  fastlane: { run: fastlane, sweep: fastlaneSweep },
  fanout: { run: fanout, sweep: fanoutSweep },
  compress: { run: compress, sweep: compressSweep },
  memory: { run: memory, sweep: memorySweep },
  preview: { run: preview, sweep: previewSweep },
  recover: { run: recover, sweep: recoverSweep },
  encode: { run: encode, sweep: encodeSweep },
  save: { run: save, sweep: saveSweep },
}

/** What `npm run bench` runs: the suites whose figures have bars and take seconds, with rounds. */
export const canonical: readonly { readonly suite: string; readonly pairs: number }[] = [
  { suite: 'append', pairs: 3 },
  { suite: 'replay', pairs: 4 },
  { suite: 'seek', pairs: 4 },
  { suite: 'ring', pairs: 4 },
  { suite: 'impact', pairs: 4 },
  { suite: 'fastlane', pairs: 5 },
  { suite: 'fanout', pairs: 2 },
  { suite: 'recover', pairs: 2 },
]

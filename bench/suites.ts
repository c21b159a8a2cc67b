// All suites by name, their sweeps, and the round over those that have bars.
import type { Suite, Sweep } from './suite.ts'
import { append, appendSweep } from './suites/append.ts'
import { compress } from './suites/compress.ts'
import { emit } from './suites/emit.ts'
import { encode } from './suites/encode.ts'
import { fanout, fanoutSweep } from './suites/fanout.ts'
import { fastlane, fastlaneSweep } from './suites/fastlane.ts'
import { impact } from './suites/impact.ts'
import { impactSweep } from './suites/impact-sweep.ts'
import { latency } from './suites/latency.ts'
import { memory } from './suites/memory.ts'
import { preview } from './suites/preview.ts'
import { recover, recoverSweep } from './suites/recover.ts'
import { replay, replaySweep } from './suites/replay.ts'
import { ring, ringSweep } from './suites/ring.ts'
import { save } from './suites/save.ts'
import { seek, seekSweep } from './suites/seek.ts'

export const suites: Readonly<Record<string, Suite>> = {
  append,
  replay,
  seek,
  ring,
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

/** By suite: how its figures go with a size. */
export const sweeps: Readonly<Record<string, Sweep>> = {
  append: appendSweep,
  replay: replaySweep,
  seek: seekSweep,
  ring: ringSweep,
  impact: impactSweep,
  fastlane: fastlaneSweep,
  fanout: fanoutSweep,
  recover: recoverSweep,
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

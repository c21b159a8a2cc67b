// Makes the golden log of format 1 and what reading it must give. Run it only for a new format,
// in a new folder: the files of a released format never change.
//
//   node tests/golden/log-v1/make.ts
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from '../../../src/base/checksum.ts'
import { encodeEvent, Layouts } from '../../../src/protocol/codec.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { compactLog } from '../../../src/store/compact.ts'
import { dataFile, openLog } from '../../../src/store/open-log.ts'
import { readEverything } from './read.ts'

const pixels = new Uint8Array(4 * 2 * 3).map((_, i) => i * 10)

const stepLayout = {
  kind: 'step',
  layout: 1,
  agent: 'agent-0',
  position: 2,
  action: 1,
  actionScalar: true,
  qValues: 2,
  logits: 0,
  observation: 3,
  meters: ['energy', 'mood'],
} as const

const frameLayout = {
  kind: 'frame',
  layout: 2,
  agent: 'agent-0',
  camera: 'main',
  width: 4,
  height: 2,
  format: 'rgb8',
} as const

const firstEpoch: Event[] = [
  {
    type: 'run_started',
    run: '01HGOLDEN',
    name: 'golden',
    pid: 1,
    software: 'rollcast 0.1.0',
    config: { lr: 0.001 },
  },
  { type: 'layout_declared', ...stepLayout },
  { type: 'layout_declared', ...frameLayout },
  { type: 'episode_began', agent: 'agent-0', episode: 1, seed: 7, info: { stage: 2 } },
  {
    type: 'step_taken',
    agent: 'agent-0',
    episode: 1,
    step: 0,
    reward: 0.5,
    intrinsicReward: 0.25,
    terminated: false,
    truncated: false,
    position: [1, 2],
    action: 3,
    qValues: [0.1, -0.2],
    meters: { energy: 0.9, mood: 0.8 },
    observation: [1, 0, -1],
    info: { note: 'first' },
  },
  {
    type: 'frame_captured',
    agent: 'agent-0',
    camera: 'main',
    episode: 1,
    step: 0,
    index: 0,
    width: 4,
    height: 2,
    format: 'rgb8',
    byteLength: pixels.byteLength,
    crc: crc32(pixels),
  },
  { type: 'metrics_sampled', globalStep: 1, values: { 'loss/policy': 0.75 } },
  { type: 'insight_given', kind: 'note', data: { text: 'hello' }, agent: 'agent-0' },
  { type: 'gap_found', cause: 'ring_full', events: 3, bytes: 600 },
  { type: 'input_refused', agent: 'agent-0', code: 'BAD_STEP', message: 'shape', count: 2 },
  { type: 'trainer_cost_measured', percent: 0.2, calls: 100, meanNanos: 90 },
]

const secondEpoch: Event[] = [
  {
    type: 'recovered',
    previousEpoch: 1,
    lastSeq: firstEpoch.length,
    cutBytes: 0,
    inFlightBytesMax: 1024,
    inFlightMillisMax: 100,
  },
  {
    type: 'episode_ended',
    agent: 'agent-0',
    episode: 1,
    steps: 1,
    frames: 1,
    totalReward: 0.75,
    extrinsicReward: 0.5,
    intrinsicReward: 0.25,
    terminated: false,
    truncated: false,
    reason: 'interrupted',
    startTime: 1_700_000_000_000,
  },
  {
    type: 'milestone_reached',
    milestone: 'best_return',
    agent: 'agent-0',
    episode: 1,
    value: 0.75,
    previous: null,
  },
  {
    type: 'frames_counted',
    agent: 'agent-0',
    camera: 'main',
    episode: 1,
    owed: 1,
    intact: 1,
    bytes: pixels.byteLength,
  },
  {
    type: 'actor_changed',
    actor: 'aggregator',
    machine: 'actor',
    from: 'starting',
    to: 'running',
    restarts: 1,
    reason: 'crashed',
  },
  { type: 'unknown', kind: 900, version: 4, body: new Uint8Array(17).fill(3) },
  { type: 'episode_began', agent: 'agent-0', episode: 2 },
  { type: 'run_ended', reason: 'closed' },
]

const layouts = new Layouts([stepLayout, frameLayout])
const START = 1_700_000_000_000

function recordsOf(events: readonly Event[], time: number): Uint8Array {
  return Buffer.concat(events.map((event, i) => encodeEvent(event, time + i * 10, layouts)))
}

const dir = mkdtempSync(join(tmpdir(), 'rollcast-golden-'))
const folder = import.meta.dirname
try {
  const first = await openLog(dir, { durability: 'sync' })
  first.writer.append({
    producer: 'trainer:golden',
    position: 1000,
    records: recordsOf(firstEpoch, START),
    count: firstEpoch.length,
    frames: [{ index: 5, bytes: pixels }],
  })
  await first.writer.close()
  const second = await openLog(dir, { durability: 'sync' })
  second.writer.append({
    producer: 'aggregator',
    position: firstEpoch.length,
    records: recordsOf(secondEpoch, START + 1000),
    count: secondEpoch.length,
    rows: [{ episode: 1, bytes: new Uint8Array([1, 2, 3]) }],
    snapshot: {
      name: 'projection',
      version: 1,
      position: firstEpoch.length,
      bytes: new Uint8Array([9, 8, 7]),
    },
  })
  await second.writer.close()
  await compactLog(dir)
  copyFileSync(dataFile(dir), join(folder, 'data.mdb'))
  const expected = await readEverything(dir)
  writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

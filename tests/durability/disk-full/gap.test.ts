// X6, P9: the log's disk is full in the middle of an episode, and has room again before it ends. What
// was lost of it keeps it out of the dataset, and keeps no other out.
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MIB } from '../../../src/base/bytes.ts'
import type { EpisodeRecorder } from '../../../src/runtime/episode-recorder.ts'
import { checkOptions } from '../../../src/runtime/options.ts'
import { start } from '../../../src/runtime/run.ts'
import { checked, options, play, refused, saved, sound } from '../../export/recorded-dataset.ts'
import { requireTool } from '../../faults/tools.ts'
import { tempDir, until } from '../../runtime/harness.ts'
import { makeSmallDisk } from './small-disk.ts'

const DISK_BYTES = 48 * MIB
const RESERVE_BYTES = 4 * MIB

/** Takes a step with a picture every few milliseconds until it is stopped. */
function train(recorder: EpisodeRecorder) {
  const data = new Uint8Array(64 * 64 * 3)
  const trainer = { steps: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    recorder.step({ observation: [0, 0], action: trainer.steps++ % 3, reward: 1 })
    recorder.frame({ camera: 'eye', width: 64, height: 64, data })
  }, 5)
  onTestFinished(trainer.stop)
  return trainer
}

describe.skipIf(!requireTool('root'))('a log whose disk is full for a while', () => {
  test('X6 P9 keeps the episode in hand out of the dataset, and no other', async () => {
    const root = join(tempDir(), 'dataset')
    const disk = makeSmallDisk(DISK_BYTES)
    onTestFinished(() => disk.remove())
    const dir = disk.path
    const given = options(dir, { dataset: { dir: root }, onProblem: () => {} })
    const run = await start(checkOptions(given), { faults: true, freeBytesMin: RESERVE_BYTES })
    const recorder = run.recorder('a')
    recorder.begin()
    const trainer = train(recorder)
    await until('something to be durable', () => (run.status?.durable.seq ?? 0) > 20)
    disk.fill(RESERVE_BYTES / 2)
    await until('the log to stop', () => run.status?.healthy === false)
    const lostFrom = trainer.steps
    await until('more to be lost', () => trainer.steps > lostFrom + 20)
    disk.empty()
    await until('the log to go on', () => run.status?.healthy === true)
    trainer.stop()
    recorder.end()
    for (let more = 0; more < 2; more++) play(run, { cameras: ['eye'] })
    await until('the others are saved', async () => (await saved(dir)).length === 2)
    await run.close()
    expect(await refused(dir)).toEqual([
      [1, expect.stringMatching(/^\d+ of \d+ frames are in the log: frames were lost$/)],
    ])
    expect(await saved(dir)).toEqual([
      [2, 0, 12],
      [3, 1, 12],
    ])
    expect(await checked(dir, root)).toEqual(sound(2, 24))
  })
})

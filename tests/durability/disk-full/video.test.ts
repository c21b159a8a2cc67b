// V3, V8, X6, P9: the disk of the videos, or of the dataset, has no room, from the first byte on or
// in the middle of a file. The trainer goes on and its record is durable; who waits says for what;
// when there is room again everything comes in, once.
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KIB, MIB } from '../../../src/base/bytes.ts'
import { startRun } from '../../../src/index.ts'
import type { Run } from '../../../src/runtime/run.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { checked, options, play, refused, saved, sound } from '../../export/recorded-dataset.ts'
import { runs } from '../../faults/tier.ts'
import { requireTool } from '../../faults/tools.ts'
import { tempDir, until } from '../../runtime/harness.ts'
import { judgeVideos } from '../../supervision/judge-videos.ts'
import { makeSmallDisk, type SmallDisk } from './small-disk.ts'

const DISK_BYTES = 4 * MIB
const STEPS = 12

function smallDisk(): SmallDisk {
  const disk = makeSmallDisk(DISK_BYTES)
  onTestFinished(() => disk.remove())
  return disk
}

const actorOf = ({ status }: Run, name: string) => status?.actors.find(actor => actor.name === name)

const waiting = (run: Run): boolean =>
  ['encoder', 'encoder-2'].some(name => actorOf(run, name)?.reason?.includes('no room for a video'))

/** Plays more while `actor` waits, and then makes room until all are there. */
async function goOnAndMakeRoom(run: Run, dir: string, disk: SmallDisk, actor: string) {
  const before = (await saved(dir)).length
  for (let more = 0; more < 3; more++) play(run, { steps: STEPS })
  expect(await run.flush()).toBe(true)
  expect(run.status?.healthy).toBe(true)
  expect((await saved(dir)).length).toBe(before)
  disk.empty()
  await until('all are saved', async () => (await saved(dir)).length === 6)
  expect(actorOf(run, actor)).toMatchObject({ restarts: 0, quarantined: [] })
  await run.close()
}

/** Six episodes, whole and once. */
async function expectAll(dir: string, root = join(dir, 'dataset')): Promise<void> {
  expect(await saved(dir)).toEqual(Array.from({ length: 6 }, (_, n) => [n + 1, n, STEPS]))
  expect(await refused(dir)).toEqual([])
  expect(await judgeVideos(dir, { shadeOf: ({ index }) => index * 10 })).toEqual([])
  expect(await verifyLog(dir)).toMatchObject({ ok: true, problems: [] })
  expect(await checked(dir, root)).toEqual(sound(6, 6 * STEPS))
}

describe.skipIf(!requireTool('root')).each(runs([6 * KIB], [0, 6 * KIB]))(
  'no room after %i bytes',
  leftBytes => {
    test('V3 V8 P9 for videos: the log holds the frames until there is some', async () => {
      const dir = tempDir()
      const disk = smallDisk()
      const videos = join(disk.path, 'videos')
      mkdirSync(videos)
      symlinkSync(videos, join(dir, 'video'))
      const run = await startRun(options(dir))
      disk.fill(leftBytes)
      for (let episode = 0; episode < 3; episode++) play(run, { steps: STEPS })
      await until('an encoder to say what it waits for', () => waiting(run))
      await goOnAndMakeRoom(run, dir, disk, 'encoder')
      await expectAll(dir)
    })

    test('X6 V8 P9 for the dataset: it is owed until there is some', async () => {
      const dir = tempDir()
      const disk = smallDisk()
      const root = join(disk.path, 'dataset')
      const run = await startRun(options(dir, { dataset: { dir: root } }))
      disk.fill(leftBytes)
      for (let episode = 0; episode < 3; episode++) play(run, { steps: STEPS })
      await until('it to say what it waits for', () =>
        /no space left/i.test(actorOf(run, 'dataset')?.reason ?? ''),
      )
      expect(actorOf(run, 'dataset')?.state).toBe('running.hindered')
      await goOnAndMakeRoom(run, dir, disk, 'dataset')
      await expectAll(dir, root)
    })

    test('V8 X6 A7 a run that is closed meanwhile closes in time, and owes nothing to the next', async () => {
      const dir = tempDir()
      const disk = smallDisk()
      const videos = join(disk.path, 'videos')
      mkdirSync(videos)
      symlinkSync(videos, join(dir, 'video'))
      const dataset = { dir: join(disk.path, 'dataset') }
      const run = await startRun(options(dir, { dataset, closeMillisMax: 10_000 }))
      disk.fill(leftBytes)
      for (let episode = 0; episode < 6; episode++) play(run, { steps: STEPS })
      await until('an encoder to wait', () => waiting(run))
      const closedAt = performance.now()
      await run.close()
      // A busy machine may double it.
      expect(performance.now() - closedAt).toBeLessThan(20_000)
      disk.empty()
      const next = await startRun(options(dir, { dataset }))
      await until('all are saved', async () => (await saved(dir)).length === 6)
      await next.close()
      await expectAll(dir, dataset.dir)
    })
  },
)

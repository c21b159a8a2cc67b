// V3, V8, S6, X6: codecs that fail half-way, and episodes that kill whoever makes the dataset. The
// run goes on, what is to blame is refused with its reason, and all others are saved, once.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { VideoProfile } from '../../../src/media/profiles.ts'
import type { Event } from '../../../src/protocol/events.ts'
import { verifyLog } from '../../../src/store/verify.ts'
import { type Plant, plantArgv } from '../../faults/plant.ts'
import { runs } from '../../faults/tier.ts'
import { readEvents, runCommand, tempDir } from '../../runtime/harness.ts'
import { only } from '../../runtime/nothing-missing.ts'
import { judgeVideos } from '../../supervision/judge-videos.ts'
import { judgeDataset } from './judge-dataset.ts'
import type { RecordingTask } from './recording.child.ts'
import { shadeOf, stepsOf } from './script.ts'

/** On a machine that has other things to do. */
const timeout = 300_000
const program = fileURLToPath(new URL('./recording.child.ts', import.meta.url))

/**
 * Records a whole run with the bug planted; what is in its log, and the rows of its dataset, with which
 * nothing is wrong. The program is told of the first refused episode, and besides at most what `mayTell` is.
 */
async function record(plant: Plant, given: Partial<RecordingTask> = {}, mayTell = /^$/) {
  const dir = tempDir()
  const profile: VideoProfile = 'fast'
  const task: RecordingTask = {
    ...{ dir, profile, keepFrames: false, episodes: 8, stepMillis: 1, settles: true },
    ...given,
  }
  const argv = ['--disable-warning=ExperimentalWarning', ...plantArgv([plant]), program]
  const child = runCommand('recording', process.execPath, ...argv, JSON.stringify(task))
  expect({ ...(await child.exited), stderr: child.stderr() }).toMatchObject({
    ...{ code: 0, stderr: '' },
  })
  expect(await verifyLog(dir)).toMatchObject({ ok: true, problems: [] })
  const events = await readEvents(dir)
  const { problems: wrong, rows } = await judgeDataset(
    dir,
    events.map(({ event }) => event),
  )
  expect(wrong).toEqual([])
  const refused = only(events, 'episode_refused').slice(0, 1)
  const told = child.said.flatMap(({ problem }) => (problem ? [String(problem)] : []))
  expect(told.filter(problem => !mayTell.test(problem))).toEqual(
    refused.map(({ episode, reason }) =>
      expect.stringContaining(
        `BAD_INPUT not in the dataset: episode ${episode} of agent agent: ${reason}`,
      ),
    ),
  )
  return { dir, events, rows }
}

/** A codec answers ENOMEM to picture `number` of a video. */
const failing = (number: number, codecs: string): Plant => ({
  file: 'src/media/video-encoder.ts',
  find: 'this.#faults.send?.(this.#sent) ?? 0',
  replace: `(this.#sent === ${number} && /${codecs}/.test(this.#codec.name) ? -12 : 0)`,
})

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const whole = (episodes: readonly number[]) =>
  new Map(episodes.map(episode => [episode, stepsOf(episode)]))

describe('V3 V8 a codec that fails half-way', { timeout }, () => {
  test('is replaced by H.264 from the first frame of the part on, which says why', async () => {
    const { dir, events, rows } = await record(failing(4, 'svtav1'), { profile: 'lerobot' })
    expect(rows).toEqual(whole(upTo(8)))
    const videos = only(events, 'video_committed').filter(({ camera }) => camera === 'eye')
    expect(new Set(videos.map(({ encoder }) => encoder))).toEqual(new Set(['libx264']))
    for (const { reason } of videos) expect(reason).toMatch(/libsvtav1 failed: .*picture 4/)
    const problems = await judgeVideos(dir, {
      shadeOf: ({ camera, episode, index }) => shadeOf(camera, episode, index),
    })
    expect(problems).toEqual([])
  })

  test('and by nothing any more costs the episodes that it cannot make, and no other', async () => {
    const { dir, events, rows } = await record(failing(9, '.'))
    const [short, long] = [upTo(8), upTo(8)].map((all, at) =>
      all.filter(episode => stepsOf(episode) > 9 === (at === 1)),
    )
    expect(rows).toEqual(whole(short!))
    const refused = only(events, 'episode_refused')
    expect(refused.map(({ episode }) => episode)).toEqual(long)
    for (const { reason } of refused) expect(reason).toContain('picture 9: FFmpeg says')
    const failed = only(events, 'video_failed')
    expect(failed.map(({ episode }) => episode).sort()).toEqual([...long!, ...long!].sort())
    // Their frames are still there.
    const lost = await judgeVideos(dir, {
      isOver: false,
      shadeOf: ({ camera, episode, index }) => shadeOf(camera, episode, index),
    })
    expect(lost.filter(problem => !problem.startsWith('video failed'))).toEqual([])
  })
})

test('X6 an episode whose video cannot be taken is refused, and holds up no other', {
  timeout,
}, async () => {
  const find = 'const earlier = parts.map(part => join(root, videoPath(key, part.place)))'
  const { events, rows } = await record({
    file: 'src/export/lerobot/video-files.ts',
    find,
    replace: `if (units.some(({ source }) => /\\/2@/.test(source)))
      throw new RollcastError('INTERNAL', 'it is cursed')
      ${find}`,
  })
  expect(rows).toEqual(whole(upTo(8).filter(episode => episode !== 2)))
  expect(only(events, 'episode_refused')).toMatchObject([
    { episode: 2, reason: expect.stringContaining('it is cursed') },
  ])
  expect(only(events, 'event_quarantined')).toEqual([])
})

test('S4 X6 who hangs while it makes the dataset is replaced, and lets go of it', {
  timeout,
}, async () => {
  const hanging: Plant = {
    file: 'src/export/lerobot/change.ts',
    find: 'const tasks = withNewTasks(',
    replace:
      "const { mkdirSync, existsSync } = process.getBuiltinModule('node:fs')\n" +
      "if (!existsSync(shop.root + '.hung')) {\n" +
      "  mkdirSync(shop.root + '.hung')\n" +
      '  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_500)\n' +
      '}\n' +
      'const tasks = withNewTasks(',
  }
  const { events, rows } = await record(hanging, {}, /^UNAVAILABLE .* a thread that hangs/)
  expect(rows).toEqual(whole(upTo(8)))
  const changes = only(events, 'actor_changed').filter(({ actor }) => actor === 'dataset')
  expect(changes.filter(({ to }) => to === 'stuck')).toHaveLength(1)
})

describe('S6 X6 an episode that kills whoever saves it', { timeout }, () => {
  const isEnd = ({ type }: Event): boolean => type === 'episode_ended'
  const isVideo = (event: Event): boolean =>
    event.type === 'video_committed' && event.camera === 'eye'
  const poisons: readonly (readonly [string, (event: Event) => boolean, Plant])[] = [
    [
      'when it is read what became of its video',
      isVideo,
      {
        file: 'src/export/finished-episodes.ts',
        find: 'accountOf(state, event).videos.push(seq)',
        replace:
          "if (event.episode === 2 && event.camera === 'eye') throw new TypeError('poison')\n" +
          'accountOf(state, event).videos.push(seq)',
      },
    ],
    [
      'when it is looked at',
      isEnd,
      {
        file: 'src/export/live-dataset.ts',
        find: 'if (!this.#isWanted(row, previous))',
        replace:
          "if (episode === 2) throw new TypeError('poison')\nif (!this.#isWanted(row, previous))",
      },
    ],
    [
      'when it is written',
      isEnd,
      {
        file: 'src/export/lerobot/prepare.ts',
        find: 'checkLength(input, features, fps)',
        replace:
          "if (/\\/2@/.test(input.source)) throw new TypeError('poison')\ncheckLength(input, features, fps)",
      },
    ],
  ]

  test.each(runs(poisons.slice(0, 1), poisons))(
    '%s is refused after three deaths, and all others are saved',
    async (_, isDeadly, plant) => {
      const { events, rows } = await record(plant)
      expect(rows).toEqual(whole(upTo(8).filter(episode => episode !== 2)))
      const deadly = events.find(
        ({ event }) => isDeadly(event) && 'episode' in event && event.episode === 2,
      )
      expect(only(events, 'event_quarantined')).toMatchObject([
        { actor: 'dataset', seq: deadly?.seq, deaths: 3, error: expect.stringContaining('poison') },
      ])
      expect(only(events, 'episode_refused')).toMatchObject([
        { episode: 2, reason: expect.stringMatching(/saving it failed: .*poison/) },
      ])
    },
  )
})

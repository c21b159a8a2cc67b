// Every export as a person would use it, of a run that was really recorded, with video.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { lockDataset } from '../../src/export/dataset-lock.ts'
import { startRun } from '../../src/index.ts'
import { examineVideo } from '../../src/media/examine-video.ts'
import { type Ffmpeg, loadMedia } from '../../src/media/ffmpeg.ts'
import { picture } from '../media/pictures.ts'
import {
  episodesOfA,
  longEpisodeSteps,
  recordWorkspace,
  stepsOfA,
  type Workspace,
} from './recorded-run.ts'
import { jsonLinesOf, jsonOf, onTerminal, rollcast, start } from './rollcast.ts'

let workspace: Workspace
/** Without video. */
let plain: string
/** With video of two cameras, of two sizes. */
let filmed: string
let ffmpeg: Ffmpeg
const filmedSteps = [12, 1, 9]
const shapes = {
  front: { width: 96, height: 64, format: 'rgb8' },
  wrist: { width: 32, height: 24, format: 'gray8' },
} as const

beforeAll(async () => {
  ffmpeg = loadMedia()
  workspace = await recordWorkspace()
  plain = workspace.run
  filmed = join(workspace.dir, 'filmed')
  const video = { profile: 'fast', fps: 30 } as const
  const run = await startRun({ dir: filmed, name: 'walker', handleSignals: false, video })
  const recorder = run.recorder('a')
  for (const [seed, steps] of filmedSteps.entries()) {
    recorder.begin({ seed, stage: seed })
    for (let step = 0; step < steps; step++) {
      const terminated = step === steps - 1
      recorder.step({ action: step % 3, observation: [step, -1], reward: 1, terminated })
      for (const [camera, shape] of Object.entries(shapes)) {
        recorder.frame({ camera, ...shape, data: picture(shape, step) })
      }
    }
    recorder.end()
  }
  await run.close()
})
afterAll(() => workspace.remove())

const inWorkspace = (name: string): string => join(workspace.dir, name)

describe('export lerobot (X1)', () => {
  test('makes a dataset, tells what is refused, and can be repeated', async () => {
    const root = inWorkspace('dataset')
    const first = await rollcast('export', 'lerobot', filmed, '-o', root)
    expect(first).toMatchObject({ code: 0, stdout: '' })
    expect(first.stderr).toBe(
      'refused: episode 2: expected at least 2 steps, found 1\n' +
        `${root}: 2 episodes added, 1 refused: 2 episodes with 21 rows\n`,
    )
    const again = await rollcast('export', 'lerobot', filmed, '-o', root, '--json')
    expect(jsonOf(again)).toEqual({
      ...{ run_dir: filmed, dataset: root, added: 0, known: 2 },
      ...{ episodes: 2, frames: 21 },
      refused: [{ episode: 2, reason: 'expected at least 2 steps, found 1' }],
    })
    const check = await rollcast('export', 'lerobot', '--check', root)
    expect(check).toEqual({
      ...{ code: 0, stdout: '' },
      stderr: `${root}: 2 episodes, 21 rows: nothing is wrong\n`,
    })
    const info = readFileSync(join(root, 'meta/info.json'), 'utf8')
    expect(JSON.parse(info)).toMatchObject({
      fps: 30,
      features: {
        'observation.images.front': { shape: [64, 96, 3], info: { 'video.codec': 'h264' } },
        'observation.images.wrist': { shape: [24, 32, 3] },
      },
    })
  })

  test('takes the episodes that are meant, at the rate that is asked for', async () => {
    const root = inWorkspace('some')
    const args = ['--where', 'stage = 2', '--fps', '10', '--task', 'walk', '--json']
    const end = await rollcast('export', 'lerobot', filmed, '-o', root, ...args)
    expect(jsonOf(end)).toMatchObject({ added: 1, frames: 9, refused: [] })
    const check = await rollcast('export', 'lerobot', '--check', root, '--json')
    expect(check.code).toBe(0)
    expect(jsonOf(check)).toMatchObject({ findings: [], unchecked: [], episodes: 1 })
  })

  test('makes video of a run that made none', async () => {
    const root = inWorkspace('encoded')
    const args = ['--where', 'agent = a', '--profile', 'fast', '--json']
    const end = await rollcast('export', 'lerobot', plain, '-o', root, ...args)
    const frames = episodesOfA * stepsOfA
    expect(jsonOf(end)).toMatchObject({ added: episodesOfA, frames, refused: [] })
    expect((await rollcast('export', 'lerobot', '--check', root)).code).toBe(0)
  })

  test('says what is wrong with a dataset, and ends with 1', async () => {
    const root = inWorkspace('broken')
    await rollcast('export', 'lerobot', filmed, '-o', root)
    rmSync(join(root, 'meta/tasks.parquet'))
    const end = await rollcast('export', 'lerobot', '--check', root)
    expect(end.code).toBe(1)
    expect(end.stdout).toMatch(/^16\.5 meta\/tasks\.parquet: /)
    expect(end.stderr).toMatch(/: 2 episodes, 21 rows: \d+ faults?\n$/)
    expect((await rollcast('export', 'lerobot', '--check', filmed)).code).toBe(1)
    expect((await rollcast('export', 'lerobot', '--check', inWorkspace('nothing'))).code).toBe(66)
  })

  test('waits for nobody who writes the same dataset (X3)', async () => {
    const root = inWorkspace('locked')
    mkdirSync(root)
    const lock = await lockDataset(root, 0)
    const { code, stderr } = await rollcast('export', 'lerobot', filmed, '-o', root)
    await lock.release()
    expect(code).toBe(75)
    expect(stderr).toContain(`the dataset is being written by process ${process.pid}`)
  })

  test('ends at Ctrl-C with what is whole, and goes on the next time (X3)', async () => {
    const root = inWorkspace('interrupted')
    const args = ['export', 'lerobot', plain, '-o', root, '--where', 'agent = a']
    // Choosing an encoder by trying takes long enough to be interrupted.
    const command = start([...args, '--profile', 'auto'])
    await vi.waitFor(() => expect(existsSync(join(root, '.rollcast/sources.jsonl'))).toBe(true), {
      timeout: 20_000,
      interval: 5,
    })
    command.interrupt()
    const { code, stderr } = await command.ended
    expect(code).toBe(130)
    expect(stderr).toContain('interrupted: the same command goes on')
    expect((await rollcast(...args)).code).toBe(0)
    expect((await rollcast('export', 'lerobot', '--check', root)).code).toBe(0)
  })

  test('shows how far it is on a terminal', async () => {
    const root = inWorkspace('watched')
    const { code, stdout } = await onTerminal(['export', 'lerobot', filmed, '-o', root])
    expect(code).toBe(0)
    expect(stdout).toMatch(/░+ +\d+% episode \d/)
  })

  test.for([
    [['export', 'lerobot'], "expected 'RUN -o DIR', or '--check DIR'"],
    [['export', 'lerobot', 'x'], "expected 'RUN -o DIR', or '--check DIR'"],
    [['export', 'lerobot', 'x', '--check', 'y'], "'--check DIR' takes no RUN"],
    [['export', 'lerobot', '--check', 'y', '-o', 'z'], "cannot be used with option '-o, --output"],
    [['export', 'lerobot', 'x', '-o', 'y', '--task', ''], 'Expected a text that is not empty'],
    [['export', 'lerobot', 'x', '-o', 'y', '--fps', '0'], 'Expected an integer in 1..240'],
    [
      ['export', 'lerobot', 'x', '-o', 'y', '--profile', 'z'],
      'Expected one of lerobot, fast, auto',
    ],
    [['export', 'mp4', 'x'], "required option '--episode <N>' not specified"],
    [['export', 'mp4', 'x', '--episode', 'one'], 'Expected an integer of at least 1'],
  ] as const)('B5 %j is bad usage', async ([args, message]) => {
    const { code, stdout, stderr } = await rollcast(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('export mp4 (X2)', () => {
  test('joins what was encoded while recording', async () => {
    const file = inWorkspace('front.mp4')
    const args = ['--episode', '1', '--camera', 'front', '-o', file, '--json']
    const end = await rollcast('export', 'mp4', filmed, ...args)
    expect(jsonOf(end)).toEqual({
      ...{ run_dir: filmed, episode: 1, camera: 'front', file, frames: 12, how: 'copied' },
    })
    expect(examineVideo(ffmpeg, file)).toMatchObject({ frames: 12, fps: 30, width: 96 })
  })

  test('shows it at another rate', async () => {
    const file = inWorkspace('slow.mp4')
    const args = ['--episode', '1', '--camera', 'wrist', '--fps', '5', '-o', file]
    const { code, stderr } = await rollcast('export', 'mp4', filmed, ...args)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `${file}: 12 frames of camera wrist, copied\n`,
    })
    expect(examineVideo(ffmpeg, file)).toMatchObject({ frames: 12, fps: 5, width: 32 })
  })

  test('encodes out of the log where there is none', async () => {
    const file = inWorkspace('made.mp4')
    const end = await rollcast('export', 'mp4', plain, '--episode', '1', '-o', file, '--json')
    expect(jsonOf(end)).toMatchObject({
      ...{ frames: stepsOfA, how: 'encoded', why: 'the run made no video of it' },
    })
    expect(examineVideo(ffmpeg, file)).toMatchObject({ frames: stepsOfA, fps: 30 })
  })

  test('is named after run, episode and camera', async () => {
    const cwd = inWorkspace('here')
    mkdirSync(cwd)
    const end = await start(['export', 'mp4', plain, '--episode', '2'], { cwd }).ended
    expect(end.code).toBe(0)
    expect(readdirSync(cwd)).toEqual(['first-2-main.mp4'])
    expect(end.stderr).toContain('of camera main, encoded: the run made no video of it')
  })

  test.for([
    ['several cameras', ['--episode', '1'], 2, 'choose one by --camera: front, wrist'],
    [
      'no such camera',
      ['--episode', '1', '--camera', 'x'],
      66,
      'a camera of front, wrist, found x',
    ],
    ['no such episode', ['--episode', '9'], 66, 'the run has no finished episode 9'],
    [
      'another agent',
      ['--episode', '1', '--agent', 'b'],
      66,
      'one of agent b, found one of agent a',
    ],
  ] as const)('says what is wrong: %s', async ([, args, code, message]) => {
    const end = await rollcast('export', 'mp4', filmed, ...args, '-o', inWorkspace('never.mp4'))
    expect(end).toMatchObject({ code, stdout: '' })
    expect(end.stderr).toContain(message)
    expect(existsSync(inWorkspace('never.mp4'))).toBe(false)
  })

  test('of an episode without frames is NOT_FOUND', async () => {
    const end = await rollcast('export', 'mp4', plain, '--episode', '4')
    expect(end).toMatchObject({ code: 66 })
    expect(end.stderr).toContain('episode 4 has no frames')
  })
})

describe('export jsonl (X5)', () => {
  test('is a line for each episode, with its steps and videos', async () => {
    const end = await rollcast('export', 'jsonl', filmed)
    expect(end).toMatchObject({ code: 0, stderr: '' })
    const episodes = jsonLinesOf(end)
    expect(episodes.map(each => (each['steps'] as unknown[]).length)).toEqual(filmedSteps)
    expect(episodes[0]).toMatchObject({
      ...{ run: 'filmed', episode: 1, agent: 'a', seed: 0, stage: 0, total_reward: 12 },
      ...{ terminated: true, reason: 'terminated' },
      videos: {
        front: [{ from_index: 0, frames: 12, fps: 30 }],
        wrist: [{ from_index: 0, frames: 12, fps: 30 }],
      },
    })
    expect((episodes[0]!['steps'] as unknown[])[11]).toEqual({
      ...{ step: 11, time: expect.any(Number), reward: 1, intrinsic_reward: 0 },
      ...{ terminated: true, truncated: false, action: 2, observation: [11, -1] },
    })
    const [{ file }] = (episodes[0]!['videos'] as { front: [{ file: string }] }).front
    expect(existsSync(join(filmed, file))).toBe(true)
  })

  test('is a file, whole or not at all, of the episodes that are meant', async () => {
    const file = inWorkspace('episodes.jsonl')
    writeFileSync(file, 'older')
    const args = ['-o', file, '--where', 'agent = b or return = none']
    const { code, stdout, stderr } = await rollcast('export', 'jsonl', plain, ...args)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: `${file}: 1 episode\n`,
    })
    const [line, end] = readFileSync(file, 'utf8').split('\n')
    expect(end).toBe('')
    const { steps } = JSON.parse(line!) as { steps: { q_values: number[] }[] }
    expect(steps).toHaveLength(longEpisodeSteps)
    expect(steps.at(-1)?.q_values).toEqual([1, 2, 3])
    const nowhere = await rollcast('export', 'jsonl', plain, '-o', join(file, 'x.jsonl'))
    expect(nowhere.code).toBe(73)
    const { stdout: toStdout } = await rollcast('export', 'jsonl', plain, ...args.with(1, '-'))
    expect(toStdout).toBe(readFileSync(file, 'utf8'))
  })

  test('B3 says numbers that are not finite', async () => {
    const [first] = jsonLinesOf(await rollcast('export', 'jsonl', plain, '--where', 'episode = 1'))
    expect((first!['steps'] as { reward: unknown }[])[0]!.reward).toBe('NaN')
  })
})

describe('without node-av', () => {
  const hide = fileURLToPath(new URL('without-node-av.cjs', import.meta.url))
  const without = (...args: string[]) =>
    start(args, { env: { NODE_OPTIONS: `--require ${hide}` } }).ended

  test('V4 what needs video says how to get it', async () => {
    const root = inWorkspace('no-video')
    for (const args of [
      ['export', 'lerobot', filmed, '-o', root],
      ['export', 'mp4', plain, '--episode', '1', '-o', inWorkspace('none.mp4')],
    ]) {
      const { code, stdout, stderr } = await without(...args)
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
      expect(stderr).toContain('`npm install node-av` puts it in place')
    }
  })

  test('X5 what needs none does without', async () => {
    expect(jsonLinesOf(await without('export', 'jsonl', filmed))).toHaveLength(3)
    const root = inWorkspace('blind')
    const blind = await without('export', 'lerobot', plain, '-o', root, '--where', 'agent = b')
    expect(blind.stderr).toContain(`1 episode with 1 500 rows`)
    expect(await without('export', 'lerobot', '--check', root)).toMatchObject({ code: 0 })
  })

  test('X1 a check says what it could not look into', async () => {
    const root = inWorkspace('seen')
    await rollcast('export', 'lerobot', filmed, '-o', root)
    const { code, stdout, stderr } = await without('export', 'lerobot', '--check', root)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/^not checked: 16\.7 videos have the frames and the rate of their rows/)
    expect(stderr).toContain('npm install node-av')
  })
})

describe('episodes ls --where (X4)', () => {
  test('lists the episodes that are meant, newest first, in pages', async () => {
    const ls = (...args: string[]) => rollcast('episodes', 'ls', plain, '--json', ...args)
    const numbers = (end: Awaited<ReturnType<typeof ls>>) =>
      (jsonOf(end)['episodes'] as { episode: number }[]).map(({ episode }) => episode)
    expect(numbers(await ls('--where', 'agent = a'))).toEqual([3, 2, 1])
    const page = await ls('--where', 'agent = a', '--limit', '2')
    expect([numbers(page), jsonOf(page)['more']]).toEqual([[3, 2], true])
    const rest = await ls('--where', 'agent = a', '--limit', '2', '--before', '2')
    expect([numbers(rest), jsonOf(rest)['more']]).toEqual([[1], false])
    expect(numbers(await ls('--where', 'best(1)'))).toEqual([4])
  })

  test.for(['episodes ls', 'export jsonl', 'export lerobot'])(
    '%s points at an error',
    async verb => {
      const args = [...verb.split(' '), plain, '--where', 'length >\n> 3']
      const { code, stdout, stderr } = await rollcast(...args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toBe(
        'length > > 3\n' +
          '         ^\n' +
          'rollcast: USAGE: predicate, column 10: expected a number or none, found >\n',
      )
    },
  )

  test('--help names the fields', async () => {
    const { code, stdout } = await rollcast('episodes', 'ls', '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +terminated +boolean +ended by the environment$/m)
  })
})

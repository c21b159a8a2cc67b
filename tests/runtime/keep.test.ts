// Whole runs with a keep rule: what is given up costs no disk, is listed as such, and is no damage.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { namesIn } from '../../src/base/names-in.ts'
import { seededRandom } from '../../src/base/random.ts'
import { startRun } from '../../src/index.ts'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import { readVideoName, videoFolder } from '../../src/protocol/video-files.ts'
import { listEpisodes } from '../../src/replay/history.ts'
import type { EpisodeRecorder } from '../../src/runtime/episode-recorder.ts'
import { checkOptions } from '../../src/runtime/options.ts'
import { type Run, start } from '../../src/runtime/run.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { dataFile, openLogReader } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { fold } from '../actors/aggregator/histories.ts'
import { replayLog } from '../golden/replay.ts'
import { runProgram, tempDir, until } from './harness.ts'

const [WIDTH, HEIGHT] = [64, 64]
const FRAME_BYTES = WIDTH * HEIGHT * 3
const FRAMES = 20
const KILLS = 5
const seed = Number(process.env['ROLLCAST_SEED'] ?? 20_261_121)

/** Plays an episode; one that does not die is truncated. */
function play(run: Run, dies: boolean, how: 'end' | 'discard' = 'end'): void {
  const recorder = run.recorder('a')
  recorder.begin()
  for (let i = 0; i < FRAMES; i++) {
    const last = i === FRAMES - 1
    recorder.step({ reward: 1, terminated: last && dies, truncated: last && !dies })
    recorder.frame({ width: WIDTH, height: HEIGHT, data: new Uint8Array(FRAME_BYTES).fill(i) })
  }
  recorder[how]()
}

/** Some steps and frames of the open episode. */
function shoot(recorder: EpisodeRecorder, frames: number): void {
  for (let i = 0; i < frames; i++) {
    recorder.step({ reward: 1 })
    recorder.frame({ width: WIDTH, height: HEIGHT, data: new Uint8Array(FRAME_BYTES).fill(i) })
  }
}

/** While a run is recorded, this process has its log open in the same way. */
const read = (dir: string): LogReader => openLogReader(dir, { check: false, readOnly: false })

async function withReader<T>(dir: string, look: (reader: LogReader) => T): Promise<T> {
  const reader = read(dir)
  try {
    return look(reader)
  } finally {
    await reader.close()
  }
}

function only<T extends Event['type']>(dir: string, type: T): Promise<EventOf<T>[]> {
  return withReader(dir, reader =>
    [...reader.events({ fromSeq: 1 })].flatMap(({ event }) =>
      event.type === type ? [event as EventOf<T>] : [],
    ),
  )
}

/** Every episode's number, why it was released, and how many frames the log holds of it. */
function standings(dir: string): Promise<(readonly [number, string | undefined, number])[]> {
  return withReader(dir, reader => {
    const held = new Map<number, number>()
    for (const { seq, event } of reader.events({ fromSeq: 1 })) {
      if (event.type !== 'frame_captured' || !reader.hasFrame(seq)) continue
      held.set(event.episode, (held.get(event.episode) ?? 0) + 1)
    }
    const { rows } = listEpisodes(reader, { limit: 200 })
    return rows
      .map(({ episode, released }) => [episode, released, held.get(episode) ?? 0] as const)
      .reverse()
  })
}

const videoOf = (dir: string): string => join(dir, videoFolder('a', 'main'))
const isUnfinished = (name: string): boolean => name.endsWith('.part')

const videos = (dir: string): number[] =>
  namesIn(videoOf(dir))
    .map(name => readVideoName(name)!.episode)
    .sort()

describe('L19 a run with a keep rule', () => {
  test('holds the frames of those that it means, and verifies whole', async () => {
    const dir = tempDir()
    const run = await startRun({ dir, keep: 'terminated' })
    for (const dies of [false, true, false, true]) play(run, dies)
    await run.close()
    expect(await standings(dir)).toEqual([
      [1, 'not_kept', 0],
      [2, undefined, FRAMES],
      [3, 'not_kept', 0],
      [4, undefined, FRAMES],
    ])
    expect(await verifyLog(dir)).toMatchObject({ ok: true, prunedFrames: 2 * FRAMES })
    const counted = await only(dir, 'frames_counted')
    expect(counted.map(({ owed, intact, released = 0 }) => owed - intact - released)).toEqual([
      ...[0, 0, 0, 0],
    ])
  })

  test('L18 is replayed to the state and the marks of the live run', async () => {
    const dir = tempDir()
    const run = await startRun({ dir, keep: 'best(1)' })
    for (const dies of [false, true, false]) play(run, dies)
    await run.close()
    const { live, atLive } = await replayLog(dir)
    expect(atLive).toBe(live!.state)
    await withReader(dir, reader => {
      const { rows } = fold(reader.events({ fromSeq: 1 })).state
      expect(rows.map(({ released }) => released)).toEqual([undefined, 'not_kept', 'not_kept'])
      expect(listEpisodes(reader, { limit: 10 }).rows.reverse()).toEqual(rows)
    })
  })

  test('its log stops growing while nothing is kept', async () => {
    const dir = tempDir()
    const run = await startRun({ dir, keep: 'terminated' })
    const sizes: number[] = []
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 20; i++) {
        play(run, false)
        await new Promise(resolve => setImmediate(resolve))
      }
      await run.flush()
      // Frames go a moment after the fact that they may.
      const given = 20 * (round + 1)
      await until('the frames went', async () => {
        const all = await standings(dir)
        return all.length === given && all.every(([, why, frames]) => why && frames === 0)
      })
      sizes.push(statSync(dataFile(dir)).size)
    }
    await run.close()
    // 20 episodes are 4.9 MB of pixels; what still grows is their steps.
    const growth = sizes.at(-1)! - sizes[1]!
    expect(growth).toBeLessThan(4 * 20 * FRAMES * FRAME_BYTES * 0.2)
  })

  test('goes on with its ranks when it is started again', async () => {
    const dir = tempDir()
    for (let life = 0; life < 3; life++) {
      const run = await startRun({ dir, keep: 'best(1)' })
      play(run, true)
      await run.close()
    }
    expect((await standings(dir)).map(([, released, frames]) => [released, frames])).toEqual([
      [undefined, FRAMES],
      ['not_kept', 0],
      ['not_kept', 0],
    ])
  })

  test('leaves no video of what is not kept', async () => {
    const dir = tempDir()
    const run = await startRun({ dir, keep: 'terminated', video: true })
    for (const dies of [false, true, false]) play(run, dies)
    await run.close()
    expect(videos(dir)).toEqual([2])
    expect(await verifyLog(dir)).toMatchObject({ ok: true, problems: [] })
  })
})

test(`L19 P1 a run that is killed again and again has given up what its log says, and no more (seed ${seed})`, async () => {
  const random = seededRandom(seed)
  const dir = tempDir()
  const rule = 'terminated or best(2)'
  for (let kill = 0; kill < KILLS; kill++) {
    const program = runProgram('keeping', dir, rule)
    await program.hears('started')
    await new Promise(resolve => setTimeout(resolve, random.next() * 400))
    program.process.kill('SIGKILL')
    expect((await program.exited).signal).toBe('SIGKILL')
    expect(await verifyLog(dir)).toMatchObject({ ok: true })
  }
  const last = runProgram('keeping', dir, rule, '5')
  expect((await last.exited).code).toBe(0)
  expect(await verifyLog(dir)).toMatchObject({ ok: true })
  const facts = await only(dir, 'episode_released')
  const reasons = new Map(facts.map(({ episode, reason }) => [episode, reason as string]))
  expect(reasons.size).toBe(facts.length)
  expect(new Set(reasons.values())).toEqual(new Set(['not_kept', 'overtaken', 'discarded']))
  for (const [episode, released, frames] of await standings(dir)) {
    expect([episode, released]).toEqual([episode, reasons.get(episode)])
    if (released) expect([episode, frames]).toEqual([episode, 0])
  }
  const held = (await standings(dir)).filter(([, released]) => !released)
  const { rows } = await withReader(dir, reader => listEpisodes(reader, { limit: 200 }))
  const recorded = new Map(rows.map(({ episode, frames }) => [episode, frames]))
  expect(held.map(([, , frames]) => frames)).toEqual(held.map(([number]) => recorded.get(number)))
  expect(held.length).toBeGreaterThan(2)
})

describe('discard()', () => {
  test('leaves nothing behind of frames and video, also of the last episode of a run', async () => {
    const dir = tempDir()
    const run = await startRun({ dir, video: true })
    play(run, true)
    play(run, true, 'discard')
    await run.close()
    // The frames of the first one are on its video.
    expect(await standings(dir)).toEqual([
      [1, undefined, 0],
      [2, 'discarded', 0],
    ])
    expect(videos(dir)).toEqual([1])
    expect((await only(dir, 'episode_ended')).map(({ reason }) => reason)).toEqual([
      'terminated',
      'discarded',
    ])
    expect(await verifyLog(dir)).toMatchObject({ ok: true })
  })

  test('V8 and nothing of one over which its process was killed, when the next one has begun', async () => {
    const dir = tempDir()
    const folder = videoOf(dir)
    for (let life = 0; life < 2; life++) {
      const run = await startRun({ dir, video: true })
      play(run, true)
      await run.close()
      // An episode that was given up before another life of the encoder came to it.
      if (life === 0) writeFileSync(join(folder, '00000009-00000000.mp4.part'), 'half a video')
    }
    expect(namesIn(folder)).toHaveLength(2)
    expect(videos(dir)).toEqual([1, 2])
  })

  test('V1 V3 also of one that is half encoded when the encoder falls far behind', async () => {
    const dir = tempDir()
    const placed = { encoderPlacement: 'process', closeMillisMax: 60_000 } as const
    const options = checkOptions({ dir, video: true, dataset: true, ...placed })
    const run = await start(options, { faults: true })
    const encoder = () => run.status?.actors.find(({ name }) => name === 'encoder')
    play(run, true)
    const recorder = run.recorder('a')
    recorder.begin()
    shoot(recorder, FRAMES / 2)
    await run.flush()
    await until('half of it to be encoded', () => namesIn(videoOf(dir)).some(isUnfinished))
    await until('the encoder to be there', () => encoder()?.lag === 0)
    run.host.crash('encoder', 'hang')
    shoot(recorder, FRAMES / 2)
    recorder.discard()
    for (const how of ['discard', 'end', 'discard'] as const) play(run, true, how)
    await until('it to have caught up', async () => {
      return encoder()?.restarts === 1 && (await only(dir, 'episode_saved')).length === 2
    })
    await run.close()
    const [kept, given] = [undefined, 'discarded'].map(released => [released, 0])
    expect(await standings(dir)).toEqual(
      [kept, given, given, kept, given].map((fate, at) => [at + 1, ...fate!]),
    )
    expect(namesIn(videoOf(dir))).toHaveLength(2)
    expect(videos(dir)).toEqual([1, 4])
    const saved = await only(dir, 'episode_saved')
    expect(saved.map(({ episode, rows }) => [episode, rows])).toEqual([
      [1, FRAMES],
      [4, FRAMES],
    ])
    expect(await only(dir, 'episode_refused')).toEqual([])
    expect(await verifyLog(dir)).toMatchObject({ ok: true, problems: [] })
  })
})

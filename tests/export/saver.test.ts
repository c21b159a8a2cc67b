// What holds up the episodes behind it, and what does not.
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ActorScope } from '../../src/actors/run-actor.ts'
import { systemClock } from '../../src/base/clock.ts'
import {
  type FinishedState,
  noneFinished,
  settle,
  takeIn,
} from '../../src/export/finished-episodes.ts'
import type { DatasetConfig, Verdict } from '../../src/export/live-dataset.ts'
import { Saver } from '../../src/export/saver.ts'
import type { Envelope, Event } from '../../src/protocol/events.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { times, type WrittenRun, writeRun } from './written-run.ts'

/** A saver over the log of `run`, and what it says. */
function openSaver(run: WrittenRun, state: FinishedState, where?: string) {
  const verdicts: Verdict[] = []
  const config: DatasetConfig = {
    ...{ runDir: run.dir, dir: join(run.dir, 'dataset'), task: 'walk', where },
    reader: { check: false, readOnly: false },
    video: { profile: 'fast', fps: 30 },
  }
  const scope = {
    ...{ name: 'dataset', config, clock: systemClock, restarts: 0, suspect: undefined },
    ...{ handling: () => undefined, handled: () => {}, send: () => {}, fail: () => {} },
  } as Partial<ActorScope<DatasetConfig>> as ActorScope<DatasetConfig>
  const saver = new Saver(scope, run.reader, {
    onVerdict: verdict => {
      verdicts.push(verdict)
      settle(state, verdict.episode)
    },
    onPoison: () => {},
  })
  onTestFinished(() => saver.close())
  return { saver, verdicts }
}

/** What the dataset has heard of `row`: its end, and an account of `owed` frames if there is one. */
function hear(state: FinishedState, { agent, episode, lastSeq }: EpisodeRow, owed?: number): void {
  const told = (event: object) =>
    takeIn(state, { seq: lastSeq, epoch: 1, time: 0, event: event as Event } as Envelope)
  told({ type: 'episode_ended', agent, episode })
  if (owed !== undefined) told({ type: 'frames_counted', agent, camera: 'eye', episode, owed })
}

/** An episode with three frames in the log, of five; and a whole one behind it. */
async function playWithGap(where?: string) {
  const run = await writeRun()
  const short = await run.episode(times(3, 's eye'), { row: { frames: 5 } })
  const whole = await run.episode(times(4, 's'))
  await run.reach('aggregator', whole.lastSeq)
  const state = noneFinished()
  hear(state, short, 3)
  hear(state, whole)
  return { run, short, whole, state, ...openSaver(run, state, where) }
}

const endOf = ({ reader }: WrittenRun): number => reader.durable().seq

describe('X6 an episode of which frames were lost before the log', () => {
  test('is refused when its encoders have passed its end, and holds up no other', async () => {
    const { run, short, whole, state, saver, verdicts } = await playWithGap()
    await saver.save(state, endOf(run))
    expect(verdicts).toEqual([])
    await run.reach('encoder', short.lastSeq - 1)
    await saver.save(state, endOf(run))
    expect(verdicts).toEqual([])
    await run.reach('encoder', short.lastSeq)
    await saver.save(state, endOf(run))
    const reason = '3 of 5 frames are in the log: frames were lost'
    expect(verdicts).toEqual([
      { episode: short.episode, outcome: 'refused', reason },
      { episode: whole.episode, outcome: 'added', datasetEpisode: 0, rows: 4 },
    ])
  })

  test('is waited for until all that its encoders had said by then has been heard', async () => {
    const { run, short, state, saver, verdicts } = await playWithGap()
    await run.reach('encoder', short.lastSeq)
    const spoken = endOf(run)
    await saver.save(state, spoken - 1)
    expect(verdicts).toEqual([])
    // What comes afterwards is no answer that is still on its way.
    await run.episode(times(2, 's'))
    await saver.save(state, spoken)
    expect(verdicts[0]).toMatchObject({ episode: short.episode, outcome: 'refused' })
  })

  test('is passed over where it is not wanted', async () => {
    const { run, short, state, saver, verdicts } = await playWithGap('length > 3')
    await run.reach('encoder', endOf(run))
    await saver.save(state, endOf(run))
    expect(verdicts[0]).toEqual({ episode: short.episode, outcome: 'passed over' })
    expect(verdicts[1]).toMatchObject({ outcome: 'added' })
  })

  test('of two cameras waits for the encoders of both', async () => {
    const run = await writeRun()
    const row = await run.episode(times(3, 's eye wrist'), { row: { frames: 7 } })
    await run.reach('aggregator', row.lastSeq)
    const state = noneFinished()
    hear(state, row, 3)
    const { saver, verdicts } = openSaver(run, state)
    await run.reach('encoder', row.lastSeq)
    await saver.save(state, endOf(run))
    expect(verdicts).toEqual([])
    await run.reach('encoder-2', row.lastSeq)
    hear(state, row, 3)
    await saver.save(state, endOf(run))
    expect(verdicts).toMatchObject([{ reason: '6 of 7 frames are in the log: frames were lost' }])
  })
})

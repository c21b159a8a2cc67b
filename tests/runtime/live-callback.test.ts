import { describe, expect, test } from 'vitest'
import { MIB } from '../../src/base/bytes.ts'
import type { Event } from '../../src/protocol/events.ts'
import type { EpisodeRecorder } from '../../src/runtime/episode-recorder.ts'
import type { RecordedEpisode } from '../../src/runtime/episode-tape.ts'
import { frameOf, only, played } from './recorder-fixture.ts'
import { type RingRunOptions, ringRun } from './ring-run.ts'

describe('L3: the live callback', () => {
  function heard(play: (recorder: EpisodeRecorder) => void, options: RingRunOptions = {}) {
    const episodes: RecordedEpisode[] = []
    const result = played(play, { onEpisode: episode => episodes.push(episode), ...options })
    return { ...result, episodes }
  }

  test('gets the whole episode: id, steps with their times, metadata', () => {
    const bytes = new Uint8Array([1, 2, 3])
    const { told, episodes } = heard(recorder => {
      recorder.begin({ seed: 4 })
      recorder.step({ reward: 2, info: { bytes, buffer: Buffer.from(bytes) } })
      recorder.step({ reward: 1, position: [1, 2] })
      recorder.end()
      for (let i = 0; i < 9; i++) recorder.step({ reward: 3, position: [i, 4] })
      recorder.end({ reason: 'second' })
    })
    expect(episodes.map(({ episode, agent, complete }) => [episode, agent, complete])).toEqual([
      [1, 'a', true],
      [2, 'a', true],
    ])
    const ends = only(told, 'episode_ended')
    expect(episodes.map(({ metadata }) => metadata)).toEqual(ends)
    const steps = episodes.flatMap(episode => episode.steps.map(({ time: _, ...step }) => step))
    // Also the information of an earlier episode, after a later one was recorded.
    expect(steps).toEqual(only(told, 'step_taken'))
    for (const { startTime, endTime, steps } of episodes) {
      const times = [startTime, ...steps.map(step => step.time), endTime]
      expect(times).toEqual([...times].sort((a, b) => a - b))
    }
  })

  test('gets many steps, and tells when some are missing', () => {
    const policy = { kind: 'drop-newest' } as const
    const { episodes, told } = heard(
      recorder => {
        for (let i = 0; i < 500; i++) recorder.step({ reward: i, observation: [1, 2, 3] })
        recorder.end()
      },
      { capacityBytes: 8192, policy },
    )
    const taken = only(told, 'step_taken').length
    expect(episodes[0]).toMatchObject({ complete: false, metadata: { steps: 500 } })
    expect(episodes[0]?.steps.length).toBe(taken)
  })

  test('that throws is told once and never reaches the trainer', () => {
    const { told, problems } = played(
      recorder => {
        for (let i = 0; i < 3; i++) {
          recorder.step({ reward: 1 })
          recorder.end()
        }
        recorder.begin()
      },
      {
        onEpisode: () => {
          throw Object.create(null)
        },
      },
    )
    expect(only(told, 'episode_ended').length).toBe(3)
    expect(problems).toMatchObject([{ code: 'INTERNAL' }])
    expect(problems[0]?.message).toContain('onEpisode threw for episode 1')
    expect(only(told, 'input_refused')).toMatchObject([{ code: 'INTERNAL', count: 1 }])
  })

  test('L4: is not needed: what is recorded is the same without it', () => {
    const play = (recorder: EpisodeRecorder): void => {
      recorder.step({ reward: 1, meters: { energy: 1 } })
      recorder.frame(frameOf(2, 2))
      recorder.end()
    }
    const without = (events: Event[]): object[] =>
      events.map(event => ({ ...event, startTime: undefined }))
    expect(without(heard(play).told)).toEqual(without(played(play).told))
  })
})

describe('L5: the price', () => {
  test('of the end of an episode of 500 steps with a callback is far below a millisecond', () => {
    const run = ringRun({ capacityBytes: 16 * MIB, onEpisode: () => {} })
    const recorder = run.recorder()
    const step = { reward: 1, position: [1, 2], qValues: [1, 2, 3, 4, 5, 6], action: 1 }
    const durations: number[] = []
    for (let episode = 0; episode < 60; episode++) {
      for (let i = 0; i < 500; i++) recorder.step(step)
      const before = performance.now()
      recorder.end()
      durations.push(performance.now() - before)
      run.events()
    }
    const median = durations.sort((a, b) => a - b)[30]!
    // Warm, the median is about 0.3 ms with the callback; the bar is for machines that are busy.
    expect(median).toBeLessThan(1)
  })
})

// What becomes of episodes that are given up, whoever dies in between: nothing goes before the fact is
// durable, everything goes after it, and an encoder that comes too late calls nothing damage (L19).
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { packValue, unpackValue } from '../../src/protocol/codec.ts'
import type { Event } from '../../src/protocol/events.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import { videoPath } from '../../src/protocol/video-files.ts'
import type { OpenLog } from '../../src/store/open-log.ts'
import { verifyLog } from '../../src/store/verify.ts'
import { row } from '../protocol/predicate/rows.ts'
import { contribution, declarations, episodeEnded, frame } from '../store/records.ts'
import { withRunDirectory } from '../store/run-directory.ts'
import { episode, eventsOf, live, readBack, withLog } from './consumer-life.ts'
import { until } from './fake-endpoint.ts'

const started: Event = {
  ...{ type: 'run_started', run: 'r', name: 'n', pid: 1, software: 's', keep: 'worst(1)' },
}
const released: Event = {
  ...{ type: 'episode_released', agent: 'agent-0', episode: 2, reason: 'not_kept' },
  ...{ fromSeq: 11, toSeq: 18, frames: 3 },
}

/** Frames of each episode that the log holds. */
async function framesOf(dir: string): Promise<Map<number, number>> {
  const reader = readBack(dir)
  const held = new Map<number, number>()
  for (const { seq, event } of reader.events({ fromSeq: 1 })) {
    if (event.type !== 'frame_captured') continue
    held.set(event.episode, (held.get(event.episode) ?? 0) + (reader.hasFrame(seq) ? 1 : 0))
  }
  await reader.close()
  return held
}

const whyReleased = (dir: string): Map<number, string | undefined> =>
  new Map(
    readBack(dir)
      .episodeRows({ limit: 100 })
      .map(({ bytes }) => unpackValue(bytes) as EpisodeRow)
      .map(({ episode: number, released: why }) => [number, why]),
  )

/** As the aggregator does: the fact, the mark in the index, and the order to drop the frames. */
async function giveUp(log: OpenLog, range = { fromSeq: 11, toSeq: 18 }): Promise<void> {
  const marked = row({ episode: 2, agent: 'agent-0', released: 'not_kept' })
  const given = {
    ...contribution([{ ...released, ...range } as Event], 1, 'aggregator'),
    rows: [{ episode: 2, bytes: packValue(marked) }],
    drops: [{ episode: 2, ...range }],
  }
  await log.writer.append(given).durable
  await log.writer.dropFrames({ episode: 2, ...range })
}

test(
  'L19 A3 an aggregator that dies gives each episode up once, and no frame goes before the fact',
  withRunDirectory(async dir => {
    let position = 0
    for (const [life, takes] of [0, 1, 1, 0, 2, Number.POSITIVE_INFINITY].entries()) {
      await withLog(dir, async log => {
        const events = [...episode(life * 2 + 1), ...episode(life * 2 + 2)]
        const head = life === 0 ? [started, ...declarations] : []
        await log.writer.append(contribution([...head, ...events], ++position)).durable
        const actor = live('aggregator', dir, log, life, takes)
        await until(() => actor.arrived() > 0, 'facts came')
        await actor.end(takes === Number.POSITIVE_INFINITY ? 'drain' : 'stop')
        expect(actor.endpoint.reportsOf('failed')).toEqual([])
      })
      // The writer has closed: what it was told to drop is gone, and nothing else.
      const facts = new Set(eventsOf(dir, 'episode_released').map(fact => fact.episode))
      for (const [number, held] of await framesOf(dir)) {
        expect([number, held]).toEqual([number, facts.has(number) ? 0 : 3])
      }
      for (const [number, why] of whyReleased(dir)) {
        expect([number, why]).toEqual([number, facts.has(number) ? 'not_kept' : undefined])
      }
      expect(await verifyLog(dir)).toMatchObject({ ok: true })
    }
    const numbers = eventsOf(dir, 'episode_released').map(fact => fact.episode)
    expect(numbers).toEqual(Array.from({ length: 11 }, (_, i) => i + 2))
  }),
)

test(
  'L19 A4 an encoder that lags counts the frames of a released episode as released, not as missed',
  withRunDirectory(async dir => {
    await withLog(dir, async log => {
      const events = [...declarations, ...episode(1), ...episode(2)]
      await log.writer.append(contribution(events, 1)).durable
      await giveUp(log)
      const actor = live('encoder', dir, log, 0, Number.POSITIVE_INFINITY)
      await until(() => actor.arrived() > 0, 'facts came')
      await actor.end('drain')
      expect(eventsOf(dir, 'frames_counted')).toMatchObject([
        { episode: 1, owed: 3, intact: 3 },
        { episode: 2, owed: 3, intact: 0, released: 3 },
      ])
    })
  }),
)

test(
  'L19 A4 frames that go while the encoder is in the middle of an episode are released as well',
  withRunDirectory(async dir => {
    await withLog(dir, async log => {
      const first = [...declarations, ...episode(1), ...episode(2).slice(0, -1)]
      await log.writer.append(contribution(first, 1)).durable
      const early = live('encoder', dir, log, 0, Number.POSITIVE_INFINITY)
      await until(() => early.arrived() > 0, 'facts came')
      await early.end('drain')
      const rest = [frame(2, 3), frame(2, 4), episodeEnded(2)]
      const { firstSeq } = log.writer.append(contribution(rest, 2))
      await log.writer.flush()
      await giveUp(log, { fromSeq: 11, toSeq: firstSeq + 2 })
      const late = live('encoder', dir, log, 1, Number.POSITIVE_INFINITY)
      await until(() => late.arrived() > 0, 'facts came')
      await late.end('drain')
      expect(eventsOf(dir, 'frames_counted').at(-1)).toMatchObject({
        ...{ episode: 2, owed: 5, intact: 3, released: 2 },
      })
    })
  }),
)

test(
  'L19 an encoder deletes the videos of a released episode, and again when it died before its cursor',
  withRunDirectory(async dir => {
    const fileOf = (number: number, fromIndex = 0): string =>
      join(dir, videoPath('agent-0', 'main', number, fromIndex))
    const put = (file: string): void => {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, 'a video')
    }
    await withLog(dir, async log => {
      const events = [...declarations, ...episode(1), ...episode(2)]
      await log.writer.append(contribution(events, 1)).durable
      await giveUp(log)
      for (const [life, takes] of [0, 0, Number.POSITIVE_INFINITY].entries()) {
        for (const file of [fileOf(1), fileOf(2), fileOf(2, 600)]) put(file)
        const actor = live('encoder', dir, log, life, takes)
        await until(() => actor.arrived() > 0, 'facts came')
        await actor.end(takes === 0 ? 'stop' : 'drain')
        expect([fileOf(1), fileOf(2), fileOf(2, 600)].map(file => existsSync(file))).toEqual([
          ...[true, false, false],
        ])
      }
    })
  }),
)

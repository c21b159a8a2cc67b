import { describe, expect, test } from 'vitest'
import { encodeEvent, Layouts, packValue } from '../../src/protocol/codec.ts'
import type { Event, EventOf } from '../../src/protocol/events.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { EpisodeRow } from '../../src/protocol/projection.ts'
import type { HistoryAnswer, HistoryQuery } from '../../src/protocol/thread-messages.ts'
import { answerQuery, listEpisodes, loadEpisode, openRun } from '../../src/replay/history.ts'
import { Pictures } from '../../src/replay/pictures.ts'
import type { LogReader } from '../../src/store/event-log.ts'
import { type MemoryLog, openMemoryLog } from '../../src/store/memory-log.ts'
import {
  contribution,
  declarations,
  episodeBegan,
  episodeEnded,
  frame,
  metric,
  pixelsOf,
  recordsOf,
  step,
  stepLayout,
} from '../store/records.ts'

const rowOf = (episode: number, place: Partial<EpisodeRow> = {}): EpisodeRow => ({
  ...{ episode, agent: 'agent-0', startTime: 0, endTime: 0, steps: 1, frames: 0, totalReward: 0 },
  ...{ extrinsicReward: 0, intrinsicReward: 0, stage: null, epsilon: null, seed: null },
  ...{ terminated: true, truncated: false, reason: 'terminated', firstSeq: 1, lastSeq: 1 },
  ...place,
})

let position = 0

/** Appends events and rows of the index. */
async function add(log: MemoryLog, events: readonly Event[], rows: readonly EpisodeRow[] = []) {
  const { durable, firstSeq } = log.writer.append({
    ...contribution(events, ++position),
    rows: rows.map(row => ({ episode: row.episode, bytes: packValue(row) })),
  })
  await durable
  return firstSeq
}

/** A log with one episode: its beginning, `middle`, its end; and its row. */
async function logOf(middle: readonly Event[], place: Partial<EpisodeRow> = {}) {
  const log = await openMemoryLog()
  await add(log, declarations)
  const events = [episodeBegan(1), ...middle, episodeEnded(1)]
  const firstSeq = await add(log, events)
  const steps = middle.filter(({ type }) => type === 'step_taken').length
  const row = rowOf(1, { firstSeq, lastSeq: firstSeq + events.length - 1, steps, ...place })
  await add(log, [], [row])
  return { log, reader: log.reader(), row }
}

/** A run that has no videos. */
const NOWHERE = '/nonexistent'

const load = (reader: LogReader, row: EpisodeRow) =>
  loadEpisode(reader, row, new Pictures(reader, NOWHERE))

const answer = <K extends HistoryAnswer['kind']>(
  reader: LogReader,
  query: HistoryQuery,
  kind: K,
): Extract<HistoryAnswer, { kind: K }> => {
  const given = answerQuery(openRun(reader), NOWHERE, query)
  expect(given).toMatchObject({ kind, id: query.id })
  return given as Extract<HistoryAnswer, { kind: K }>
}

describe('a page of the index (L17)', () => {
  async function logWith(episodes: number) {
    const log = await openMemoryLog()
    await add(
      log,
      [metric(1)],
      Array.from({ length: episodes }, (_, i) => rowOf(i + 1)),
    )
    return log.reader()
  }
  const page = (rows: readonly EpisodeRow[]): number[] => rows.map(row => row.episode)

  test('is the newest rows, newest first, and says whether there are more', async () => {
    const reader = await logWith(5)
    const newest = { before: null, after: null, limit: 3, where: null }
    const query = { id: 1, kind: 'episodes', ...newest } as const
    const first = answer(reader, query, 'episodes')
    expect([page(first.rows), first.next]).toEqual([[5, 4, 3], 3])
    const second = answer(reader, { ...query, before: 3 }, 'episodes')
    expect([page(second.rows), second.next]).toEqual([[2, 1], null])
    const exact = answer(reader, { ...query, limit: 5 }, 'episodes')
    expect([page(exact.rows).length, exact.next]).toEqual([5, null])
  })

  test('is empty where there is nothing', async () => {
    const nothing = { rows: [], more: false }
    expect(listEpisodes(await logWith(0), { limit: 10 })).toEqual(nothing)
    expect(listEpisodes(await logWith(3), { before: 1, limit: 10 })).toEqual(nothing)
    expect(listEpisodes(await logWith(3), { before: 0, limit: 10 })).toEqual(nothing)
  })

  test('is bounded, and page by page gives every row once, also at the largest page', async () => {
    const count = limits.episodePage * 2 + 1
    const reader = await logWith(count)
    for (const limit of [7, limits.episodePage, 10_000]) {
      const seen: number[] = []
      for (let before: number | undefined; ; before = seen.at(-1)!) {
        const asked = before === undefined ? { limit } : { limit, before }
        const { rows, more } = listEpisodes(reader, asked)
        expect(rows.length).toBeLessThanOrEqual(Math.min(limit, limits.episodePage))
        seen.push(...page(rows))
        if (!more) break
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, i) => count - i))
    }
  })
})

describe('a whole episode (L12)', () => {
  test('is its steps, with sums and times from the first of them', async () => {
    const middle = [step(1, 0), metric(3), step(1, 1), step(1, 2)]
    const { reader, row } = await logOf(middle)
    const { material } = answer(reader, { id: 4, kind: 'episode', episode: 1 }, 'episode')
    const [first, , last] = material.steps
    expect(material).toMatchObject({ row, thinnedBy: 1, frames: 0 })
    expect(first).toEqual({
      ...{ offsetMillis: 0, step: 0, cumulativeReward: 0, position: [0, -0], action: 0 },
      ...{ meters: { energy: 1 }, qValues: [0.25, 0], reward: 0, done: false },
    })
    expect(last).toMatchObject({ offsetMillis: 3, step: 2, cumulativeReward: 1.5, done: true })
    expect(material.steps.map(({ done }) => done)).toEqual([false, false, true])
  })

  test('leaves out what is of another episode or agent in between', async () => {
    const { reader, row } = await logOf([step(1, 0), step(2, 0), step(1, 1)], { steps: 2 })
    expect(load(reader, row).steps.map(taken => taken.step)).toEqual([0, 1])
    expect(load(reader, { ...row, agent: 'other' }).steps).toEqual([])
  })

  test('says null for what its steps do not have', async () => {
    const log = await openMemoryLog()
    const bare: EventOf<'layout_declared'> = {
      ...{ type: 'layout_declared', kind: 'step', layout: 1, agent: 'agent-0', position: 0 },
      ...{ action: 0, actionScalar: false, qValues: 0, logits: 0, observation: 0, meters: [] },
    }
    const taken: EventOf<'step_taken'> = {
      ...{ type: 'step_taken', agent: 'agent-0', episode: 1, step: 0, reward: 1 },
      ...{ intrinsicReward: 0, terminated: false, truncated: false },
    }
    const records = Buffer.concat([
      recordsOf([bare]),
      encodeEvent(taken, 0, new Layouts([bare as never])),
    ])
    await log.writer.append({ producer: 'x', position: 1, records, count: 2 }).durable
    const { steps } = load(log.reader(), rowOf(1, { lastSeq: 2 }))
    expect(steps).toMatchObject([{ position: null, meters: null, action: null, qValues: null }])
  })

  test('U5 tells the global step that metrics were at, before it and in its course', async () => {
    const log = await openMemoryLog()
    await add(log, declarations)
    const at = async (time: number, ...events: Event[]): Promise<number> => {
      const records = recordsOf(events, time)
      const { durable, firstSeq } = log.writer.append({
        ...contribution(events, ++position),
        records,
      })
      await durable
      return firstSeq
    }
    await at(100, metric(70))
    await at(200, metric(80))
    const firstSeq = await at(300, episodeBegan(1), step(1, 0))
    await at(400, metric(90))
    await at(500, metric(90))
    await at(600, step(1, 1), metric(95))
    await at(650, metric(96))
    const lastSeq = await at(700, episodeEnded(1))
    await at(800, metric(100))
    const { globalSteps } = load(log.reader(), rowOf(1, { firstSeq, lastSeq, steps: 2 }))
    // The first step was taken at 301.
    expect(globalSteps).toEqual([
      [0, 80],
      [99, 90],
      [299, 95],
      [299, 96],
    ])
    const none = load(log.reader(), rowOf(2, { firstSeq: 1, lastSeq: 1 }))
    expect(none).toMatchObject({ steps: [], globalSteps: [] })
  })

  test('is thinned out when it is longer than a viewer gets, says so, and keeps its last step', async () => {
    const count = limits.liveEpisodeSteps * 2 + 2
    const { reader, row } = await logOf(Array.from({ length: count }, (_, i) => step(1, i)))
    const { thinnedBy, steps } = load(reader, row)
    expect(thinnedBy).toBe(4)
    expect(steps.length).toBeLessThanOrEqual(limits.liveEpisodeSteps + 1)
    expect(steps.slice(0, 3).map(taken => taken.step)).toEqual([0, 4, 8])
    expect(steps.at(-1)).toMatchObject({ step: count - 1, done: true })
    // Its sum is that of all steps, not of those that are sent.
    const total = Array.from({ length: count }, (_, i) => i / 2).reduce((a, b) => a + b, 0)
    expect(steps.at(-1)?.cumulativeReward).toBe(total)
  })

  test('L17 P13 is thinned out when its steps hold more numbers than a viewer gets', async () => {
    const layout = { ...stepLayout, layout: 3, qValues: 20_000 }
    const log = await openMemoryLog()
    await add(log, [{ type: 'layout_declared', ...layout }])
    const qValues = Array.from({ length: layout.qValues }, () => 0.5)
    const layouts = new Layouts([layout])
    const records = Array.from({ length: 200 }, (_, i) =>
      encodeEvent({ ...(step(1, i) as EventOf<'step_taken'>), qValues }, i, layouts),
    )
    const [count, at] = [records.length, ++position]
    const contributed = { producer: 'x', position: at, records: Buffer.concat(records), count }
    const { firstSeq, durable } = log.writer.append(contributed)
    await durable
    const row = rowOf(1, { firstSeq, lastSeq: firstSeq + count - 1, steps: count })
    const { thinnedBy, steps } = load(log.reader(), row)
    expect(thinnedBy).toBe(8)
    expect(steps.map(taken => taken.step)).toEqual([
      ...Array.from({ length: 25 }, (_, i) => i * 8),
      199,
    ])
    expect(steps.at(-1)).toMatchObject({ done: true, cumulativeReward: (199 * 200) / 4 })
    const numbers = steps.slice(0, -1).reduce((sum, taken) => sum + taken.qValues!.length, 0)
    expect(numbers).toBeLessThanOrEqual(limits.liveEpisodeNumbers)
  })

  test('counts the frames that the log still holds', async () => {
    const middle = [step(1, 0), frame(1, 0), step(1, 1), frame(1, 1)]
    const { log, reader, row } = await logOf(middle)
    expect(load(reader, row).frames).toBe(2)
    await log.writer.dropFrames({ beforeSeq: row.firstSeq + 3 })
    expect(load(reader, row).frames).toBe(1)
  })

  test('is NOT_FOUND when it is not finished, as an answer and not as an exception', async () => {
    const { reader } = await logOf([step(1, 0)])
    expect(answer(reader, { id: 9, kind: 'episode', episode: 2 }, 'failed')).toEqual({
      ...{ id: 9, kind: 'failed', code: 'NOT_FOUND' },
      message: 'NOT_FOUND: the run has no finished episode 2',
    })
    expect(answer(reader, { id: 9, kind: 'frames', episode: 2, from: 0 }, 'failed').code).toBe(
      'NOT_FOUND',
    )
  })
})

describe('the frame of an event', () => {
  const frameAt = (reader: LogReader, seq: number) =>
    answer(reader, { id: 1, kind: 'frame', seq }, 'frame').frame

  test('comes with its pixels, also while its episode is open', async () => {
    const log = await openMemoryLog()
    await add(log, declarations)
    const firstSeq = await add(log, [episodeBegan(1), step(1, 0), frame(1, 0), frame(1, 1)])
    const found = frameAt(log.reader(), firstSeq + 3)
    expect(found).toMatchObject({ episode: 1, index: 1, pixels: pixelsOf(1) })
  })

  test('is none where its pixels are gone, where another event is, and where none is yet', async () => {
    const { log, reader, row } = await logOf([frame(1, 0), frame(1, 1)])
    await log.writer.dropFrames({ beforeSeq: row.firstSeq + 2 })
    expect(frameAt(reader, row.firstSeq + 1)).toBeNull()
    expect(frameAt(reader, row.firstSeq + 2)).not.toBeNull()
    expect(frameAt(reader, row.firstSeq)).toBeNull()
    expect(frameAt(reader, 1_000)).toBeNull()
  })
})

describe('the frames of an episode', () => {
  const framesFrom = (reader: LogReader, from: number) =>
    answer(reader, { id: 1, kind: 'frames', episode: 1, from }, 'frames')

  test('come with their pixels, in order, from the one that is asked for', async () => {
    const { reader } = await logOf([frame(1, 0), step(1, 0), frame(1, 1), frame(1, 2)])
    const { frames, next } = framesFrom(reader, 1)
    expect(next).toBeNull()
    expect(frames.map(({ index, pixels }) => [index, pixels])).toEqual([
      [1, pixelsOf(1)],
      [2, pixelsOf(2)],
    ])
    expect(framesFrom(reader, 3)).toMatchObject({ frames: [], next: null })
  })

  test('come in pages that are bounded, and all of them together', async () => {
    const count = 450
    const { reader } = await logOf(Array.from({ length: count }, (_, i) => frame(1, i)))
    const sizes: number[] = []
    const seen: number[] = []
    for (let from: number | null = 0; from !== null; ) {
      const page: ReturnType<typeof framesFrom> = framesFrom(reader, from)
      sizes.push(page.frames.length)
      seen.push(...page.frames.map(({ index }) => index))
      from = page.next
    }
    expect(sizes).toEqual([200, 200, 50])
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
  })

  test('are those that the log still holds, numbered without a gap', async () => {
    const { log, reader, row } = await logOf([frame(1, 0), frame(1, 1), frame(1, 2)])
    await log.writer.dropFrames({ beforeSeq: row.firstSeq + 2 })
    const { frames, next } = framesFrom(reader, 0)
    expect([frames.map(({ index, pixels }) => [index, pixels]), next]).toEqual([
      [
        [0, pixelsOf(1)],
        [1, pixelsOf(2)],
      ],
      null,
    ])
  })
})

// What Prometheus reads at /metrics.
import { expect, test } from 'vitest'
import { Metrics, type MetricsSource } from '../../src/gateway/metrics.ts'
import { laneOf, projectionOf, systemOf } from './stage.ts'

const counters = {
  ...{ viewers: 3, built: 10, judged: 4, sent: 30, dropped: 2 },
  ...{ queuedBytes: 4096, crowdedOut: 5, answersRefused: 6 },
}
const empty: MetricsSource = { system: null, counters, totals: undefined }

/** Values by name and labels; throws for a line that is not of the text format 0.0.4. */
async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  const samples = new Map<string, number>()
  const described = new Set<string>()
  for (const line of (await metrics.text()).split('\n')) {
    const about = /^# (?:HELP|TYPE) (\S+) .+$/.exec(line)
    if (about) described.add(about[1]!)
    if (about || line === '') continue
    const sample = /^([a-z_:][a-z0-9_:]*)(\{\w+="[^"\\\n]*"(?:,\w+="[^"\\\n]*")*\})? (\S+)$/.exec(
      line,
    )
    if (sample === null) throw new Error(`expected a sample, found ${line}`)
    const [, name, labels = '', value] = sample
    const family = name!.replace(/_(?:bucket|sum|count)$/, '')
    expect(described.has(name!) || described.has(family), `${name} is described`).toBe(true)
    samples.set(`${name}${labels}`, Number(value))
  }
  return samples
}

test('U11 every name has our prefix, what waits for viewers is told, and what is not known is left out', async () => {
  const samples = await scrape(new Metrics(empty))
  for (const name of samples.keys()) expect(name).toMatch(/^rollcast_/)
  expect(samples.get('rollcast_viewers')).toBe(3)
  expect(samples.get('rollcast_viewer_queued_bytes')).toBe(4096)
  expect(samples.get('rollcast_viewers_crowded_out_total')).toBe(5)
  expect(samples.get('rollcast_viewer_answers_refused_total')).toBe(6)
  expect(samples.has('rollcast_healthy')).toBe(false)
  expect(samples.has('rollcast_steps_total')).toBe(false)
})

test('the run, its actors and its channels are told as they last were', async () => {
  const source = {
    ...empty,
    system: systemOf({ trainerCostPercent: 0.4 }),
    totals: { ...projectionOf(7).totals, steps: 40 },
  }
  const metrics = new Metrics(source)
  const first = await scrape(metrics)
  const [actor] = source.system.actors
  const [channel] = actor!.channels
  expect(first.get('rollcast_healthy')).toBe(1)
  expect(first.get('rollcast_trainer_cost_ratio')).toBeCloseTo(0.004)
  expect(first.get('rollcast_steps_total')).toBe(40)
  expect(first.get(`rollcast_actor_restarts_total{actor="${actor!.name}"}`)).toBe(actor!.restarts)
  expect(first.get(`rollcast_channel_offered_total{channel="${channel!.name}"}`)).toBe(
    channel!.offered,
  )
  // Who is gone is told no more, and a counter is what it is now, not the sum of what was read.
  source.system = systemOf({ actors: [] })
  const second = await scrape(metrics)
  expect(second.get('rollcast_steps_total')).toBe(40)
  expect([...second.keys()].filter(name => name.includes('rollcast_actor_'))).toEqual([])
})

test('F16 the frames on their way to viewers are told, where a trainer shows any', async () => {
  const told = async (system: MetricsSource['system']): Promise<[string, number][]> =>
    [...(await scrape(new Metrics({ ...empty, system })))].filter(([name]) =>
      name.startsWith('rollcast_lane_'),
    )
  expect(await told(systemOf())).toEqual([])
  expect(Object.fromEntries(await told(systemOf({ lane: laneOf({ source: 'log' }) })))).toEqual({
    rollcast_lane_wanted_frames_per_second: 30,
    rollcast_lane_stuck: 1,
    rollcast_lane_published_frames_total: 7,
    rollcast_lane_refused_frames_total: 1,
    rollcast_lane_skipped_frames_total: 3,
    rollcast_lane_shown_frames_total: 5,
    rollcast_lane_steps_per_second: 90,
  })
})

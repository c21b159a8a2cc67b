// Events of every kind, with every value that they may carry. General kinds carry -0 as 0 and a key
// `__proto__` as `__proto_` (codec.test.ts says so), so these two are left out of round trips.
import fc from 'fast-check'
import {
  type Event,
  type EventOf,
  type EventType,
  frameFormats,
  type ReleaseReason,
  type StepLayout,
} from '../../src/protocol/events.ts'
import { shapeOf } from '../../src/protocol/step-layout.ts'

/** Names that a careless map would take for its own. */
export const treacherousNames = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'] as const

export const names = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom(...treacherousNames),
)
const keys = names.filter(name => name !== '__proto__')
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** NaN and the infinities among them, -0 not. */
export const numbers = fc.double().map(value => (value === 0 ? 0 : value))
const lists = fc.array(fc.double(), { minLength: 1, maxLength: 6 })
const dictionary = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(keys, values, { noNullPrototype: true, maxKeys: 5 })

/** What a trainer may put into `info`, `config` and `data`. */
export const information: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    numbers,
    fc.boolean(),
    fc.constantFrom(null, undefined, '', Number.MAX_SAFE_INTEGER, -(2 ** 40)),
    fc.string({ unit: 'grapheme' }),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.float32Array(),
    fc.float64Array(),
    fc.int16Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    dictionary(tie('value')),
  ),
})).value

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>

/** `required` with any of `optional`. */
const withOptional = <E extends Event>(
  required: fc.Arbitrary<Partial<E>>,
  optional: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<E> =>
  fc
    .tuple(required, fc.record(optional, { requiredKeys: [], noNullPrototype: true }))
    .map(([fields, extra]) => ({ ...fields, ...extra }) as unknown as E)

const type = <T extends EventType>(name: T): fc.Arbitrary<T> => fc.constant(name)
const place = { agent: names, episode: u32 }
const start = { seed: numbers, stage: numbers, epsilon: numbers, info: information.filter(isGiven) }

function isGiven(value: unknown): boolean {
  return value !== undefined
}

/** A step without `info` or with any of its optional fields. */
export const stepEvents = withOptional<EventOf<'step_taken'>>(
  record({
    type: type('step_taken'),
    ...place,
    step: u32,
    reward: fc.double(),
    intrinsicReward: fc.double(),
    terminated: fc.boolean(),
    truncated: fc.boolean(),
  }),
  {
    position: lists,
    action: fc.oneof(fc.double(), lists),
    qValues: lists,
    logits: lists,
    meters: fc
      .uniqueArray(fc.tuple(names, fc.double()), { minLength: 1, selector: ([name]) => name })
      .map(entries => Object.fromEntries(entries)),
    observation: lists,
    info: information.filter(isGiven),
  },
)

export const frameEvents: fc.Arbitrary<EventOf<'frame_captured'>> = record({
  type: type('frame_captured'),
  ...place,
  camera: names,
  step: u32,
  index: u32,
  width: fc.integer({ min: 1, max: 65_535 }),
  height: fc.integer({ min: 1, max: 65_535 }),
  format: fc.constantFrom(...frameFormats),
  byteLength: u32,
  crc: u32,
})

/** The layout that a step has, under `number`. */
export const layoutOf = (step: EventOf<'step_taken'>, number: number): StepLayout => ({
  kind: 'step',
  layout: number,
  agent: step.agent,
  ...shapeOf(step),
})

/** Every kind of event but steps and frames, which need a layout. */
export const generalEvents: {
  readonly [T in Exclude<EventType, 'step_taken' | 'frame_captured'>]: fc.Arbitrary<EventOf<T>>
} = {
  video_committed: record({
    type: type('video_committed'),
    ...place,
    camera: names,
    fromIndex: u32,
    frames: u32,
    fromSeq: u32,
    toSeq: u32,
    file: names,
    bytes: u32,
    width: u32,
    height: u32,
    fps: u32,
    codec: names,
    pixelFormat: names,
    encoder: names,
    reason: names,
    statistics: dictionary(fc.oneof(numbers, fc.array(numbers))),
  }),
  video_failed: record({
    type: type('video_failed'),
    ...place,
    camera: names,
    fromIndex: u32,
    reason: names,
  }),
  episode_saved: record({
    type: type('episode_saved'),
    ...place,
    datasetEpisode: u32,
    rows: u32,
  }),
  episode_refused: record({ type: type('episode_refused'), ...place, reason: names }),
  episode_released: record({
    type: type('episode_released'),
    ...place,
    reason: fc.constantFrom<ReleaseReason>('discarded', 'not_kept', 'overtaken'),
    fromSeq: fc.maxSafeNat(),
    toSeq: fc.maxSafeNat(),
    frames: u32,
  }),
  run_started: withOptional<EventOf<'run_started'>>(
    record({
      type: type('run_started'),
      run: names,
      name: names,
      pid: u32,
      software: fc.string(),
    }),
    { config: dictionary(information), keep: fc.string() },
  ),
  recovered: record({
    type: type('recovered'),
    previousEpoch: u32,
    lastSeq: fc.maxSafeNat(),
    cutBytes: u32,
    inFlightBytesMax: u32,
    inFlightMillisMax: u32,
  }),
  salvaged: record({
    type: type('salvaged'),
    previousEpoch: u32,
    lastSeq: fc.maxSafeNat(),
    skipped: fc.array(
      record({ fromSeq: fc.maxSafeNat(), toSeq: fc.maxSafeNat(), whole: fc.boolean() }),
    ),
    lostFrames: fc.array(record({ fromSeq: fc.maxSafeNat(), toSeq: fc.maxSafeNat() })),
  }),
  run_ended: record({
    type: type('run_ended'),
    reason: fc.constantFrom('closed', 'exit', 'signal', 'failed'),
  }),
  layout_declared: fc.oneof(
    stepEvents.map(step => ({ type: 'layout_declared' as const, ...layoutOf(step, 1) })),
    frameEvents.map(({ agent, camera, width, height, format }) => ({
      ...{ type: 'layout_declared' as const, kind: 'frame' as const, layout: 2 },
      ...{ agent, camera, width, height, format },
    })),
  ),
  episode_began: withOptional<EventOf<'episode_began'>>(
    record({ type: type('episode_began'), ...place }),
    start,
  ),
  metrics_sampled: withOptional<EventOf<'metrics_sampled'>>(
    record({ type: type('metrics_sampled'), globalStep: numbers, values: dictionary(numbers) }),
    { agent: names },
  ),
  insight_given: withOptional<EventOf<'insight_given'>>(
    record({ type: type('insight_given'), kind: names, data: information }),
    { agent: names },
  ),
  episode_ended: withOptional<EventOf<'episode_ended'>>(
    record({
      type: type('episode_ended'),
      ...place,
      steps: u32,
      frames: u32,
      totalReward: numbers,
      extrinsicReward: numbers,
      intrinsicReward: numbers,
      terminated: fc.boolean(),
      truncated: fc.boolean(),
      reason: fc.oneof(fc.constantFrom('terminated', 'truncated', 'superseded'), fc.string()),
      startTime: numbers,
    }),
    { ...start, discarded: fc.constant(true as const) },
  ),
  milestone_reached: record({
    type: type('milestone_reached'),
    milestone: fc.constantFrom('best_return', 'longest_episode', 'stage_transition'),
    ...place,
    value: numbers,
    previous: fc.option(numbers),
  }),
  frames_counted: withOptional<EventOf<'frames_counted'>>(
    record({
      type: type('frames_counted'),
      ...place,
      camera: names,
      owed: u32,
      intact: u32,
      bytes: fc.maxSafeNat(),
    }),
    { released: u32 },
  ),
  actor_changed: withOptional<EventOf<'actor_changed'>>(
    record({
      type: type('actor_changed'),
      actor: names,
      machine: names,
      from: fc.string(),
      to: fc.string(),
      restarts: u32,
    }),
    { reason: fc.string(), awayMillis: numbers },
  ),
  gap_found: record({
    type: type('gap_found'),
    cause: fc.constant('ring_full'),
    events: u32,
    bytes: fc.maxSafeNat(),
  }),
  input_refused: record({
    type: type('input_refused'),
    agent: names,
    code: fc.string(),
    message: fc.string({ unit: 'grapheme' }),
    count: u32,
  }),
  event_quarantined: record({
    type: type('event_quarantined'),
    actor: names,
    seq: fc.option(u32),
    error: fc.string(),
    deaths: u32,
  }),
  trainer_cost_measured: record({
    type: type('trainer_cost_measured'),
    percent: numbers,
    calls: u32,
    meanNanos: numbers,
  }),
  unknown: record({
    type: type('unknown'),
    kind: fc.integer({ min: 1000, max: 65_535 }),
    version: fc.integer({ min: 0, max: 255 }),
    body: fc.uint8Array({ minLength: 8, maxLength: 50 }),
  }),
}

/** When an event was, as its record holds it. */
export const times = fc.double({ noNaN: true })

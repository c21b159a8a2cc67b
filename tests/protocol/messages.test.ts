import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import {
  type ClientMessage,
  clientMessageSchema,
  viewerChannels,
} from '../../src/protocol/client-messages.ts'
import { limits } from '../../src/protocol/limits.ts'
import { stringifyMessage } from '../../src/protocol/message-text.ts'
import { type ServerMessage, serverMessageSchema } from '../../src/protocol/server-messages.ts'
import { encodingOf, packMessage, unpackMessage } from '../../src/protocol/viewer-encoding.ts'
import { closeCodes, modes, shouldReconnect } from '../../src/protocol/viewer-protocol.ts'

type Model<T> = { [K in keyof T]: fc.Arbitrary<unknown> }
type OneOf<Message extends { type: string }, T> = Omit<Extract<Message, { type: T }>, 'type'>

/** Any number that JSON cannot carry included; -0 is 0 in JSON. */
const number = fc.double().map(value => (value === 0 ? 0 : value))
const count = fc.maxSafeNat()
const text = fc.string({ unit: 'grapheme' })
const flag = fc.boolean()
const names = text.filter(name => name !== '__proto__')
const position = fc.record({ epoch: count, seq: count }, { noNullPrototype: true })
const nullable = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.option(value)
const object = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(model, { noNullPrototype: true })
const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.array(item, { maxLength: 3 })

const row = object({
  ...{ episode: count, agent: text, start_time: number, end_time: number, steps: count },
  ...{ frames: count, total_reward: number, extrinsic_reward: number, intrinsic_reward: number },
  ...{ curriculum_stage: nullable(number), epsilon: nullable(number), seed: nullable(number) },
  ...{ terminated: flag, truncated: flag, reason: text },
})

const state = {
  step: count,
  cumulative_reward: number,
  position: nullable(list(number)),
  meters: nullable(fc.dictionary(names, number, { noNullPrototype: true })),
  action: nullable(fc.oneof(number, list(number))),
  q_values: nullable(list(number)),
  reward: number,
  done: flag,
}

const series = fc.record(
  {
    ...{ name: text, count, last: number, mean: number, moving_average: number },
    ...{ min: number, max: number, slope: number },
    trend: fc.constantFrom('rising', 'falling', 'flat'),
    points: fc.array(fc.tuple(number, number), { maxLength: 3 }),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      ...(['name', 'count', 'last', 'mean', 'moving_average', 'min', 'max'] as const),
      ...(['slope', 'trend'] as const),
    ],
  },
)

const channel = object({
  ...{ name: text, policy: text, offered: count, taken: count, dropped: count, spilled: count },
  ...{
    count_max: count,
    bytes_max: count,
    blocked_millis: number,
    depth: count,
    depth_bytes: count,
    high_water: count,
  },
})

const actor = object({
  ...{ name: text, placement: fc.constantFrom('thread', 'process'), machine: text, state: text },
  ...{
    restarts: count,
    quarantined: count,
    reason: nullable(text),
    lag: nullable(count),
    channels: list(channel),
  },
})

const totals = object({
  ...{ episodes: count, steps: count, frames: count, events: count },
  ...{ lost_events: count, refused_inputs: count },
})

const commits = object({ count, p50_millis: number, p99_millis: number, max_millis: number })

const header = { v: fc.constant(1), mode: fc.constantFrom(...modes) }

const serverModels: {
  [T in ServerMessage['type']]: Model<OneOf<ServerMessage, T>>
} = {
  connection_established: {
    ...header,
    ...{ client_id: text, server_time: number, run: nullable(text), name: nullable(text) },
    ...{ agents: list(text), channels: list(text) },
    ...{ continuation: fc.constantFrom('fresh', 'resume', 'resync'), position },
  },
  episode_start: {
    ...header,
    ...{ agent: text, episode: count, survival_steps: nullable(count) },
    ...{ curriculum_stage: nullable(number), epsilon: nullable(number), timestamp: number },
  },
  state_update: {
    ...header,
    ...{ agent: text, episode: count, timestamp: number, position_in_log: position },
    ...state,
  },
  episode_end: {
    ...header,
    ...{ agent: text, episode: count, steps: count, total_reward: number },
    ...{ extrinsic_reward: number, intrinsic_reward: number, curriculum_stage: nullable(number) },
    ...{ reason: text, skipped: count },
  },
  episode: {
    ...header,
    ...{ request: nullable(count), row, thinned_by: fc.integer({ min: 1 }) },
    ...{ steps: list(object({ offset_millis: number, ...state })), frames_following: count },
  },
  episodes: {
    ...header,
    ...{ request: nullable(count), rows: list(row), more: flag, next: nullable(count) },
  },
  metrics: { ...header, time: number, totals, series: list(series) },
  milestone: {
    ...header,
    ...{ milestone: text, agent: text, episode: count, value: number },
    ...{ previous: nullable(number), time: number },
  },
  insight: {
    ...header,
    ...{ kind: text, agent: nullable(text), time: number },
    // In MessagePack a member that is called __proto__ comes as __proto_.
    data: fc
      .jsonValue()
      .map(value => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown),
  },
  system: {
    ...header,
    ...{ time: number, viewers: count, durable: position, newest: position },
    ...{ trainer_attached: flag, trainer_cost_percent: nullable(number), episodes_queued: count },
    ...{ episodes_dropped: count, healthy: flag, problem: nullable(text), actors: list(actor) },
    commits: nullable(commits),
  },
  pong: { ...header, client_time: number, server_time: number },
  error: {
    ...header,
    ...{ request: nullable(count), code: text, message: text, at: count, length: count },
  },
}

const agent = fc.string({ maxLength: 256 })
const preferences = {
  channels: fc.subarray([...viewerChannels]),
  delivery: fc.constantFrom('newest', 'paced', 'whole'),
  step_delay: fc.double({ min: 0, max: 60, noNaN: true }).map(Math.abs),
  max_fps: fc.double({ min: 0.1, max: 240, noNaN: true }),
  agent: nullable(agent),
  agents: fc.oneof(fc.constant('all'), fc.array(agent, { minLength: 1, maxLength: 64 })),
  where: nullable(text),
}
const page = {
  before: count,
  after: count,
  where: nullable(text),
  limit: fc.integer({ min: 1, max: 200 }),
}

/** Required fields and optional ones. */
const clientModels: {
  [T in ClientMessage['type']]: readonly [
    Record<string, fc.Arbitrary<unknown>>,
    Record<string, fc.Arbitrary<unknown>>,
  ]
} = {
  hello: [
    { v: fc.constant(1) },
    {
      ...{ ...preferences, resume: position },
      compression: fc.constantFrom('none', 'deflate'),
    },
  ],
  set: [{}, preferences],
  list_episodes: [{ request: count }, page],
  get_episode: [{ request: count, episode: count }, {}],
  ping: [{ client_time: number }, {}],
}

/** What the other side has before it looks at the schema. */
const wires = {
  json: (message: ServerMessage | ClientMessage): unknown => JSON.parse(stringifyMessage(message)),
  msgpack: (message: ServerMessage | ClientMessage) => unpackMessage(packMessage(message)),
}

const typesOf = (options: readonly { entries: { type: { literal: string } } }[]): string[] =>
  options.map(option => option.entries.type.literal).sort()

describe('every message of the server', () => {
  test('is tried here', () => {
    expect(Object.keys(serverModels).sort()).toEqual(typesOf(serverMessageSchema.options))
  })

  for (const [type, model] of Object.entries(serverModels)) {
    test(`survives the wire, numbers that are not finite included: ${type}`, () => {
      fc.assert(
        fc.property(object({ type: fc.constant(type), ...model }), message => {
          for (const wire of Object.values(wires)) {
            expect(v.parse(serverMessageSchema, wire(message as ServerMessage))).toStrictEqual(
              message,
            )
          }
        }),
        { numRuns: 50 },
      )
    })

    test(`L9: says its mode, else it is refused: ${type}`, () => {
      fc.assert(
        fc.property(object({ type: fc.constant(type), ...model }), message => {
          const { mode: _, ...without } = message as ServerMessage
          const refused = v.safeParse(
            serverMessageSchema,
            JSON.parse(stringifyMessage(message as never)),
          )
          expect(refused.success).toBe(true)
          expect(v.safeParse(serverMessageSchema, without).success).toBe(false)
        }),
        { numRuns: 3 },
      )
    })
  }
})

describe('every message of a viewer', () => {
  test('is tried here', () => {
    expect(Object.keys(clientModels).sort()).toEqual(typesOf(clientMessageSchema.options))
  })

  for (const [type, [required, optional]] of Object.entries(clientModels)) {
    test(`survives the wire: ${type}`, () => {
      const messages = fc
        .tuple(
          object({ type: fc.constant(type), ...required }),
          fc.record(optional, { requiredKeys: [], noNullPrototype: true }),
        )
        .map(([fields, extra]) => ({ ...fields, ...extra }))
      fc.assert(
        fc.property(messages, message => {
          for (const wire of Object.values(wires)) {
            expect(v.parse(clientMessageSchema, wire(message as ClientMessage))).toStrictEqual(
              message,
            )
          }
        }),
        { numRuns: 50 },
      )
    })
  }

  test('is refused when it is out of bounds', () => {
    const bad: unknown[] = [
      { type: 'hello', v: 2 },
      { type: 'hello', v: 1, channels: ['chat'] },
      { type: 'set', channels: ['chat'] },
      { type: 'hello', v: 1, channels: Array(100).fill('system') },
      { type: 'hello', v: 1, compression: 'lzw' },
      { type: 'set', step_delay: -1 },
      { type: 'set', step_delay: 61 },
      { type: 'set', max_fps: 0 },
      { type: 'set', delivery: 'eventually' },
      { type: 'set', agent: 'a'.repeat(257) },
      { type: 'list_episodes', request: 1, limit: limits.episodePage + 1 },
      { type: 'list_episodes', request: -1 },
      { type: 'get_episode', request: 1, episode: 1.5 },
      { type: 'delete_everything' },
      null,
    ]
    for (const message of bad) expect(v.safeParse(clientMessageSchema, message).success).toBe(false)
  })

  test('is refused for anything that is no message, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        expect(v.safeParse(clientMessageSchema, value).success).toBe(false)
        expect(v.safeParse(serverMessageSchema, value).success).toBe(false)
      }),
    )
  })
})

describe('an insight', () => {
  const insight = (data: unknown): ServerMessage => ({
    ...{ v: 1, mode: 'live', type: 'insight', kind: 'k', agent: null, time: 0, data },
  })

  test('with big integers, dates or nothing in it reaches the viewer as text or null', () => {
    const data = { big: 2n ** 70n, nan: Number.NaN, at: new Date(0), deep: [{ big: -1n }] }
    for (const wire of Object.values(wires)) {
      expect(v.parse(serverMessageSchema, wire(insight(data)))).toMatchObject({
        data: {
          big: '1180591620717411303424',
          nan: 'NaN',
          at: '1970-01-01T00:00:00.000Z',
          deep: [{ big: '-1' }],
        },
      })
      expect(v.safeParse(serverMessageSchema, wire(insight(undefined))).success).toBe(true)
    }
  })
})

describe('meters named like properties of every object', () => {
  test('do no harm on their way to a viewer', () => {
    const wire = '{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3}'
    const message = {
      ...{ v: 1, mode: 'live', type: 'state_update', agent: 'a', episode: 1, timestamp: 0 },
      ...{ position_in_log: { epoch: 1, seq: 1 }, step: 0, cumulative_reward: 0, position: null },
      ...{
        action: null,
        q_values: null,
        reward: 0,
        done: false,
        meters: JSON.parse(wire) as unknown,
      },
    }
    const parsed = v.parse(serverMessageSchema, message)
    expect(parsed).toMatchObject({ meters: { constructor: 2, hasOwnProperty: 3 } })
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

describe('MessagePack', () => {
  test('B5 of any bytes at all is read or refused, in bounded room, and pollutes nothing', () => {
    const claims = [0xdd, 0xdf, 0xdb, 0xc6].map(code => [code, 0x7f, 0xff, 0xff, 0xff])
    const deep = Array.from({ length: limits.viewerMessageBytesMax }, () => 0x91)
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...claims, deep))
    fc.assert(
      fc.property(bytes, some => {
        const before = process.memoryUsage().arrayBuffers
        try {
          v.safeParse(clientMessageSchema, unpackMessage(Uint8Array.from(some)))
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('is chosen by the name of the subprotocol, the first one that is known', () => {
    expect(encodingOf(['rollcast.v9', 'rollcast.v1+msgpack', 'rollcast.v1+json'])).toBe('msgpack')
    expect(encodingOf(['rollcast.v1+json'])).toBe('json')
    expect(encodingOf(['soap'])).toBe(undefined)
  })
})

describe('close codes', () => {
  test('4000 to 4499 say come back, 4500 to 4999 do not', () => {
    const reconnecting = Object.entries(closeCodes).filter(([, code]) => shouldReconnect(code))
    expect(reconnecting.map(([name]) => name)).toEqual([
      ...['goingAway', 'tooSlow', 'tooManyMessages', 'serverFull'],
    ])
    expect(shouldReconnect(1006)).toBe(true)
    for (const code of Object.values(closeCodes)) expect(code >= 4000 && code < 5000).toBe(true)
  })
})

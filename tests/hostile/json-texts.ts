// JSON that a hostile viewer might send: tables of texts that are refused, that are taken, and that would
// poison what they are merged into; and an arbitrary that mixes all of them.
import fc from 'fast-check'

/** Anything that a string can hold, halves of pairs among it. (The library's own takes long to make.) */
export const anyCharacters = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength })
    .map(points => String.fromCodePoint(...points))

const nested = (depth: number, open: string, close: string, core: string): string =>
  `${open.repeat(depth)}${core}${close.repeat(depth)}`
const inMessage = (value: string): string => `{"type":"ping","client_time":1,"x":${value}}`

/** Texts that are none of our messages, in kinds; each kind has as many as its list is long. */
export const refused: readonly string[] = [
  // Broken.
  ...'{ [ " } ] , : tru nul -  01 1. .5 +1 0x1 1e 1e+ \' undefined NaN Infinity -Infinity {} [] null true 0 ""'.split(
    ' ',
  ),
  ...[
    '{"type"}',
    '{"type":}',
    '{,}',
    '[1,]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '// x',
    '/**/{}',
  ],
  ...[
    '\ufeff{"type":"ping","client_time":1}',
    '{"type":"ping","client_time":1}x',
    '{}{}',
    '\u0000',
    '\u2028',
  ],
  ...['"\\x"', '"\\u12"', '"\\ud800', '"a\nb"', '"\t"', '{"\\ud800":1}', '["\\udc00\\ud800"]'],
  // Numbers that are none of ours.
  ...['NaN', '"1"', 'null', '[1]', '{}', 'true'].map(
    value => `{"type":"ping","client_time":${value}}`,
  ),
  ...[
    '-1',
    '1.5',
    '1e400',
    '9007199254740993e3',
    '"1"',
    'null',
    '[]',
    '{"valueOf":1}',
    '"../../1"',
  ].flatMap(value => [
    `{"type":"get_episode","request":1,"episode":${value}}`,
    `{"type":"get_episode","request":${value},"episode":1}`,
    `{"type":"list_episodes","request":1,"before":${value}}`,
  ]),
  ...['0', '201', '-5', '1.5', '1e9', '"9"', 'null'].map(
    value => `{"type":"list_episodes","request":1,"limit":${value}}`,
  ),
  ...['0', '241', '-1', '1e999', '"30"', 'null', '[30]'].map(
    value => `{"type":"set","max_fps":${value}}`,
  ),
  ...['-1', '61', 'null', '"0"'].map(value => `{"type":"set","step_delay":${value}}`),
  ...['"fast"', '1', 'null', '["paced"]'].map(value => `{"type":"set","delivery":${value}}`),
  ...[`"${'a'.repeat(257)}"`, '1', '[]', '{}'].map(value => `{"type":"set","agent":${value}}`),
  // No type, or another.
  ...[
    '',
    'HELLO',
    'hello ',
    'constructor',
    '__proto__',
    'toString',
    'ping\u0000',
    'a'.repeat(10_000),
  ].map(type => JSON.stringify({ type })),
  '{"type":["ping"],"client_time":1}',
  '{"type":{"toString":"ping"},"client_time":1}',
  '{"type":"hello","v":1}',
  '{"type":"hello","v":2}',
  // Doubled: the last one counts.
  '{"type":"ping","client_time":1,"client_time":"x"}',
  '{"type":"ping","client_time":1,"type":"no"}',
  // Too deep, in all ways.
  ...[17, 18, 100, 1000, 5000].flatMap(depth => [
    nested(depth, '[', ']', ''),
    nested(Math.min(depth, 2500), '{"a":', '}', '1'),
    inMessage(nested(depth, '[', ']', '')),
    inMessage(nested(Math.min(depth, 2500), '{"a":', '}', '1')),
    inMessage(nested(Math.min(depth, 2000), '[{"a":', '}]', '1')),
    inMessage(nested(Math.min(depth, 1200), '{"__proto__":', '}', '{}')),
    nested(depth, '[', '', ''),
  ]),
]

/** What is ours with something beside it that is not looked at. */
export const accepted: readonly string[] = [
  '{"client_time":1,"type":"no","type":"ping"}',
  inMessage(nested(15, '[', ']', '')),
  inMessage(nested(15, '{"a":', '}', '1')),
  inMessage(`"${'a'.repeat(16_000)}"`),
  `{"type":"ping","client_time":1,"${'k'.repeat(16_000)}":1}`,
  inMessage(`[${'0,'.repeat(7_000)}0]`),
  inMessage(`{${Array.from({ length: 1_200 }, (_, i) => `"k${i}":${i}`).join(',')}}`),
  '{"type":"set","agent":"\\ud800"}',
  '{"type":"set","agent":"__proto__"}',
  '{"type":"set","agent":"constructor"}',
  '{"type":"set","agent":null}',
  '{"type":"ping","client_time":-0}',
  '{"type":"ping","client_time":1e-400}',
  '  {"type" : "ping" ,\n"client_time"\t:1 }  ',
]

export const evilKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'toJSON',
  'then',
]
const evil = ['{"x":1}', '{"prototype":{"x":1}}', '{"__proto__":{"x":1}}', '1', 'null', '[]']
/** Sixty texts and more that would set `x` on everything, were they merged into something. */
export const poisoned: readonly string[] = evilKeys.flatMap(key =>
  evil.flatMap(value => [
    `{"type":"set","${key}":${value}}`,
    `{"${key}":${value}}`,
    inMessage(`{"${key}":${value}}`),
  ]),
)

const objectText: fc.Memo<string> = fc.memo(depth => {
  const leaf = fc.oneof(
    fc.jsonValue().map(value => JSON.stringify(value)),
    fc.constantFrom(...evil, 'NaN', '-', '"\\ud800"'),
  )
  if (depth <= 1) return leaf
  const key = fc.oneof(
    fc.constantFrom(...evilKeys, 'type', 'request', 'agent', 'client_time'),
    fc.string(),
  )
  const members = fc.array(fc.tuple(key, objectText(depth - 1)), { maxLength: 4 })
  return fc.oneof(
    leaf,
    members.map(
      all => `{${all.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
    ),
    fc.array(objectText(depth - 1), { maxLength: 4 }).map(all => `[${all.join(',')}]`),
  )
})

/** Messages of ours with one thing changed, and things that only look like them. */
export const anyText = fc.oneof(
  objectText(5),
  fc
    .tuple(fc.constantFrom('set', 'ping', 'get_episode', 'list_episodes', 'hello'), objectText(4))
    .map(
      ([type, value]) => `{"type":"${type}","client_time":${value},"request":1,"episode":${value}}`,
    ),
  fc
    .tuple(fc.constantFrom(...refused, ...accepted, ...poisoned), fc.nat(), anyCharacters(3))
    .map(([text, at, noise]) =>
      `${text.slice(0, at % (text.length + 1))}${noise}${text.slice((at % (text.length + 1)) + 1)}`
        .toWellFormed()
        .slice(0, 4_000),
    ),
)

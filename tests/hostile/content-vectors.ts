// What RFC 6455 says of what frames carry: UTF-8 wherever it is cut, codes and reasons of the end, and
// sizes.
import { frame } from './peer.ts'
import {
  ANSWERED,
  binary,
  close,
  closing,
  continuation,
  FAILED,
  fragments,
  MAX,
  NOT_TEXT,
  part,
  ping,
  QUESTION,
  question,
  REFUSED,
  TOO_LARGE,
  text,
  type Vector,
} from './vector.ts'

/** The smallest, the largest and the odd ones of each length, and what editors like to lose. */
const goodTexts = [
  'κόσμε',
  '\u0000',
  '\u007f\u0080',
  '\u07ff\u0800',
  '\uffff',
  '\ufffd\ufeff',
  '\u{10000}\u{10ffff}',
  '👩‍👩‍👧',
]
const badTexts: readonly (readonly [string, readonly number[]])[] = [
  ['a continuation byte alone', [0x80]],
  ['two continuation bytes', [0xbf, 0x80]],
  ['a start of two bytes at the end', [0xc3]],
  ['a start of three bytes, cut', [0xe2, 0x82]],
  ['a start of four bytes, cut', [0xf0, 0x9f, 0x98]],
  ['a start and no continuation', [0xc3, 0x28]],
  ['a slash in two bytes', [0xc0, 0xaf]],
  ['a slash in three bytes', [0xe0, 0x80, 0xaf]],
  ['a slash in four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['zero in two bytes', [0xc0, 0x80]],
  ['the longest forms of their length', [0xe0, 0x9f, 0xbf]],
  ['the first surrogate', [0xed, 0xa0, 0x80]],
  ['the last surrogate', [0xed, 0xbf, 0xbf]],
  ['a pair of surrogates', [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
  ['beyond the last character', [0xf4, 0x90, 0x80, 0x80]],
  ['five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['six bytes', [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]],
  ['fe', [0xfe]],
  ['ff', [0xff]],
]
/** The same, within a JSON text that would be answered. */
const around = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`{"type":"ping","client_time":7,"x":"`), bytes, Buffer.from('"}')])
const place = around(Buffer.alloc(0)).length - 2

const utf8: Vector[] = [
  ...goodTexts.map(words => ({
    name: `6 UTF-8 ${JSON.stringify(words)}, cut everywhere`,
    // A zero byte may not stand in JSON; the message is refused in words, and was text.
    sent: fragments(
      around(Buffer.from(words)),
      Array.from({ length: Buffer.byteLength(words) + 1 }, (_, i) => place + i),
    ),
    ...(words === '\u0000' ? REFUSED : ANSWERED),
  })),
  ...badTexts.map(([name, bytes]) => ({
    name: `6 ${name}`,
    sent: [frame(text, around(Uint8Array.from(bytes)))],
    ...NOT_TEXT,
  })),
  {
    name: '6 a character cut by a frame, whose end never comes',
    sent: [part(text, Uint8Array.of(0xe2, 0x82)), frame(continuation, 'x')],
    ...NOT_TEXT,
  },
  {
    name: '6 bad bytes in the first of two fragments',
    sent: [part(text, Uint8Array.of(0xff)), frame(continuation, 'x')],
    ...NOT_TEXT,
  },
]

const closes: Vector[] = [
  { name: '7 an end without a code', sent: [frame(close)], closes: 1005 },
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map(code => ({
    name: `7 an end with ${code}`,
    sent: [closing(code)],
    closes: code,
  })),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map(code => ({
    name: `7 an end with ${code}, which may not be sent`,
    sent: [closing(code)],
    ...FAILED,
  })),
  { name: '7 an end with a reason', sent: [closing(1000, 'I am done')], closes: 1000 },
  { name: '7 the longest reason', sent: [closing(1000, 'x'.repeat(123))], closes: 1000 },
  { name: '7 a reason that is too long', sent: [closing(1000, 'x'.repeat(124))], ...FAILED },
  { name: '7 a reason that is not UTF-8', sent: [closing(1000, Uint8Array.of(0xff))], ...NOT_TEXT },
  { name: '7 half of a code', sent: [frame(close, 'x')], ...FAILED },
  { name: '7 an end in fragments', sent: [part(close, Buffer.of(3, 232))], ...FAILED },
  { name: '7 two ends', sent: [closing(1000), closing(1001)], closes: 1000 },
  {
    name: '7 a ping behind the end',
    sent: [closing(1000), frame(ping, 'x')],
    closes: 1000,
    pongs: [],
  },
  {
    name: '7 text behind the end',
    sent: [closing(1000), frame(text, QUESTION)],
    closes: 1000,
    replies: [],
  },
  {
    name: '7 garbage behind the end',
    sent: [closing(1000), Buffer.alloc(100, 0xff)],
    closes: 1000,
  },
]

const sizes: Vector[] = [
  { name: '9 a byte too many', sent: [frame(text, question(MAX + 1))], ...TOO_LARGE },
  { name: '9 a byte too many, binary', sent: [frame(binary, Buffer.alloc(MAX + 1))], ...TOO_LARGE },
  ...[
    65536,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ].map(announced => ({
    name: `9 ${announced} bytes announced`,
    sent: [frame(text, 'x', { announced, lengthBytes: 8 })],
    ...TOO_LARGE,
  })),
  {
    name: '9 fragments that come to too much',
    sent: [part(text, 'x'.repeat(MAX)), frame(continuation, 'x')],
    ...TOO_LARGE,
  },
  {
    name: '9 fragments that would come to too much',
    sent: [part(text, 'x'), frame(continuation, 'x', { announced: MAX, lengthBytes: 2 })],
    ...TOO_LARGE,
  },
  {
    name: '9 the largest message in fragments of 1024',
    sent: fragments(
      question(MAX),
      Array.from({ length: 15 }, (_, i) => (i + 1) * 1024),
    ),
    ...ANSWERED,
  },
  {
    name: '9 the largest message, in writes of 1000 bytes',
    sent: Array.from({ length: 17 }, (_, i) =>
      frame(text, question(MAX)).subarray(i * 1000, (i + 1) * 1000),
    ),
    ...ANSWERED,
  },
]

export const contentVectors: readonly Vector[] = [...utf8, ...closes, ...sizes]

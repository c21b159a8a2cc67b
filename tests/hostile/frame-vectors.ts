// What RFC 6455 says of frames: lengths, masks, pings, reserved bits and opcodes, fragments. Drawn up
// after the groups of Autobahn's test suite, for this server's limits (16 KiB a message, 64 fragments).
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
  manyFragments,
  octets,
  part,
  ping,
  pong,
  QUESTION,
  question,
  REFUSED,
  text,
  type Vector,
} from './vector.ts'

const framing: Vector[] = [
  ...[31, 125, 126, 127, 128, 255, 256, 4096, MAX - 1, MAX].map(bytes => ({
    name: `1 text of ${bytes} bytes`,
    sent: [frame(text, question(bytes))],
    ...ANSWERED,
  })),
  ...[125, 126, 128].map(bytes => ({
    name: `1 text of ${bytes} bytes, byte by byte`,
    sent: octets(frame(text, question(bytes))),
    ...ANSWERED,
  })),
  { name: '1 empty text is no message', sent: [frame(text)], ...REFUSED },
  ...[0, 1, 125, 126, 128, MAX].map(bytes => ({
    name: `1 binary of ${bytes} bytes is refused in words`,
    sent: [frame(binary, Buffer.alloc(bytes, 0xfe))],
    ...REFUSED,
  })),
  {
    name: '1 a mask of zeros',
    sent: [frame(text, QUESTION, { mask: [0, 0, 0, 0] })],
    ...ANSWERED,
  },
  {
    name: '1 two messages in one write',
    sent: [Buffer.concat([frame(text, QUESTION), frame(text, QUESTION)])],
    replies: ['pong', 'pong'],
  },
  ...[text, binary, continuation, close, ping, pong].map(opcode => ({
    name: `1 without a mask, opcode ${opcode}`,
    sent: [
      ...(opcode === continuation ? [part(text, '{')] : []),
      frame(opcode, '', { isMasked: false }),
    ],
    ...FAILED,
  })),
]

const pings: Vector[] = [
  { name: '2 an empty ping', sent: [frame(ping)], pongs: [''] },
  { name: '2 a ping with words', sent: [frame(ping, 'hello')], pongs: ['hello'] },
  {
    name: '2 a ping that is not UTF-8',
    sent: [frame(ping, Buffer.from([0, 255, 254, 0x80]))],
    pongs: ['\x00\xff\xfe\x80'],
  },
  { name: '2 a ping of 125', sent: [frame(ping, 'x'.repeat(125))], pongs: ['x'.repeat(125)] },
  {
    name: '2 a ping of 125, byte by byte',
    sent: octets(frame(ping, 'y'.repeat(125))),
    pongs: ['y'.repeat(125)],
  },
  { name: '2 a ping of 126', sent: [frame(ping, 'x'.repeat(126))], ...FAILED },
  { name: '2 a pong of 126', sent: [frame(pong, 'x'.repeat(126))], ...FAILED },
  {
    name: '2 a ping whose length takes 8 bytes',
    sent: [frame(ping, '', { lengthBytes: 8 })],
    ...FAILED,
  },
  { name: '2 a pong that nobody asked for', sent: [frame(pong)], pongs: [] },
  { name: '2 a pong with words that nobody asked for', sent: [frame(pong, 'x')], pongs: [] },
  { name: '2 a pong, then a ping', sent: [frame(pong, 'x'), frame(ping, 'z')], pongs: ['z'] },
  {
    name: '2 ten pings are answered in order',
    sent: Array.from({ length: 10 }, (_, i) => frame(ping, `${i}`)),
    pongs: Array.from({ length: 10 }, (_, i) => `${i}`),
  },
  {
    name: '2 ten pings in one write',
    sent: [Buffer.concat(Array.from({ length: 10 }, (_, i) => frame(ping, `${i}`)))],
    pongs: Array.from({ length: 10 }, (_, i) => `${i}`),
  },
  {
    name: '2 a ping in two fragments',
    sent: [part(ping, 'a'), frame(continuation, 'b')],
    ...FAILED,
  },
  {
    name: '2 a pong in two fragments',
    sent: [part(pong, 'a'), frame(continuation, 'b')],
    ...FAILED,
  },
]

const reserved: Vector[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map(rsv => ({
    name: `3 reserved bits ${rsv} on text`,
    sent: [frame(text, QUESTION, { rsv })],
    ...FAILED,
  })),
  ...[binary, close, ping, pong].map(opcode => ({
    name: `3 the bit of compression on opcode ${opcode}`,
    sent: [frame(opcode, '', { rsv: 4 })],
    ...FAILED,
  })),
  {
    name: '3 a reserved bit on a continuation',
    sent: [part(text, QUESTION), frame(continuation, '', { rsv: 4 })],
    ...FAILED,
  },
  {
    name: '3 a reserved bit behind a message: that one is answered',
    sent: [frame(text, QUESTION), frame(text, QUESTION, { rsv: 1 })],
    replies: ['pong'],
    closes: 1002,
  },
  {
    name: '3 a reserved bit, byte by byte',
    sent: octets(frame(ping, 'x', { rsv: 2 })),
    ...FAILED,
  },
]

const unknown: Vector[] = [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap(opcode => [
    { name: `4 opcode ${opcode}`, sent: [frame(opcode)], ...FAILED },
    {
      name: `4 opcode ${opcode} with a payload behind a message`,
      sent: [frame(text, QUESTION), frame(opcode, 'x')],
      replies: ['pong'],
      closes: 1002,
    },
  ]),
]

const fragmented: Vector[] = [
  { name: '5 text in two fragments', sent: fragments(QUESTION, [9]), ...ANSWERED },
  {
    name: '5 text in two fragments, byte by byte',
    sent: fragments(QUESTION, [9]).flatMap(octets),
    ...ANSWERED,
  },
  {
    name: '5 text, a byte a fragment',
    sent: fragments(
      QUESTION,
      Array.from({ length: QUESTION.length - 1 }, (_, i) => i + 1),
    ),
    ...ANSWERED,
  },
  {
    name: '5 empty fragments around it',
    sent: [part(text, ''), part(continuation, QUESTION), frame(continuation)],
    ...ANSWERED,
  },
  {
    name: '5 all fragments in one write',
    sent: [Buffer.concat(fragments(QUESTION, [3, 9, 20]))],
    ...ANSWERED,
  },
  {
    name: '5 a ping between fragments',
    sent: [part(text, QUESTION), frame(ping, 'p'), frame(continuation)],
    ...ANSWERED,
    pongs: ['p'],
  },
  {
    name: '5 pongs between fragments',
    sent: [part(text, QUESTION), frame(pong, 'p'), frame(pong), frame(continuation)],
    ...ANSWERED,
  },
  {
    name: '5 binary in fragments is refused in words',
    sent: [part(binary, 'a'), frame(continuation, 'b')],
    ...REFUSED,
  },
  { name: '5 64 fragments', sent: manyFragments(64), ...ANSWERED },
  { name: '5 65 fragments', sent: manyFragments(65), closes: 1008 },
  { name: '5 a continuation of nothing', sent: [frame(continuation, 'x')], ...FAILED },
  { name: '5 a continuation of nothing that goes on', sent: [part(continuation, 'x')], ...FAILED },
  {
    name: '5 a continuation behind a whole message',
    sent: [frame(text, QUESTION), frame(continuation, 'x')],
    replies: ['pong'],
    closes: 1002,
  },
  {
    name: '5 text in the middle of text',
    sent: [part(text, '{'), frame(text, QUESTION)],
    ...FAILED,
  },
  {
    name: '5 binary in the middle of text',
    sent: [part(text, '{'), frame(binary, 'x')],
    ...FAILED,
  },
  { name: '5 text in the middle of binary', sent: [part(binary, '{'), part(text, 'x')], ...FAILED },
  {
    name: '5 an end in the middle of text',
    sent: [part(text, QUESTION), closing(1000)],
    closes: 1000,
  },
  {
    name: '5 a reserved opcode in the middle of text',
    sent: [part(text, QUESTION), frame(5)],
    ...FAILED,
  },
]

export const frameVectors: readonly Vector[] = [
  ...framing,
  ...pings,
  ...reserved,
  ...unknown,
  ...fragmented,
]

// One exchange with the server, as data, and what the tables of them are made of.
import { limits } from '../../src/protocol/limits.ts'
import { type FrameOptions, frame, opcodes } from './peer.ts'

export interface Vector {
  readonly name: string
  /** Each part is a write of its own. */
  readonly sent: readonly Uint8Array[]
  /** The code that the server closes with; left out when the connection stays. */
  readonly closes?: number
  /** Payloads of the pongs that come back. */
  readonly pongs?: readonly string[]
  /** Types of the messages that come back. */
  readonly replies?: readonly string[]
}

export const { continuation, text, binary, close, ping, pong } = opcodes
export const MAX = limits.viewerMessageBytesMax
export const QUESTION = '{"type":"ping","client_time":7}'
export const ANSWERED = { replies: ['pong'] } as const
export const REFUSED = { replies: ['error'] } as const
export const FAILED = { closes: 1002 } as const
export const NOT_TEXT = { closes: 1007 } as const
export const TOO_LARGE = { closes: 1009 } as const

/** A message that the server answers, filled up to `bytes`. */
export const question = (bytes: number): string => QUESTION.padEnd(bytes)
export const octets = (bytes: Uint8Array): Buffer[] => [...bytes].map(byte => Buffer.of(byte))
export const part = (opcode: number, payload: string | Uint8Array, options?: FrameOptions) =>
  frame(opcode, payload, { fin: false, ...options })

/** A message in fragments, cut at these places. */
export function fragments(payload: string | Uint8Array, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(payload as string)
  const ends = [...cuts, bytes.length]
  return ends.map((end, index) => {
    const piece = bytes.subarray(ends[index - 1] ?? 0, end)
    const opcode = index === 0 ? text : continuation
    return frame(opcode, piece, { fin: index === ends.length - 1 })
  })
}

/** As many fragments as are said, of which the first has all of the message. */
export const manyFragments = (count: number): Buffer[] => [
  part(text, QUESTION),
  ...Array.from({ length: count - 2 }, () => part(continuation, '')),
  frame(continuation),
]

export const closing = (code: number, reason: string | Uint8Array = ''): Buffer =>
  frame(close, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason as string)]))

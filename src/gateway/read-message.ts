// What a viewer sends, as a message of the schema or as words for what is wrong with it; nothing that
// comes in throws (P13).

import * as v from 'valibot'
import { type ClientMessage, clientMessageSchema } from '../protocol/client-messages.ts'
import { inputProblems } from '../protocol/input-problems.ts'
import { limits } from '../protocol/limits.ts'
import { unpackMessage, type ViewerEncoding } from '../protocol/viewer-encoding.ts'

const PROBLEM_CHARS_MAX = 500

/** The message, or what is wrong with it. */
export function readMessage(
  data: Uint8Array,
  isBinary: boolean,
  encoding: ViewerEncoding,
): ClientMessage | string {
  let value: unknown
  if (encoding === 'json' && isBinary) return 'expected text, found a binary message'
  if (encoding === 'msgpack' && !isBinary) return 'expected a binary message, found text'
  try {
    value = encoding === 'json' ? JSON.parse(String(data)) : unpackMessage(data)
  } catch {
    return encoding === 'json' ? 'expected JSON' : 'expected plain MessagePack'
  }
  const { viewerMessageDepthMax } = limits
  if (isDeeperThan(value, viewerMessageDepthMax)) {
    return `expected at most ${viewerMessageDepthMax} levels, found more`
  }
  const result = v.safeParse(clientMessageSchema, value)
  if (result.success) return result.output
  const refused = { input: value, root: 'message', isSecret: true }
  const [problem = ''] = inputProblems(clientMessageSchema, refused)
  return problem.slice(0, PROBLEM_CHARS_MAX)
}

/** The value is a tree: it has no more nodes than the message had bytes. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(inner => isDeeperThan(inner, levels - 1))
}

// How the messages of viewers are written: as JSON, or as MessagePack (binary, and shorter),
// whichever subprotocol the connection was opened with. Both carry the same messages under the same
// schemas (server-messages.ts, client-messages.ts). In MessagePack numbers that are not finite stand
// as they are.
//
// Binary messages are told apart by their first byte: that of a frame (frame-message.ts) and of a
// compressed message (compressed-message.ts) is `R`, which begins no MessagePack map.
import { Packr } from 'msgpackr'
import type { ClientMessage } from './client-messages.ts'
import { stringifyMessage } from './message-text.ts'
import { isPlainMsgpack } from './plain-msgpack.ts'
import type { ServerMessage } from './server-messages.ts'
import { VIEWER_PROTOCOL } from './viewer-protocol.ts'

export type ViewerEncoding = 'json' | 'msgpack'

/** The names that a viewer may offer when it opens a WebSocket; without one it gets JSON. */
export const subprotocols: Readonly<Record<ViewerEncoding, string>> = {
  json: VIEWER_PROTOCOL,
  msgpack: 'rollcast.v1+msgpack',
}

/** The encoding of the first name that is known; undefined when none is. */
export function encodingOf(names: Iterable<string>): ViewerEncoding | undefined {
  for (const name of names) {
    if (name === subprotocols.json) return 'json'
    if (name === subprotocols.msgpack) return 'msgpack'
  }
  return undefined
}

/** Plain MessagePack, without what only msgpackr reads. */
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  int64AsType: 'number',
  structuredClone: false,
})

export function packMessage(message: ServerMessage | ClientMessage): Uint8Array {
  return packr.pack(message.type === 'insight' ? asPlain(message) : message)
}

/** What trainers give is of any kind; viewers get of it what JSON can say. */
function asPlain(insight: Extract<ServerMessage, { type: 'insight' }>): ServerMessage {
  return JSON.parse(stringifyMessage(insight)) as ServerMessage
}

/**
 * Whatever it is, for a schema to check: a tree of maps, lists, strings, numbers, booleans and null.
 * Throws for bytes that are not one whole value, or in which there is anything else.
 */
export function unpackMessage(bytes: Uint8Array): unknown {
  if (isPlainMsgpack(bytes)) return packr.unpack(bytes)
  throw new SyntaxError('expected plain MessagePack, found an extension or binary data')
}

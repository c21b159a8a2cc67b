// What viewers and the gateway agree on before a message is said: names, versions, modes, and how a
// connection ends.

export const VIEWER_PROTOCOL = 'rollcast.v1+json'
export const VIEWER_PROTOCOL_VERSION = 1
/** A client that can set no header shows its token as one more subprotocol, after this. */
export const TOKEN_PROTOCOL_PREFIX = 'rollcast.token.'
/** Where viewers look for the server, on 127.0.0.1. */
export const DEFAULT_PORT = 7788

/** Where the material comes from: the trainer now, newest finished material, or a replay. */
export const modes = ['live', 'checkpoint', 'replay', 'waiting'] as const
export type Mode = (typeof modes)[number]

/** Close codes: 4000-4499 say come back, 4500-4999 say do not. */
export const closeCodes = {
  /** The server goes away; come back after a moment. */
  goingAway: 4000,
  /** The viewer was too slow for too long. */
  tooSlow: 4408,
  tooManyMessages: 4429,
  serverFull: 4453,
  badMessage: 4500,
  badProtocol: 4501,
  /** Its token was taken back or has expired, or it never had one. */
  notAllowed: 4502,
} as const

/** True when a viewer that was closed with `code` should try again. */
export const shouldReconnect = (code: number): boolean => code < 4500

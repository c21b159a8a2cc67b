// Why a viewer's connection is closed: the code, which says whether to come back, and the words.
import { limits } from '../protocol/limits.ts'
import { closeCodes } from '../protocol/viewer-protocol.ts'

/** `crowded`: too slow for how much waits for all. */
export type CloseReason = keyof typeof closeCodes | 'crowded'

export const closings: Readonly<Record<string, { readonly code: number; readonly text: string }>> =
  {
    helloTimeout: { code: closeCodes.badProtocol, text: 'no hello within 10 s' },
    goingAway: { code: closeCodes.goingAway, text: 'the server stops or starts over; come back' },
    tooSlow: { code: closeCodes.tooSlow, text: 'nothing was read for 10 s' },
    crowded: { code: closeCodes.tooSlow, text: 'too much waits for viewers that do not read' },
    tooManyMessages: { code: closeCodes.tooManyMessages, text: 'too many messages in a minute' },
    serverFull: {
      code: closeCodes.serverFull,
      text: `${limits.viewersMax} viewers are here already`,
    },
    badMessage: {
      code: closeCodes.badMessage,
      text: 'too many messages that do not fit the schema',
    },
    badProtocol: { code: closeCodes.badProtocol, text: 'expected a hello of this version first' },
    notAllowed: { code: closeCodes.notAllowed, text: 'the token was taken back or has expired' },
  }

// How a refusal is said to somebody who wanted a WebSocket.
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { Door } from '../../src/gateway/access/door.ts'
import { refuseUpgrade } from '../../src/gateway/http.ts'
import { headerOf, statusOf } from './raw-http.ts'

test.each(['there is no /x', 'es gibt kein „übermäßig“ 🤖'])(
  'a refused upgrade is whole, whatever letters are in its reason: %s',
  async reason => {
    const door = new Door({ clock: new SimulatedClock(), directory: undefined, port: 1 })
    const socket = new PassThrough()
    refuseUpgrade(door, socket, { status: 404, reason })
    const answer = await text(socket)
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    expect([statusOf(answer), body]).toEqual([404, reason])
    expect(Number(headerOf(answer, 'content-length'))).toBe(Buffer.byteLength(reason))
    door.close()
  },
)

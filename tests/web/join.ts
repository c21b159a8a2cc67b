// A session that has just joined a run.
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { encodeFrameMessage } from '../../src/protocol/frame-message.ts'
import { Session } from '../../web/session.ts'
import { FakeServer } from './fake-socket.ts'
import { established, frame } from './messages.ts'

export function join() {
  const clock = new SimulatedClock()
  const server = new FakeServer()
  const session = new Session({ openSocket: server.open, clock, random: seededRandom(1) })
  session.start()
  const greet = (fields: Parameters<typeof established>[0] = {}): void => {
    server.socket.events.onOpen()
    server.socket.say(established(fields))
  }
  greet()
  /** The link is lost, and there is another one. */
  const rejoin = (fields: Parameters<typeof established>[0] = {}): void => {
    server.socket.events.onClose(1006)
    clock.advance(1000)
    greet(fields)
  }
  const sendFrame = (fields: Parameters<typeof frame>[0]): void =>
    server.socket.events.onMessage(encodeFrameMessage(frame(fields)))
  const state = () => session.store.getState()
  return { clock, server, session, greet, rejoin, sendFrame, state }
}

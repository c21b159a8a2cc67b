// Peers that vanish without a word: a stopped process, a pulled cable. Nothing tells of it but
// pings that stay unanswered.
import { expect, test } from 'vitest'
import { SimulatedClock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Hub } from '../../src/gateway/hub.ts'
import { FakeViewerSocket, settle } from './fake-viewer-socket.ts'
import { noHistory, steppedOf, TestStage } from './stage.ts'

const PEERS = 200
const GONE_MILLIS_MAX = 45_000

test('W10 K6 every peer that dies is gone within 45 s, whenever it came and died', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 32)
  const random = seededRandom(seed)
  const clock = new SimulatedClock()
  const hub = new Hub({ clock, stage: new TestStage(), history: noHistory })
  const peers = Array.from({ length: PEERS }, () => {
    const cameAt = random.below(600) * 100
    return { cameAt, diesAt: cameAt + random.below(600) * 100, goneAt: -1, socket: new Peer() }
  })
  const living = { socket: new Peer(), diesAt: Number.POSITIVE_INFINITY }
  hub.attach(living.socket)
  living.socket.say({ type: 'hello', v: 1 })
  for (let now = 0; now <= 170_000; now += 100) {
    for (const peer of peers) {
      if (peer.cameAt === now) {
        hub.attach(peer.socket)
        peer.socket.say({ type: 'hello', v: 1 })
      }
      peer.socket.isDead = peer.diesAt <= now
      if (peer.socket.terminated && peer.goneAt < 0) peer.goneAt = now
    }
    // What is sent to it is taken by its kernel, or by ours.
    if (now % 1000 === 0) hub.publish([steppedOf(1, now / 1000, now + 2)])
    clock.advance(100)
    if (now % 5000 === 0) await settle()
  }
  const late = peers.filter(({ goneAt, diesAt }) => goneAt < 0 || goneAt - diesAt > GONE_MILLIS_MAX)
  expect([seed, late.map(({ cameAt, diesAt, goneAt }) => [cameAt, diesAt, goneAt])]).toEqual([
    seed,
    [],
  ])
  expect(peers.filter(({ goneAt, diesAt }) => goneAt < diesAt)).toEqual([])
  expect(living.socket.terminated).toBe(false)
  expect(hub.counters.viewers).toBe(1)
})

/** Answers pings while it lives. */
class Peer extends FakeViewerSocket {
  isDead = false

  override ping(): void {
    super.ping()
    if (!this.isDead) this.emit('pong')
  }
}

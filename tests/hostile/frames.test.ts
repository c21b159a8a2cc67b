// Bytes that are no protocol at all, and those that are but only to hurt (W3, W5, W6).
import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { ClientMessage } from '../../src/protocol/client-messages.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ViewerEncoding } from '../../src/protocol/viewer-encoding.ts'
import { closeCodes } from '../../src/protocol/viewer-protocol.ts'
import { figure } from '../faults/figures.ts'
import { runs } from '../faults/tier.ts'
import { useAttackedGateway } from './gateway.ts'
import { frame, inParallel, messageFrame, opcodes, Peer } from './peer.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 1e6)
const codes = Object.values(opcodes)
const pick = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)]!
const randomBytes = (random: Random, bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, () => random.below(256)))

const messages: readonly ClientMessage[] = [
  { type: 'set', max_fps: 1 },
  { type: 'ping', client_time: 1 },
  { type: 'get_episode', request: 1, episode: 1 },
  { type: 'list_episodes', request: 2 },
]

/** A few frames as a client of ours might send them. */
const validFrames = (random: Random, encoding: ViewerEncoding): Buffer =>
  Buffer.concat(
    Array.from({ length: 1 + random.below(4) }, () =>
      random.below(2) === 0
        ? messageFrame(pick(random, messages), encoding)
        : frame(pick(random, codes)),
    ),
  )

/** What an attacker sends after the upgrade: noise, frames with bits turned, frames made up. */
function attack(random: Random, encoding: ViewerEncoding): Buffer {
  const kind = random.below(4)
  if (kind === 0) return randomBytes(random, 1 + random.below(400))
  const bytes = validFrames(random, encoding)
  if (kind === 1) {
    for (let flips = 1 + random.below(8); flips > 0; flips--) {
      const at = random.below(bytes.length)
      bytes[at] = bytes[at]! ^ (1 << random.below(8))
    }
    return bytes
  }
  if (kind === 2) {
    const from = random.below(bytes.length)
    const within = validFrames(random, encoding)
    return Buffer.concat([bytes.subarray(0, from), within, bytes.subarray(from)])
  }
  return frame(random.below(16), randomBytes(random, random.below(126)), {
    fin: random.below(2) === 0,
    rsv: random.below(8),
    isMasked: random.below(8) > 0,
    lengthBytes: pick(random, [0, 2, 8] as const),
    announced: random.below(126),
  })
}

describe('P13 bytes that only hurt', () => {
  const attacked = useAttackedGateway()
  const memory = async (): Promise<number> => (await attacked().measure()).mib

  async function assault(seeds: readonly number[]): Promise<void> {
    await inParallel(seeds, 32, async seed => {
      const random = seededRandom(seed)
      const encoding = pick(random, ['json', 'msgpack'] as const)
      const hello = random.below(2) === 0
      const peer = await Peer.connect(attacked().port, { hello, encoding })
      peer.socket.end(attack(random, encoding))
      await peer.until(() => false)
    })
  }

  test('W3 noise and broken frames end their own connection, and cost no memory', async () => {
    console.log(`SEED=${SEED}`)
    const count = runs(2_000, 100_000)
    const seeds = Array.from({ length: count }, (_, index) => SEED + index)
    const warmUp = seeds.length / 4
    await assault(seeds.slice(0, warmUp))
    const before = await memory()
    await assault(seeds.slice(warmUp))
    await attacked().expectUnharmed()
    const grown = (await memory()) - before
    figure('W3', { connections: count, grown_mib: Math.round(grown), seed: SEED })
    expect(grown).toBeLessThan(50)
  })

  test('W5 messages without an end are cut at 64 fragments, and cost no memory', async () => {
    const before = await memory()
    const peers = runs(25, 100)
    const fragment = frame(opcodes.continuation, 'x', { fin: false })
    const all = Buffer.concat(Array.from({ length: runs(2_000, 16_000) }, () => fragment))
    await inParallel(Array.from({ length: peers }), peers, async () => {
      const peer = await Peer.connect(attacked().port)
      await peer.write(frame(opcodes.text, '{', { fin: false }), all)
      await peer.until(() => peer.closeCode !== null)
      expect(peer.closeCode).toBe(1008)
      await peer.end()
    })
    await attacked().expectUnharmed()
    const grown = (await memory()) - before
    figure('W5.fragments', { connections: peers, grown_mib: Math.round(grown) })
    expect(grown).toBeLessThan(20)
  })

  test('W5 a message that comes byte by byte holds little, however many do so', async () => {
    const before = await memory()
    const count = runs(25, 100)
    const peers = await Promise.all(
      Array.from({ length: count }, () => Peer.connect(attacked().port)),
    )
    const start = frame(opcodes.text, '', { announced: limits.viewerMessageBytesMax })
    await Promise.all(
      peers.map(async peer => {
        await peer.write(start)
        for (let bytes = 0; bytes < runs(200, 1_000); bytes++) await peer.write(Buffer.of(0x20))
      }),
    )
    const { mib, viewers } = await attacked().measure()
    expect(viewers).toBe(1 + count)
    figure('W5.drips', { connections: count, grown_mib: Math.round(mib - before) })
    expect(mib - before).toBeLessThan(20)
    await Promise.all(peers.map(peer => peer.end()))
    await attacked().expectUnharmed()
  })

  test('W5 a flood of pings is cut, whether its answers are read or not', async () => {
    const before = await memory()
    const flood = Buffer.concat(
      Array.from({ length: 50_000 }, () => frame(opcodes.ping, 'x'.repeat(125))),
    )
    const peers = await Promise.all(Array.from({ length: 10 }, () => Peer.connect(attacked().port)))
    await Promise.all(
      peers.map(async (peer, index) => {
        if (index % 2 === 0) peer.socket.pause()
        await peer.write(flood)
        peer.socket.resume()
        await peer.until(() => false)
      }),
    )
    expect((await memory()) - before).toBeLessThan(20)
    await attacked().expectUnharmed()
  })

  test('W5 pings and pongs count as messages do, however they are paced', async () => {
    for (const opcode of [opcodes.ping, opcodes.pong]) {
      const peer = await Peer.connect(attacked().port)
      const batch = Array.from({ length: 20 }, () => frame(opcode))
      for (let sent = 0; peer.isOpen && sent < 2 * limits.viewerMessagesPerMinute; sent += 20) {
        await peer.exchange(batch)
      }
      expect(peer.closeCode).toBe(closeCodes.tooManyMessages)
      await peer.end()
    }
    await attacked().expectUnharmed()
  })

  test('W6 compression is never agreed to, whatever is offered, so nothing can be inflated', async () => {
    // A megabyte of zeros, deflated: a bomb for whoever inflates it.
    const bomb = (await import('node:zlib')).deflateRawSync(Buffer.alloc(2 ** 20))
    const before = await memory()
    await inParallel(deflateOffers, 10, async offer => {
      const headers = [`Sec-WebSocket-Extensions: ${offer}`]
      const peer = await Peer.connect(attacked().port, { headers })
      expect([offer, peer.head]).toEqual([offer, expect.not.stringMatching(/extensions/i)])
      await peer.write(frame(opcodes.text, bomb, { rsv: 4 }))
      await peer.until(() => peer.closeCode !== null)
      expect([offer, peer.closeCode]).toEqual([offer, 1002])
      await peer.end()
    })
    await attacked().expectUnharmed()
    expect((await memory()) - before).toBeLessThan(20)
  })
})

const parameters = [
  '',
  'client_max_window_bits',
  'client_max_window_bits=8',
  'client_max_window_bits=15',
  'client_max_window_bits=16',
  'client_max_window_bits="9"',
  'server_max_window_bits=8',
  'server_max_window_bits=15',
  'server_max_window_bits',
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_no_context_takeover; client_no_context_takeover',
  'client_max_window_bits=-1',
  'client_max_window_bits=1e9',
  'unknown=1',
  '__proto__=1',
]

/** Fifty, among them some that are no header of this kind at all. */
const deflateOffers = [
  ...['permessage-deflate', 'PERMESSAGE-DEFLATE', 'x-webkit-deflate-frame'].flatMap(name =>
    parameters.map(parameter => (parameter === '' ? name : `${name}; ${parameter}`)),
  ),
  'permessage-deflate, permessage-deflate; client_max_window_bits=8, permessage-bzip2',
  ';;;,,,==""',
]

import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../../../src/base/clock.ts'
import { isLoopback, peerOf } from '../../../src/gateway/access/address.ts'
import { Peers } from '../../../src/gateway/access/peers.ts'

const REMOTE = '203.0.113.7'

describe('addresses', () => {
  test('only 127.0.0.0/8 and ::1 are this machine', () => {
    for (const own of ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1']) {
      expect([own, isLoopback(own)]).toEqual([own, true])
    }
    const others = ['0.0.0.0', '::', '128.0.0.1', '12.7.0.0', '127.evil.com', '::ffff:10.0.0.1', '']
    for (const other of others) expect([other, isLoopback(other)]).toEqual([other, false])
  })

  test('an IPv6 network of one owner is one peer, and a mapped IPv4 address is itself', () => {
    expect(peerOf('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(peerOf('::1')).toBe('::1')
    expect(peerOf(undefined)).toBe('')
    expect(peerOf('::FFFF:203.0.113.7')).toBe('203.0.113.7')
    expect(peerOf('::')).toBe('0:0:0:0')
    expect(peerOf('::2')).toBe('0:0:0:0')
    expect(peerOf('1:2:3:4::')).toBe('1:2:3:4')
    expect(peerOf('::3:4:5:6:7:8')).toBe('0:0:3:4')
    expect(peerOf('::4:5:6:203.0.113.7')).toBe('0:0:0:4')
    const network = ['2001:db8:0:7::1', '2001:db8::7:1:2:3:4', '2001:DB8:0:7:ffff:0:0:9%eth0']
    for (const address of network) expect(peerOf(address)).toBe('2001:db8:0:7')
    expect(peerOf('2001:db8::1')).toBe('2001:db8:0:0')
    expect(peerOf('64:ff9b::203.0.113.7')).toBe('64:ff9b:0:0')
    expect(peerOf('fe80::')).toBe('fe80:0:0:0')
  })
})

describe('K6 what one peer may take', () => {
  test('so many connections, and one more for each that ended', () => {
    const peers = new Peers(new SimulatedClock())
    for (const [address, most] of [
      [REMOTE, 20],
      ['127.0.0.1', 1032],
      // A Unix socket.
      ['', 1032],
    ] as const) {
      for (let count = 0; count < most; count++) expect(peers.connect(address)).toBe(true)
      expect(peers.connect(address)).toBe(false)
      peers.disconnect(address)
      expect(peers.connect(address)).toBe(true)
      expect(peers.connect(address)).toBe(false)
    }
    expect(peers.connect('203.0.113.8')).toBe(true)
  })

  test('so many handshakes a second, and a thousand at once from this machine', () => {
    const clock = new SimulatedClock()
    const peers = new Peers(clock)
    const burst = (address: string): number => {
      let count = 0
      while (peers.shakeHands(address)) count++
      return count
    }
    expect(burst(REMOTE)).toBe(20)
    clock.advance(500)
    expect(burst(REMOTE)).toBe(10)
    clock.advance(60_000)
    expect(burst(REMOTE)).toBe(20)
    expect(burst('127.0.0.1')).toBeGreaterThanOrEqual(500)
  })

  test('ten wrong tokens in a minute, and then none is looked at for a minute', () => {
    const clock = new SimulatedClock()
    const peers = new Peers(clock)
    for (let count = 0; count < 9; count++) peers.noteWrong(REMOTE)
    clock.advance(59_999)
    expect(peers.isLockedOut(REMOTE)).toBe(false)
    peers.noteWrong(REMOTE)
    expect(peers.isLockedOut(REMOTE)).toBe(true)
    expect(peers.isLockedOut('203.0.113.8')).toBe(false)
    clock.advance(59_999)
    expect(peers.isLockedOut(REMOTE)).toBe(true)
    clock.advance(1)
    expect(peers.isLockedOut(REMOTE)).toBe(false)
    // Nine a minute, for ever, are slips, and so is one now and then.
    for (let minute = 0; minute < 5; minute++) {
      for (let count = 0; count < 9; count++) peers.noteWrong('203.0.113.9')
      expect(peers.isLockedOut('203.0.113.9')).toBe(false)
      clock.advance(60_000)
    }
    for (let count = 0; count < 30; count++) {
      peers.noteWrong('203.0.113.10')
      expect(peers.isLockedOut('203.0.113.10')).toBe(false)
      clock.advance(30_000)
    }
  })

  test('of those without a connection the oldest is forgotten first', () => {
    const peers = new Peers(new SimulatedClock())
    for (const address of ['203.0.113.1', '203.0.113.2']) {
      for (let count = 0; count < 10; count++) peers.noteWrong(address)
    }
    for (let one = 2; one < 10_000; one++) peers.shakeHands(`10.0.${one >> 8}.${one & 255}`)
    expect(peers.isLockedOut('203.0.113.1')).toBe(true)
    peers.shakeHands('203.0.113.3')
    expect(peers.size).toBe(10_000)
    expect(peers.isLockedOut('203.0.113.2')).toBe(true)
    expect(peers.isLockedOut('203.0.113.1')).toBe(false)
  })

  test('what is remembered is bounded, and who is connected is not forgotten', () => {
    const peers = new Peers(new SimulatedClock())
    for (let count = 0; count < 20; count++) peers.connect(REMOTE)
    for (let one = 0; one < 30_000; one++) {
      peers.shakeHands(`10.${one >> 16}.${(one >> 8) & 255}.${one & 255}`)
    }
    expect(peers.size).toBe(10_000)
    expect(peers.connect(REMOTE)).toBe(false)
  })
})

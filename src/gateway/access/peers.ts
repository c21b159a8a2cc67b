// What one peer may take: connections at a time, handshakes a second, wrong tokens a minute. What
// is remembered of peers is bounded: of those without a connection the oldest is forgotten first.
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../protocol/limits.ts'
import { isLoopback, peerOf } from './address.ts'

const PEERS_MAX = 10_000
const WRONG_WINDOW_MILLIS = 60_000

interface Peer {
  connections: number
  /** Handshakes that it may still make at `filledAt`; a bucket that fills up by so many a second. */
  handshakes: number
  filledAt: number
  wrong: number
  wrongSince: number
}

interface Allowance {
  readonly connections: number
  readonly handshakesPerSecond: number
}

const remote: Allowance = {
  connections: limits.connectionsPerAddress,
  handshakesPerSecond: limits.handshakesPerSecond,
}
/** Programs of this machine are many, and all have one address. */
const local: Allowance = {
  connections: limits.connectionsFromLoopback,
  handshakesPerSecond: limits.handshakesPerSecondFromLoopback,
}

/** A Unix socket has no address: what comes over it is of this machine. */
const allowanceOf = (address: string): Allowance =>
  address === '' || isLoopback(address) ? local : remote

export class Peers {
  readonly #clock: Clock
  readonly #peers = new Map<string, Peer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a connection; false when the peer has as many as it may have, and it is not counted. */
  connect(address: string): boolean {
    const peer = this.#of(address)
    if (peer.connections >= allowanceOf(address).connections) return false
    peer.connections++
    return true
  }

  disconnect(address: string): void {
    this.#of(address).connections--
  }

  /** Counts a handshake; false when there were too many in the last second. */
  shakeHands(address: string): boolean {
    const peer = this.#of(address)
    const { handshakesPerSecond: rate } = allowanceOf(address)
    const now = this.#clock.monotonic()
    peer.handshakes = Math.min(rate, peer.handshakes + ((now - peer.filledAt) / 1000) * rate)
    peer.filledAt = now
    if (peer.handshakes < 1) return false
    peer.handshakes--
    return true
  }

  /** A token was wrong. */
  noteWrong(address: string): void {
    const peer = this.#of(address)
    const now = this.#clock.monotonic()
    if (now - peer.wrongSince >= WRONG_WINDOW_MILLIS) peer.wrong = 0
    // The minute begins with the first wrong one, and once more with the last that was one too many.
    if (peer.wrong === 0 || peer.wrong === limits.wrongTokensPerMinute - 1) peer.wrongSince = now
    peer.wrong++
  }

  /** Whether tokens of this peer are not even looked at. */
  isLockedOut(address: string): boolean {
    const { wrong, wrongSince } = this.#of(address)
    const isOver = this.#clock.monotonic() - wrongSince >= WRONG_WINDOW_MILLIS
    return wrong >= limits.wrongTokensPerMinute && !isOver
  }

  /** How many are remembered. */
  get size(): number {
    return this.#peers.size
  }

  #of(address: string): Peer {
    const key = peerOf(address)
    const known = this.#peers.get(key)
    if (known !== undefined) return known
    if (this.#peers.size >= PEERS_MAX) this.#forgetOne()
    const now = this.#clock.monotonic()
    const handshakes = allowanceOf(address).handshakesPerSecond
    const peer = { connections: 0, handshakes, filledAt: now, wrong: 0, wrongSince: now }
    this.#peers.set(key, peer)
    return peer
  }

  #forgetOne(): void {
    for (const [key, { connections }] of this.#peers) {
      if (connections > 0) continue
      this.#peers.delete(key)
      return
    }
  }
}

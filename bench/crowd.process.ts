// The crowd's process: WebSocket clients that look at nothing but the length of a message and when
// it was sent, over bare sockets that share one buffer to read into.
import { connect, type Socket } from 'node:net'
import { Histogram } from '../src/base/histogram.ts'
import { type CrowdAnswer, type CrowdCommand, SENT_MEMBER } from './crowd.ts'
import { FrameReader } from './frame-reader.ts'
import { monotonicMillis } from './viewer.ts'

const CONNECTING_AT_ONCE = 50
const QUIET_MILLIS = 60
const READ_BYTES = 64 * 1024
/** How often those that read slowly may read again. */
const READ_MILLIS = 100
/** Empty, as the server's pings are, and masked with zeros. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const MEMBER = Buffer.from(`"${SENT_MEMBER}":`)

const tell = (answer: CrowdAnswer): void => void process.send?.(answer)
const received = Buffer.allocUnsafe(READ_BYTES)

type Connect = Extract<CrowdCommand, { type: 'connect' }>

/** Viewers that came together. */
class Group {
  readonly members: Member[] = []
  readonly codes: number[] = []
  codesExpected = Number.POSITIVE_INFINITY
  expected = Number.POSITIVE_INFINITY
  lastAt = 0
  messages = 0
  #ages = new Histogram()
  readonly #tallies = new Map<string, Histogram>()

  count(tally: string | null): void {
    this.expected = Number.POSITIVE_INFINITY
    this.messages = 0
    this.#ages = (tally === null ? undefined : this.#tallies.get(tally)) ?? new Histogram()
    if (tally !== null) this.#tallies.set(tally, this.#ages)
  }

  reach(expected: number): void {
    this.expected = expected
    if (this.messages >= expected) this.report()
  }

  /** A message has come; all of it is in `bytes` unless it came in pieces. */
  take(bytes: Buffer | undefined): void {
    this.messages++
    this.lastAt = monotonicMillis()
    const at = bytes?.indexOf(MEMBER) ?? -1
    if (bytes !== undefined && at >= 0) {
      const from = at + MEMBER.length
      this.#ages.record(
        this.lastAt - Number.parseFloat(bytes.subarray(from, from + 20).toString('latin1')),
      )
    }
    if (this.messages === this.expected) this.report()
  }

  noteClosed(code: number): void {
    this.codes.push(code)
    this.tellCodes()
  }

  tellCodes(): void {
    if (this.codes.length < this.codesExpected) return
    this.codesExpected = Number.POSITIVE_INFINITY
    tell({ type: 'codes', codes: this.codes })
  }

  report(): void {
    const { messages, lastAt } = this
    const { mean } = this.#ages
    tell({ type: 'report', report: { messages, mean, p99: this.#ages.quantile(0.99), lastAt } })
  }
}

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  // Masked with zeros, so that nothing has to be done to it.
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** One viewer, which reads at the pace that it is told. */
class Member {
  readonly socket: Socket
  #bytesPerSecond = Number.POSITIVE_INFINITY
  #allowance = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket) {
    this.socket = socket
  }

  read(bytesPerSecond: number): void {
    clearInterval(this.#timer)
    this.#bytesPerSecond = bytesPerSecond
    this.#allowance = 0
    this.#allow()
    const isSlow = bytesPerSecond > 0 && bytesPerSecond < Number.POSITIVE_INFINITY
    if (isSlow) this.#timer = setInterval(() => this.#allow(), READ_MILLIS)
  }

  note(bytes: number): void {
    this.#allowance -= bytes
    if (this.#allowance <= 0) this.socket.pause()
  }

  leave(): void {
    clearInterval(this.#timer)
    this.socket.destroy()
  }

  #allow(): void {
    // What was read beyond the last one counts.
    this.#allowance = Math.min(0, this.#allowance) + (this.#bytesPerSecond * READ_MILLIS) / 1000
    if (this.#allowance > 0) this.socket.resume()
    else this.socket.pause()
  }
}

function open(group: Group, { port, path, hello }: Connect): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader({
      onCounted: bytes => group.take(bytes),
      onClose: () => socket.end(),
      onPing: () => socket.write(PONG),
    })
    let isOpen = false
    let head = ''
    /** What follows the answer to the upgrade; undefined while that is not whole. */
    const shakeHands = (bytes: Buffer): Buffer | undefined => {
      const end = bytes.indexOf('\r\n\r\n')
      head += bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1')
      if (end < 0) return undefined
      isOpen = head.startsWith('HTTP/1.1 101')
      if (isOpen) socket.write(textFrame(hello), () => resolve())
      else reject(new Error(head.split('\r\n', 1)[0]))
      return bytes.subarray(end + 4)
    }
    const onread = {
      buffer: received,
      callback: (count: number) => {
        const bytes = received.subarray(0, count)
        const frames = isOpen ? bytes : shakeHands(bytes)
        if (frames !== undefined) reader.read(frames)
        member.note(count)
        return true
      },
    }
    const socket = connect({ port, host: '127.0.0.1', onread })
    const member = new Member(socket)
    socket.setNoDelay(true)
    socket.on('error', reject)
    socket.on('close', () => group.noteClosed(reader.closeCode))
    socket.write(
      [
        `GET ${path} HTTP/1.1`,
        `host: 127.0.0.1:${port}`,
        'connection: Upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
        '\r\n',
      ].join('\r\n'),
    )
    group.members.push(member)
  })
}

const groups = new Map<string, Group>()

async function obey(command: CrowdCommand): Promise<void> {
  const group = groups.get(command.group) ?? new Group()
  groups.set(command.group, group)
  switch (command.type) {
    case 'connect':
      for (let left = command.count; left > 0; left -= CONNECTING_AT_ONCE) {
        const some = Array.from({ length: Math.min(left, CONNECTING_AT_ONCE) })
        await Promise.all(some.map(() => open(group, command)))
      }
      return tell({ type: 'done' })
    case 'count':
      group.count(command.tally)
      return tell({ type: 'done' })
    case 'reach':
      return group.reach(command.expected)
    case 'settle': {
      for (let before = -1; before !== group.messages; ) {
        before = group.messages
        await new Promise(resolve => setTimeout(resolve, QUIET_MILLIS))
      }
      return group.report()
    }
    case 'leave':
      for (const member of group.members) member.leave()
      groups.delete(command.group)
      return tell({ type: 'done' })
    case 'read':
      for (const member of group.members) member.read(command.bytesPerSecond)
      return tell({ type: 'done' })
    case 'closed':
      group.codesExpected = command.count
      return group.tellCodes()
  }
}

process.on('message', (command: CrowdCommand) => {
  obey(command).catch(error => tell({ type: 'failed', problem: String(error) }))
})
process.on('disconnect', () => process.exit(0))

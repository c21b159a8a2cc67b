// A NATS JetStream stream in files, every message flushed before it is acknowledged. It takes a few
// thousand a second then, so it gets the first entries only. NATS speaks in lines of text.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { RollcastError } from '../../src/base/errors.ts'
import { entriesBetween } from '../entries.ts'
import { findProgram } from '../program.ts'
import { firstOf, handIn, type Peer, ReadBack } from './peer.ts'
import { withServer } from './server.ts'

const ENTRIES_MAX = 2048
const program = findProgram('nats-server')
const INBOX = '_INBOX.bench'

const configuration = (dir: string, port: number): string =>
  `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${dir}", sync_interval: always }\n`

/** Why this machine's server cannot take part: `sync_interval` came with version 2.10. */
function whyMissing(): string | undefined {
  if (program === undefined) return 'nats-server is not installed (apt-get install nats-server)'
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-nats-'))
  try {
    const file = join(dir, 'check.conf')
    writeFileSync(file, configuration(dir, 4222))
    execFileSync(program, ['-t', '-c', file], { stdio: 'pipe' })
    return undefined
  } catch {
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
    return `${version} has no sync_interval: always (2.10 and later have)`
  } finally {
    rmSync(dir, { recursive: true })
  }
}

export const nats: Peer = {
  name: 'nats',
  setup: `NATS JetStream, sync_interval always, the first ${ENTRIES_MAX} entries: durable when taken`,
  missing: whyMissing,
  async append(dir, all) {
    assert(program !== undefined, 'nats takes part where there is a server')
    const entries = firstOf(all, ENTRIES_MAX)
    const port = await freePort()
    const file = join(dir, 'nats.conf')
    writeFileSync(file, configuration(join(dir, 'streams'), port))
    return await withServer(program, ['-c', file], { host: '127.0.0.1', port }, async socket => {
      const client = new NatsClient(socket)
      await client.ask('$JS.API.STREAM.CREATE.bench', streamOf())
      const seconds = await handIn(entries, (from, to) => {
        const taken: Promise<Buffer>[] = []
        for (let i = from; i < to; i++) {
          taken.push(client.ask('bench', entriesBetween(entries, i, i + 1)))
        }
        return Promise.all(taken)
      })
      const found = new ReadBack()
      for (let seq = 1; seq <= entries.count; seq++) {
        const answer = await client.ask('$JS.API.STREAM.MSG.GET.bench', json({ seq }))
        const { message } = JSON.parse(answer.toString()) as { message: { data: string } }
        found.add(Buffer.from(message.data, 'base64'))
      }
      found.check('NATS', entries)
      return entries.count / seconds
    })
  },
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

const streamOf = (): Buffer =>
  json({
    ...{ name: 'bench', subjects: ['bench'], storage: 'file', retention: 'limits' },
    ...{ discard: 'old', max_consumers: -1, max_msgs: -1, max_bytes: -1, num_replicas: 1 },
  })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Asks and is answered in order, as one stream's acknowledgements are. */
class NatsClient {
  readonly #socket: Socket
  readonly #waiting: PromiseWithResolvers<Buffer>[] = []
  #received: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => this.#take(chunk))
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0))
        reject(new RollcastError('CLOSED', 'NATS: the server has closed'))
    })
    socket.write(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${INBOX} 1\r\n`)
  }

  ask(subject: string, payload: Uint8Array): Promise<Buffer> {
    const asked = Promise.withResolvers<Buffer>()
    this.#waiting.push(asked)
    this.#socket.cork()
    this.#socket.write(`PUB ${subject} ${INBOX} ${payload.byteLength}\r\n`)
    this.#socket.write(payload)
    this.#socket.write('\r\n')
    this.#socket.uncork()
    return asked.promise
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const end = this.#received.indexOf('\r\n')
      if (end < 0) return
      const [verb, ...words] = this.#received.toString('latin1', 0, end).split(' ')
      if (verb !== 'MSG') {
        if (verb === 'PING') this.#socket.write('PONG\r\n')
        if (verb === '-ERR')
          this.#waiting.shift()?.reject(new RollcastError('INTERNAL', `NATS: ${words.join(' ')}`))
        this.#received = this.#received.subarray(end + 2)
        continue
      }
      const stop = end + 2 + Number(words.at(-1))
      if (stop + 2 > this.#received.length) return
      this.#answer(this.#received.subarray(end + 2, stop))
      this.#received = this.#received.subarray(stop + 2)
    }
  }

  #answer(message: Buffer): void {
    const asked = this.#waiting.shift()
    assert(asked !== undefined, 'an answer to no question')
    const text = message.toString()
    if (text.includes('"error":{')) asked.reject(new RollcastError('INTERNAL', `NATS: ${text}`))
    else asked.resolve(message)
  }
}

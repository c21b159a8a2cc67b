// A Redis stream: an entry by XADD for each, a group in one write, the file of appended commands
// flushed once a second. The server is a process of its own, over a Unix socket.
import { join } from 'node:path'
import { assert } from '../../src/base/assert.ts'
import { entriesBetween } from '../entries.ts'
import { findProgram } from '../program.ts'
import { handIn, type Peer, ReadBack } from './peer.ts'
import { encodeCommand, type Reply, RespClient } from './resp.ts'
import { withServer } from './server.ts'

const program = findProgram('redis-server')

const settingsIn = (dir: string, path: string): string[] => [
  ...['--port', '0', '--unixsocket', path, '--dir', dir, '--save', ''],
  ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
]

export const redis: Peer = {
  name: 'redis',
  setup: 'Redis Streams, appendfsync everysec: the last second may be lost with the power',
  missing: () =>
    program ? undefined : 'redis-server is not installed (apt-get install redis-server)',
  append(dir, entries) {
    assert(program !== undefined, 'redis takes part where there is a server')
    const path = join(dir, 'socket')
    return withServer(program, settingsIn(dir, path), { path }, async socket => {
      const client = new RespClient(socket)
      // What goes over the wire is made before the clock starts: a client's cost is not Redis's.
      const commands = Array.from({ length: entries.count }, (_, i) =>
        encodeCommand(['XADD', 's', '*', 'r', entriesBetween(entries, i, i + 1)]),
      )
      const seconds = await handIn(entries, (from, to) =>
        client.send(Buffer.concat(commands.slice(from, to)), to - from),
      )
      await readBack(client, entries)
      return entries.count / seconds
    })
  },
}

async function readBack(client: RespClient, entries: Parameters<Peer['append']>[1]): Promise<void> {
  const found = new ReadBack()
  const count = String(entries.group)
  for (let after = '-'; ; ) {
    const [page] = await client.send(encodeCommand(['XRANGE', 's', after, '+', 'COUNT', count]), 1)
    const rows = page as readonly [id: Buffer, fields: readonly Reply[]][]
    const last = rows.at(-1)
    if (last === undefined) break
    for (const [, fields] of rows) found.add(fields[1] as Buffer)
    after = `(${last[0].toString()}`
  }
  found.check('Redis', entries)
}

// LMDB as one would use it at first: a value for each entry, by lmdb-js as it comes. What packing
// many events into one value brings is the difference to the log.
import { join } from 'node:path'
import { open } from 'lmdb'
import { entriesBetween } from '../entries.ts'
import { handIn, type Peer, ReadBack } from './peer.ts'

export const lmdb: Peer = {
  name: 'lmdb',
  setup: 'lmdb-js as it comes, one value an entry: durable when taken',
  async append(dir, entries) {
    const database = open<Uint8Array, number>({
      ...{ path: join(dir, 'lmdb'), encoding: 'binary', keyEncoding: 'uint32' },
    })
    const seconds = await handIn(entries, async (from, to) => {
      let last: Promise<boolean> = Promise.resolve(true)
      for (let i = from; i < to; i++) last = database.put(i, entry(i))
      await last
      await database.flushed
    })
    function entry(index: number): Uint8Array {
      return entriesBetween(entries, index, index + 1)
    }
    const found = new ReadBack()
    for (const { value } of database.getRange()) found.add(value)
    await database.close()
    found.check('LMDB', entries)
    return entries.count / seconds
  },
}

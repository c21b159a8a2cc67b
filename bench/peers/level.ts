// LevelDB by classic-level: a key for each entry, a synchronous batch for each group.
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { entriesBetween } from '../entries.ts'
import { handIn, type Peer, ReadBack } from './peer.ts'

function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(index))
  return key
}

export const level: Peer = {
  name: 'level',
  setup: 'classic-level, a batch with sync: true for each group: durable when taken',
  async append(dir, entries) {
    const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const
    const database = new ClassicLevel<Uint8Array, Uint8Array>(join(dir, 'level'), encodings)
    await database.open()
    const seconds = await handIn(entries, (from, to) => {
      const batch = database.batch()
      for (let i = from; i < to; i++) batch.put(keyOf(i), entriesBetween(entries, i, i + 1))
      return batch.write({ sync: true })
    })
    const found = new ReadBack()
    for await (const value of database.values()) found.add(value)
    await database.close()
    found.check('LevelDB', entries)
    return entries.count / seconds
  },
}

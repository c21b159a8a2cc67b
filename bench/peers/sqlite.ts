// SQLite, the one in Node: a row for each entry, a transaction for each group.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Entries, entriesBetween, groupsOf } from '../entries.ts'
import { type Peer, ReadBack } from './peer.ts'

/** A database in `dir` with a row for each entry, numbered from 1; and the seconds it took. */
export function insertRows(
  dir: string,
  entries: Entries,
  synchronous: 'NORMAL' | 'FULL' = 'NORMAL',
): { readonly database: DatabaseSync; readonly seconds: number } {
  const database = new DatabaseSync(join(dir, 'events.sqlite'))
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  database.exec('CREATE TABLE events (seq INTEGER PRIMARY KEY, record BLOB NOT NULL)')
  const insert = database.prepare('INSERT INTO events (seq, record) VALUES (?, ?)')
  const startedAt = performance.now()
  for (const [from, to] of groupsOf(entries)) {
    database.exec('BEGIN')
    for (let i = from; i < to; i++) insert.run(i + 1, entriesBetween(entries, i, i + 1))
    database.exec('COMMIT')
  }
  return { database, seconds: (performance.now() - startedAt) / 1000 }
}

const peerOf = (name: string, synchronous: 'NORMAL' | 'FULL', holds: string): Peer => ({
  name,
  setup: `SQLite of Node, WAL, synchronous=${synchronous}: ${holds}`,
  async append(dir, entries) {
    const { database, seconds } = insertRows(dir, entries, synchronous)
    const found = new ReadBack()
    for (const row of database.prepare('SELECT record FROM events ORDER BY seq').iterate()) {
      found.add(row['record'] as Uint8Array)
    }
    database.close()
    found.check(name, entries)
    return entries.count / seconds
  },
})

export const sqlite = peerOf('sqlite', 'NORMAL', 'a commit may be lost with the power')
export const sqliteFull = peerOf('sqlite-full', 'FULL', 'durable when taken')

// A process that reads a log, in one of several ways, until it is killed. Says `reading` when it
// has begun.
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { type Database, open } from 'lmdb'
import { openForReading, openLogReader } from '../../../src/store/open-log.ts'

const [way = '', dir = ''] = isMainThread ? process.argv.slice(2) : (workerData as string[])
const say = (word: string): void => void writeSync(1, `${word}\n`)

/** Threads of a `crowd`, each of which has a place of its own in LMDB's table of readers. */
const CROWD = 8

/**
 * The log's events, as another program sees them. The first of a process to open them opens the log
 * by ours before, so that it is said (G11): LMDB itself shares what is open.
 */
function openEvents(): Database<Buffer, Buffer> {
  const bytes = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Buffer>({
    ...bytes,
    path: join(dir, 'log'),
    noSubdir: false,
    maxDbs: 8,
    mapSize: 2 ** 38,
    readOnly: true,
  })
  return root.openDB<Buffer, Buffer>({ ...bytes, name: 'events' })
}

const first = (events: Database<Buffer, Buffer>): number => [...events.getKeys({ limit: 1 })].length

if (way === 'slow' || way === 'busy') {
  const reader = openLogReader(dir)
  if (way === 'slow') reader.batches({ fromSeq: 1 })[Symbol.iterator]().next()
  say('reading')
  // `slow` has taken one batch and is in no hurry to take the next.
  if (way === 'slow') setInterval(() => {}, 1_000)
  else for (;;) for (const _ of reader.batches({ fromSeq: 1 }));
} else if (way === 'crowd' && isMainThread) {
  openForReading(dir)
  for (let thread = 0; thread < CROWD; thread++) {
    new Worker(new URL(import.meta.url), { argv: [], workerData: [way, dir] })
  }
} else {
  if (isMainThread) openForReading(dir)
  // `hold`: its snapshot is older from moment to moment. A crowd reads all the time.
  const events = openEvents()
  if (first(events) === 1) say('reading')
  if (way === 'hold') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  for (let round = 0; first(events) === 1; round++) {
    if (round % 100 === 99) await new Promise(resolve => setImmediate(resolve))
  }
}

// The process that writes a log's tables, and does nothing else. It carries out what its parent asks
// (storage-apart.ts), one operation after the other, and ends with it: at once and without a word,
// as LMDB survives a kill at any instant, and nobody may be kept waiting by its locks.
import { on } from 'node:events'
import { assert } from '../base/assert.ts'
import { RollcastError } from '../base/errors.ts'
import type { LmdbStorage } from './lmdb-storage.ts'
import { openForWriting } from './open-storage.ts'
import type { Answer, Request } from './storage-apart.ts'

const endAtOnce = (): void => void process.kill(process.pid, 'SIGKILL')
process.on('disconnect', endAtOnce)
// A terminal's Ctrl-C, and the end of a job, reach all processes; the parent decides when to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})

let opened: LmdbStorage | undefined

function storage(): LmdbStorage {
  assert(opened, 'the log is opened first')
  return opened
}

async function carryOut(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'open':
      opened = await openForWriting(request.directory, request.plan)
      return undefined
    case 'begin':
      return storage().begin(request.epoch)
    case 'commit':
      return storage().commit(request.epoch, request.writes)
    case 'sync':
      return storage().sync()
    case 'copy':
      return storage().copy(request.directory)
    case 'close':
      return opened?.close()
  }
}

function refusalOf(error: unknown): Answer {
  const { message, code } = error as { message: string; code?: unknown }
  return { message, code, isOurs: error instanceof RollcastError }
}

const answerTo = (request: Request): Promise<Answer> =>
  carryOut(request).then(value => ({ value }), refusalOf)

for await (const [request] of on(process, 'message') as AsyncIterable<[Request]>) {
  const answer = await answerTo(request)
  const told = Promise.withResolvers<void>()
  // A parent that is gone is no error here: `disconnect` follows.
  process.send?.(answer, undefined, undefined, () => told.resolve())
  await told.promise
  if (request.kind === 'close') break
}
process.off('disconnect', endAtOnce)
process.disconnect()

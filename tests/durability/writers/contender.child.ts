// A process that opens, writes, fences and closes a log as it is told, one command after the other,
// and says what became of each. Every event is a metric whose value is nobody else's.
import { describeError, RollcastError } from '../../../src/base/errors.ts'
import type { LogWriter } from '../../../src/store/event-log.ts'
import { LmdbStorage } from '../../../src/store/lmdb-storage.ts'
import { logDirectory, openLog, openWriter } from '../../../src/store/open-log.ts'
import type { LogStorage } from '../../../src/store/storage.ts'
import { takeOverLog } from '../../../src/store/take-over.ts'
import { contribution, metric } from '../../store/records.ts'
import type { Command, Outcome } from './contender.ts'

let writer: LogWriter | undefined
let opened = 0
let flooding = false
let flood: Promise<void> = Promise.resolve()
const acknowledged: number[] = []
const rejected: number[] = []

/** Opens the log beside whoever holds it, with no lock and in the holder's own epoch. */
async function openUnfenced(dir: string): Promise<LogWriter> {
  const storage = new LmdbStorage(logDirectory(dir))
  const blind = new Proxy<LogStorage>(storage, {
    get(target, name: keyof LogStorage) {
      if (name === 'begin') return async () => true
      if (name === 'epoch') return () => target.epoch() - 1
      const method = target[name] as (() => unknown) | undefined
      return method?.bind(target)
    },
  })
  return (await openWriter(blind, { durability: 'sync' }, async () => {})).writer
}

async function append(value: number, padding = 0): Promise<void> {
  const producer = `contender:${process.pid}:${opened}`
  try {
    await writer?.append(contribution([metric(value, padding)], value, producer)).durable
    acknowledged.push(value)
  } catch {
    rejected.push(value)
  }
}

const actions: Readonly<Record<Command['do'], (command: Command) => Promise<unknown>>> = {
  async open({ dir }) {
    writer = (await openLog(dir, { durability: 'sync' })).writer
    opened++
    return writer.epoch
  },
  async openUnfenced({ dir }) {
    writer = await openUnfenced(dir)
    opened++
    return writer.epoch
  },
  takeOver: ({ dir }) => takeOverLog(dir),
  async append({ from = 0, count = 1 }) {
    await Promise.all(Array.from({ length: count }, (_, index) => append(from + index)))
  },
  /** Appends until the log fails or `settle` comes: at most two at once, `bytes` each. */
  async flood({ from = 0, bytes = 0, pauseMillis = 0 }) {
    flooding = true
    flood = (async () => {
      for (let value = from; flooding && !writer?.failure; value += 2) {
        await Promise.all([append(value, bytes), append(value + 1, bytes)])
        if (pauseMillis > 0) await new Promise(resolve => setTimeout(resolve, pauseMillis))
      }
    })()
  },
  async settle() {
    flooding = false
    await flood
    const failure = writer?.failure?.message ?? null
    return { acknowledged: acknowledged.splice(0), rejected: rejected.splice(0), failure }
  },
  async close() {
    await writer?.close()
  },
}

process.on('message', (command: Command) => {
  const tell = (outcome: Outcome): void => void process.send?.(outcome)
  actions[command.do](command).then(
    result => tell({ id: command.id, result }),
    error => {
      const code = error instanceof RollcastError ? error.code : 'OTHER'
      tell({ id: command.id, error: { code, message: describeError(error) } })
    },
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0, result: process.pid } satisfies Outcome)

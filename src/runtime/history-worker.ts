// The pool's work: one query of one log.
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'
import { answerQuery } from '../replay/history.ts'
import { type OpenReaderOptions, openLogReader } from '../store/open-log.ts'

const readers = new Map<string, ReturnType<typeof openLogReader>>()

export interface HistoryTask {
  readonly runDir: string
  readonly reader: OpenReaderOptions
  readonly query: HistoryQuery
}

export function answer(task: HistoryTask): HistoryAnswer {
  let reader = readers.get(task.runDir)
  if (reader === undefined) {
    reader = openLogReader(task.runDir, task.reader)
    readers.set(task.runDir, reader)
  }
  return answerQuery(reader, task.runDir, task.query)
}

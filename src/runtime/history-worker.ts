// The pool's work: one query of one log.
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'
import { answerQuery } from '../replay/history.ts'
import { openLogReader } from '../store/open-log.ts'

const readers = new Map<string, ReturnType<typeof openLogReader>>()

export function answer(task: { runDir: string; query: HistoryQuery }): HistoryAnswer {
  let reader = readers.get(task.runDir)
  if (reader === undefined) {
    // The process has the log open already: it must not be opened as a file again.
    reader = openLogReader(task.runDir, { check: false })
    readers.set(task.runDir, reader)
  }
  return answerQuery(reader, task.query)
}

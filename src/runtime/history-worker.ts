// The pool's work: one query of one log.
import type { HistoryAnswer, HistoryQuery } from '../protocol/thread-messages.ts'
import { answerQuery, type OpenRun, openRun } from '../replay/history.ts'
import { type OpenReaderOptions, openLogReader } from '../store/open-log.ts'

const runs = new Map<string, OpenRun>()

export interface HistoryTask {
  readonly runDir: string
  readonly reader: OpenReaderOptions
  readonly query: HistoryQuery
}

export function answer(task: HistoryTask): HistoryAnswer {
  let run = runs.get(task.runDir)
  if (run === undefined) {
    run = openRun(openLogReader(task.runDir, task.reader))
    runs.set(task.runDir, run)
  }
  return answerQuery(run, task.runDir, task.query)
}
